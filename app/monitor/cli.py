"""`python -m app.monitor`: what watches a served model; errors in one line, exit codes that mean something.

0 done, 1 refused or missed, 2 bad input or usage, 3 not enough to say, 4 something outside this process failed.
"""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer

from cli import console
from cli.errors import EXIT_FAIL, EXIT_OK, EXIT_UNDECIDED
from cli.main import run_app

PROGRAM = "python -m app.monitor"
HELP = "What watches a served model: rules and alerts, reports, load tests."
TIMES = ["%Y-%m-%dT%H:%M:%SZ", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d"]

app = typer.Typer(name=PROGRAM, help=HELP, no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)


def main() -> None:
    """Runs the command line; what goes wrong ends in one line on standard error, never in a traceback."""
    run_app(app, console.print_error)


@app.callback()
def monitor() -> None:
    """Makes every verb a subcommand, also while there is one."""


@app.command()
def rules() -> None:
    """Write Prometheus' rules and Alertmanager's configuration from objectives.yaml and the dataset files."""
    from app.monitor.rules.files import make_files, write_files

    changed = write_files()
    for path in changed:
        console.print_done(f"{path} written")
    console.print_done(f"{len(make_files())} files are as objectives.yaml and the dataset files say")


@app.command()
def report(
    log: Annotated[
        str, typer.Option(envvar="LATHE_MONITOR_LOG", help="Folder or URL (s3://, gs://) of the prediction log.")
    ],
    bundle: Annotated[
        Path, typer.Option(envvar="LATHE_BUNDLE", help="Folder of the bundle whose rows are reported.")
    ] = Path("artifacts/bundle"),
    out: Annotated[
        str, typer.Option(envvar="LATHE_MONITOR_OUT", help="Folder or URL of the reports, with an index and a trend.")
    ] = "artifacts/reports",
    hours: Annotated[
        float, typer.Option(envvar="LATHE_MONITOR_HOURS", min=0.01, max=24 * 366, help="How far to look back.")
    ] = 24.0,
    until: Annotated[
        datetime | None, typer.Option(formats=TIMES, help="End of the window in UTC; now if it is not given.")
    ] = None,
    rows: Annotated[
        int,
        typer.Option(envvar="LATHE_MONITOR_ROWS", min=50, max=200_000, help="Most rows drawn for Evidently's pages."),
    ] = 20_000,
    keep: Annotated[
        int, typer.Option(envvar="LATHE_MONITOR_KEEP", min=1, help="Runs whose pages are kept, 12 MB each.")
    ] = 30,
    objectives: Annotated[
        Path | None, typer.Option(help="The objectives file, for the limits of drift; the repository's own by default.")
    ] = None,
) -> None:
    """Report drift, data quality and outcomes of the logged rows, as pages that need no network."""
    from app.monitor.reports.job import ReportRequest, make_report
    from app.monitor.rules.objectives import OBJECTIVES, load_objectives

    end = datetime.now(UTC) if until is None else until.replace(tzinfo=UTC)
    begin = end - timedelta(hours=hours)
    limits = load_objectives(objectives or OBJECTIVES).drift
    run = make_report(ReportRequest(log, bundle, out, begin.timestamp(), end.timestamp(), rows, limits, keep))
    for name, reason in run.pages.items():
        if reason is not None:
            console.print_warning(f"no page of {name}: {reason}")
    found = ", ".join(f"{run.count(verdict)} {verdict}" for verdict in ("drift", "none", "unknown"))
    console.print_done(
        f"{run.rows:,} rows of {run.model} {run.version}: {found}; {out.rstrip('/')}/{run.folder}/index.html"
    )


@app.command()
def load(
    url: Annotated[str, typer.Option(help="Address of the predictor, such as http://127.0.0.1:8080.")],
    rate: Annotated[float, typer.Option(min=0.1, max=100_000, help="Requests a second, of one row each.")] = 100.0,
    seconds: Annotated[float, typer.Option(min=0.1, max=24 * 3600, help="For how long.")] = 60.0,
    data: Annotated[
        Path | None, typer.Option(help="CSV of the rows to send; else they are mixed from the model's golden rows.")
    ] = None,
    objectives: Annotated[
        Path | None, typer.Option(help="The objectives file; the repository's own by default.")
    ] = None,
    out: Annotated[Path, typer.Option(help="Folder of the plot and the figures.")] = Path("artifacts/load"),
) -> None:
    """Send rows on time, however late the answers are: 0 if objectives are kept, 1 if missed, 3 if nobody can say."""
    from app.monitor.load.job import LoadRequest, run_load
    from app.monitor.rules.objectives import OBJECTIVES

    found = run_load(LoadRequest(url, rate, seconds, data, objectives or OBJECTIVES, out))
    for promise in found.promises:
        show = console.print_done if promise.verdict == "kept" else console.print_warning
        show(f"{promise.name}: {promise.text}")
    console.print_done(f"{out / 'index.html'} shows each second")
    raise typer.Exit({"kept": EXIT_OK, "missed": EXIT_FAIL, "unknown": EXIT_UNDECIDED}[found.verdict])
