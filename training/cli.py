"""`python -m training`: one verb a stage, errors in one line, exit codes that mean something.

0 done or pass, 1 the gate says fail, 2 bad input or usage, 3 not enough evidence, 4 an outside service failed.
"""

import sys
from pathlib import Path
from typing import Annotated

import typer

from cli.errors import InputError
from cli.main import run_app
from contract.bundle import digest_inputs, read_bundle
from training import console
from training.artifacts import Artifacts
from training.data.dataset import load_dataset
from training.options import ARTIFACTS, DatasetName, ParamsFile, Root, Rows, Seed, Source
from training.params import PARAMS, load_params

PROGRAM = "python -m training"

app = typer.Typer(
    name=PROGRAM,
    help="From machine data to a gated bundle.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


def main() -> None:
    """Runs the command line; a mistake of the user's ends in one line on standard error, never in a traceback."""
    run_app(app, console.print_error)


@app.command()
def data(
    source: Source = None,
    dataset: DatasetName = "ai4i",
    root: Root = ARTIFACTS,
    rows: Rows = None,
    seed: Seed = None,
    output: Annotated[Path | None, typer.Option("--output", help="Write the validated rows there, as CSV.")] = None,
) -> None:
    """Get the data, check every row, and say what it is."""
    from training.data.table import write_rows
    from training.local.stages import read_table

    table = read_table(load_dataset(dataset), source, Artifacts(root), rows, seed)
    console.print_table_summary(table)
    if output:
        quoted = write_rows(table, output)
        note = f", {quoted:,} cells with an apostrophe, since a spreadsheet would run them" if quoted else ""
        console.print_done(f"{len(table):,} rows written to {output}{note}")


@app.command()
def pin(
    source: Annotated[str, typer.Option("--data", help="CSV or Parquet, path or URL, that stays where it is.")],
    dataset: DatasetName = "ai4i",
    root: Root = ARTIFACTS,
) -> None:
    """Check new data and name it in training/pins: training without --data takes it from then on."""
    from training.data.sources.pin import check_place, write_pin
    from training.local.stages import read_table

    check_place(source)
    table = read_table(load_dataset(dataset), source, Artifacts(root), None, None)
    console.print_done(f"{write_pin(table, source)} names {len(table):,} rows with fingerprint {table.sha256[:12]}")


@app.command()
def inputs(
    source: Source = None,
    dataset: DatasetName = "ai4i",
    params: ParamsFile = PARAMS,
    root: Root = ARTIFACTS,
    rows: Rows = None,
    seed: Seed = None,
) -> None:
    """Print the SHA-256 over all that a model would be made from now; `make approved INPUTS=` takes it."""
    from training.data.load import load_table
    from training.lineage.provenance import describe_inputs

    table = load_table(load_dataset(dataset), source, Artifacts(root).rejected, rows=rows, seed=seed)
    sys.stdout.write(f"{digest_inputs(describe_inputs(table, load_params(params)))}\n")


@app.command()
def train(
    source: Source = None,
    dataset: DatasetName = "ai4i",
    params: ParamsFile = PARAMS,
    root: Root = ARTIFACTS,
    rows: Rows = None,
    seed: Seed = None,
) -> None:
    """Train a candidate, measure it on rows it never saw, and package it as a bundle."""
    from training.local.stages import read_table, train_candidate

    artifacts, settings = Artifacts(root), load_params(params)
    table = read_table(load_dataset(dataset), source, artifacts, rows, seed)
    train_candidate(artifacts, table, settings)


@app.command()
def gate(
    source: Source = None,
    dataset: DatasetName = "ai4i",
    params: ParamsFile = PARAMS,
    root: Root = ARTIFACTS,
    rows: Rows = None,
    seed: Seed = None,
    candidate: Annotated[Path | None, typer.Option("--candidate", help="Default: what was trained last.")] = None,
    champion: Annotated[Path | None, typer.Option("--champion", help="Default: the bundle that is served.")] = None,
    first_run: Annotated[bool, typer.Option("--first-run", help="There is no champion yet.")] = False,
) -> None:
    """Judge the candidate against the champion: pass (0), fail (1) or not enough evidence (3)."""
    from training.local.stages import judge, read_champion, read_table

    artifacts, settings = Artifacts(root), load_params(params)
    judged = read_bundle(candidate or artifacts.candidate)
    champion_bundle = read_champion(champion, artifacts, first_run)
    table = read_table(load_dataset(dataset), source, artifacts, rows, seed)
    result = judge(artifacts, judged, champion_bundle, table, settings, first_run)
    sys.exit(result.exit_code)


@app.command()
def evaluate(
    source: Source = None,
    dataset: DatasetName = "ai4i",
    params: ParamsFile = PARAMS,
    root: Root = ARTIFACTS,
    rows: Rows = None,
    seed: Seed = None,
) -> None:
    """Repeated cross-validation and holdouts by time and by group, beside rule and linear model."""
    from training.local.stages import evaluate_model, read_table

    artifacts, settings = Artifacts(root), load_params(params)
    evaluate_model(artifacts, read_table(load_dataset(dataset), source, artifacts, rows, seed), settings)


@app.command()
def tune(
    source: Source = None,
    dataset: DatasetName = "ai4i",
    params: ParamsFile = PARAMS,
    root: Root = ARTIFACTS,
    rows: Rows = None,
    seed: Seed = None,
    trials: Annotated[int, typer.Option("--trials", min=1, help="How many more trials to run.")] = 30,
) -> None:
    """Search for better parameters; stop it at any time, the next run goes on from there."""
    from training.local.stages import read_table, tune_model

    artifacts, settings = Artifacts(root), load_params(params)
    tune_model(artifacts, read_table(load_dataset(dataset), source, artifacts, rows, seed), settings, trials)


@app.command()
def inspect(
    bundle: Annotated[Path | None, typer.Argument(help="A bundle's folder. Default: what is served.")] = None,
) -> None:
    """Verify a bundle and show what is in it; one that could not be served is shown all the same, and refused."""
    from contract.compute.scoring import ReferenceModel, check_golden_rows
    from contract.soundness import check_manifest

    folder = bundle or Artifacts().bundle
    found = read_bundle(folder)
    console.print_bundle(found, folder)
    check_manifest(found.manifest)
    check_golden_rows(found, ReferenceModel.from_bundle(found).score_table)


@app.command()
def report(root: Root = ARTIFACTS) -> None:
    """Show the gate's last report in the terminal, and where its page is."""
    folder = Artifacts(root).gate
    text = folder / "report.md"
    if not text.is_file():
        raise InputError(f"{text} is not there: run `make gate` first")
    console.print_markdown(text.read_text(encoding="utf-8"))
    console.print_done(f"the page with plots: {folder / 'report.html'}")


@app.command()
def track(
    bundle: Annotated[Path | None, typer.Argument(help="Default: what was trained last.")] = None,
    root: Root = ARTIFACTS,
) -> None:
    """Log a trained bundle to MLflow, again or for the first time; it is registered once."""
    from training.local.stages import track_training

    artifacts = Artifacts(root)
    folder = bundle or artifacts.candidate
    track_training(artifacts, read_bundle(folder), folder)


@app.command()
def mlflow(
    root: Root = ARTIFACTS,
    port: Annotated[int, typer.Option("--port", min=1, max=65535, help="Where the page is.")] = 5000,
) -> None:
    """Open MLflow's page of all runs and models, or say where the server's is."""
    from training.local.local_predictor import check_port
    from training.tracking.page import find_page, open_file, serve_page

    if address := find_page(root):
        console.print_done(f"MLflow's page is {address}, as MLFLOW_TRACKING_URI says")
        return
    check_port(port)
    if note := open_file(root):
        console.print_warning(note)
    console.print_done(f"MLflow's page is http://127.0.0.1:{port} (Ctrl-C ends it)")
    serve_page(root, port)


@app.command()
def champion(
    bundle: Annotated[Path, typer.Option("--bundle", help="The released bundle's folder.")],
    release: Annotated[str, typer.Option("--release", help="Its version, vX.Y.Z.")],
    root: Root = ARTIFACTS,
) -> None:
    """Name a released bundle champion in MLflow; it is registered if MLflow does not know it."""
    from training.local.champion import name_released

    name_released(Artifacts(root), bundle, release)


@app.command()
def up(
    source: Source = None,
    dataset: DatasetName = "ai4i",
    params: ParamsFile = PARAMS,
    root: Root = ARTIFACTS,
    port: Annotated[int, typer.Option("--port", min=1, max=65535, help="Where the predictor listens.")] = 8080,
    bundle: Annotated[
        Path | None,
        typer.Option("--bundle", help="Serve this bundle as it is; where there is none yet, make it there."),
    ] = None,
    rows: Rows = None,
    seed: Seed = None,
) -> None:
    """All of it: data, train, gate, package, serve on loopback, and a few real predictions."""
    from training.local.up import bring_up

    artifacts = Artifacts(root, served=bundle)
    bring_up(artifacts, load_dataset(dataset), source, load_params(params), port, rows, seed)


@app.command()
def down(root: Root = ARTIFACTS) -> None:
    """Stop the predictor that `up` started."""
    from training.local.local_predictor import stop_predictor

    stopped = stop_predictor(Artifacts(root).predictor)
    console.print_done("the predictor is stopped" if stopped else "no predictor of ours was running")
