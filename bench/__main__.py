"""The command line: `python -m bench --help`."""

import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markdown import Markdown

from bench.drift.alarm_tables import make_alarm_report
from bench.drift.alarms import AlarmSettings
from bench.drift.quality import QualitySettings
from bench.drift.quality_tables import make_quality_report
from bench.environments import LATHE, make_environment, measure_size, require_program
from bench.experiments.catalog import EXPERIMENTS, find_experiment
from bench.experiments.experiment import render_finding, run_experiment
from bench.history import measure_history, render_costs
from bench.model import load_model, make_bundle
from bench.places import ARTIFACTS, BUNDLE, PEERS, TRAINED
from bench.reporting.plot import draw_plot
from bench.reporting.results import Results, read_results, write_results
from bench.reporting.summary import summarise
from bench.reporting.tables import render_markdown
from bench.rounds import choose_settings, run_rounds
from bench.systems import SHORT, list_systems, pick_systems
from cli.errors import CommandError
from training.params import PARAMS as TRAINING_PARAMS

EXIT_FAILED = 1  # a system did not start or answered wrongly
EXIT_USAGE = 2
EXIT_BROKEN = 3  # Lathe does not keep what an experiment asks of it

app = typer.Typer(help="Lathe beside its peers and its ceilings.", no_args_is_help=True, pretty_exceptions_enable=False)
console = Console()

BundleOption = Annotated[Path | None, typer.Option("--bundle", help="Serve this bundle; default: make one.")]
DataOption = Annotated[
    str | None, typer.Option("--data", envvar="DATA", help="CSV or Parquet file or URL; default: the generator.")
]


def note(line: str) -> None:
    """On stderr, where stdout holds a document."""
    typer.echo(line, err=True)


def say(line: str) -> None:
    console.print(line, style="dim", highlight=False, markup=False)


@app.command("run")
def run_benchmark(
    *,
    short: Annotated[bool, typer.Option("--short", help="Lathe, the best peer and the ceilings.")] = False,
    everyone: Annotated[bool, typer.Option("--all", help="Every system.")] = False,
    only: Annotated[list[str] | None, typer.Option(help="These systems; may be repeated.")] = None,
    rounds: Annotated[int, typer.Option(min=1)] = 3,
    seconds: Annotated[int | None, typer.Option(min=1, help="Of each load; default: 3, with --all 5.")] = None,
    bundle: BundleOption = None,
    out: Annotated[Path, typer.Option(help="Folder of the results.")] = ARTIFACTS,
) -> None:
    """Measure, and write results.json, benchmark.md, benchmark.png and benchmark.svg."""
    if sum((short, everyone, bool(only))) != 1:
        raise CommandError("say who takes part: one of --short, --all or --only NAME")
    model = load_model(bundle or make_bundle())
    known = list_systems(model.name)
    names = tuple(only or (SHORT if short else (one.name for one in known)))
    form = "short" if short else "all" if everyone else "chosen"
    settings = choose_settings(form, rounds, seconds or (5 if everyone else 3), model)
    results = run_rounds(pick_systems(known, names), model, settings, say)
    write_results(results, out / "results.json")
    show_results(results, out)
    if results.failures:
        raise typer.Exit(EXIT_FAILED)


@app.command("experiment")
def experiment(
    names: Annotated[list[str] | None, typer.Argument(help="Default: every one.")] = None,
    *,
    only: Annotated[list[str] | None, typer.Option(help="These systems; may be repeated.")] = None,
    seconds: Annotated[int | None, typer.Option(min=1, help="Default: the experiment's own.")] = None,
    bundle: BundleOption = None,
    out: Annotated[Path, typer.Option(help="Folder of the results.")] = ARTIFACTS / "experiments",
) -> None:
    """Do something unkind to Lathe and its peers, and write what happened to NAME.md.

    Ends with 1 if a system did not serve, with 3 if Lathe does not meet a requirement.
    """
    chosen = [find_experiment(name) for name in names or EXPERIMENTS]
    model = load_model(bundle or make_bundle())
    known, has_failed = list_systems(model.name), False
    broken: list[str] = []
    for one in chosen:
        systems = pick_systems(known, tuple(only or one.systems))
        finding = run_experiment(one, systems, model, seconds or one.seconds, say)
        markdown = render_finding(finding)
        out.mkdir(parents=True, exist_ok=True)
        (out / f"{one.name}.md").write_text(markdown, encoding="utf-8")
        console.print(Markdown(markdown))
        for failure in finding.failures.values():
            show_failure(str(failure), failure.log)
        has_failed = has_failed or bool(finding.failures)
        broken += [
            f"{one.name}: {promise.requirement}: {promise.found}" for promise in finding.list_broken(known[0].title)
        ]
    for line in broken:
        console.print(f"does not hold: {line}", style="bold red", markup=False)
    if has_failed or broken:
        raise typer.Exit(EXIT_FAILED if has_failed else EXIT_BROKEN)


@app.command("history")
def history(
    revisions: Annotated[list[str] | None, typer.Argument(help="Of this project; `.` is the work tree.")] = None,
    *,
    rounds: Annotated[int, typer.Option(min=1, help="The least of so many is shown.")] = 3,
) -> None:
    """Measure the verbs that read Git's history, over 5,000 commits with 1,000 moves."""
    console.print(render_costs(measure_history(revisions or ["."], rounds)), highlight=False, markup=False)


@app.command("drift-alarms")
def drift_alarms(
    *,
    data: DataOption = None,
    weeks: Annotated[int, typer.Option(min=1, help="Without drift, for each feature and rate.")] = 100,
    changes: Annotated[int, typer.Option(min=1, help="For each feature, rate and shift.")] = 50,
    seed: Annotated[int, typer.Option(min=0)] = 0,
) -> None:
    """Simulate how often rules on drift alarm without any, and how soon after a shift; Markdown on stdout.

    As it stands it takes about five minutes of one core.
    """
    typer.echo(make_alarm_report(data, AlarmSettings(weeks=weeks, changes=changes, seed=seed), note))


@app.command("planted-drifts")
def planted_drifts(
    *,
    bundle: Annotated[Path | None, typer.Option("--bundle", help="Its model; default: train one.")] = None,
    rows: Annotated[int, typer.Option(min=100, help="Of a day.")] = 20_000,
    labelled: Annotated[float, typer.Option(min=0.0, max=1.0, help="The share whose outcome comes back.")] = 0.05,
    draws: Annotated[int, typer.Option(min=1, help="Days, of each drift.")] = 400,
    seed: Annotated[int, typer.Option(min=0)] = 1,
) -> None:
    """Estimate precision and recall under planted drifts, from scores and a few labels; Markdown on stdout."""
    settings = QualitySettings(rows=rows, labelled=labelled, draws=draws, seed=seed)
    typer.echo(make_quality_report(bundle or make_bundle(TRAINED, TRAINING_PARAMS), settings, note))


@app.command("report")
def report(results: Annotated[Path, typer.Argument()] = ARTIFACTS / "results.json") -> None:
    """Render a results.json again, beside itself."""
    show_results(read_results(results), results.parent)


def show_results(results: Results, folder: Path) -> None:
    markdown = render_markdown(results)
    (folder / "benchmark.md").write_text(markdown, encoding="utf-8")
    console.print(Markdown(markdown))
    if figures := summarise(results):
        for path in draw_plot(figures, folder):
            say(f"wrote {path}")
    for failure in results.failures:
        show_failure(failure.message, failure.log)


def show_failure(message: str, log: str) -> None:
    console.print(f"\n{message}", style="bold red", markup=False)
    console.print(log, style="dim", markup=False)


@app.command("setup")
def set_up(*, short: Annotated[bool, typer.Option("--short")] = False) -> None:
    """Install wrk, haproxy and the systems' environments without measuring."""
    say(require_program("wrk"))
    say(require_program("haproxy"))
    taking_part = pick_systems(list_systems("MODEL"), SHORT)
    environments = sorted({one.environment for one in taking_part}) if short else [LATHE, *list_peers()]
    for name in environments:
        folder = make_environment(name)
        say(f"{folder}: {measure_size(folder) / 1e6:,.0f} MB")


def list_peers() -> list[str]:
    return sorted(path.parent.name for path in PEERS.glob("*/requirements.txt"))


@app.command("list")
def list_all() -> None:
    """Name every system and every experiment."""
    for system in list_systems("MODEL"):
        console.print(f"{system.name:26} {system.kind:10} {system.title}", highlight=False)
    for one in EXPERIMENTS.values():
        console.print(f"{one.name:26} experiment {one.seconds} s for {', '.join(one.systems)}", highlight=False)


@app.command("bundle")
def bundle(folder: Annotated[Path, typer.Argument()] = BUNDLE) -> None:
    """Make the bundle that everyone serves."""
    say(f"bundle: {make_bundle(folder)}")


def main() -> None:
    try:
        app()
    except CommandError as error:
        console.print(str(error), style="bold red", markup=False)
        sys.exit(EXIT_USAGE)


if __name__ == "__main__":
    main()
