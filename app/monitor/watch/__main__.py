"""`python -m app.monitor.watch`: predictors, Prometheus, Alertmanager, dashboards and traffic, until Ctrl-C."""

import shutil
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from types import FrameType
from typing import Annotated, NoReturn

import typer

from app.monitor.viewer.__main__ import read_marks
from app.monitor.watch.laptop import Laptop, LaptopPlan, run_laptop
from app.monitor.watch.rows import LabelledRow, parse_shifts, read_rows, shift_row
from app.monitor.watch.traffic import Plan, Traffic
from cli import console
from cli.errors import InputError
from cli.main import run_app
from contract.bundle import read_manifest

Port = Annotated[int, typer.Option(min=0, max=65535, help="0 is any that is free.")]

app = typer.Typer(name="python -m app.monitor.watch", add_completion=False, pretty_exceptions_enable=False)


@app.command()
def watch(
    bundle: Annotated[Path, typer.Option("--bundle", help="What is served.")],
    rows: Annotated[Path, typer.Option("--rows", help="Rows for the traffic, as `make data` writes them.")],
    gate_report: Annotated[Path | None, typer.Option("--gate-report", help="Says when it was trained.")] = None,
    canary: Annotated[Path | None, typer.Option("--canary", help="A bundle of another version, beside it.")] = None,
    page: Annotated[Path, typer.Option("--page", help="The built page.")] = Path(".tools/viewer/page"),
    folder: Annotated[Path, typer.Option("--folder", help="For logs and data.")] = Path("artifacts/watch"),
    marks: Annotated[Path | None, typer.Option("--marks", help="Annotations as JSON.")] = None,
    predictors: Annotated[int, typer.Option("--predictors", min=1, max=8)] = 2,
    rate: Annotated[float, typer.Option("--rate", min=0.1, max=200, help="Rows a second.")] = 20,
    label_share: Annotated[float, typer.Option("--label-share", min=0, max=1, help="Rows that get a label.")] = 0.3,
    label_delay: Annotated[float, typer.Option("--label-delay", min=0, help="Seconds until they do.")] = 5,
    shift: Annotated[list[str] | None, typer.Option("--shift", help="Drift: COLUMN=AMOUNT is added.")] = None,
    port: Port = 0,
    prometheus_port: Port = 0,
    alertmanager_port: Port = 0,
) -> None:
    """Watch a model on this machine: everything that the cluster has around it, with sample traffic."""
    schema = read_manifest(bundle).schema
    shifts = parse_shifts(shift or [], schema)
    sample = [shift_row(row, shifts, schema) for row in read_rows(rows, schema)]
    if gate_report is not None and not gate_report.is_file():
        raise InputError(f"--gate-report {gate_report} is not there; `make gate` writes one")
    remove_former(folder)
    plan = LaptopPlan(
        bundle,
        folder,
        page,
        gate_report,
        canary,
        predictors,
        port,
        prometheus_port,
        alertmanager_port,
        tuple(read_marks(marks)),
    )
    try:
        run_until_interrupt(plan, sample, Plan(rate, label_share, label_delay))
    except KeyboardInterrupt:
        console.print_done(f"ended; logs are in {folder / 'logs'}")


def run_until_interrupt(plan: LaptopPlan, sample: Sequence[LabelledRow], sending: Plan) -> None:
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, end_as_by_interrupt)
    show_line("Starting Alertmanager, predictors and Prometheus …")
    with run_laptop(plan, show_line) as laptop:
        traffic = Traffic(laptop.predictors, sample, sending)
        traffic.start()
        try:
            print_addresses(laptop, sending.rows_per_second)
            while not traffic.stopping.wait(1):
                laptop.children.check()
        finally:
            traffic.stop()


def remove_former(folder: Path) -> None:
    """What an earlier watch measured is another model's."""
    for name in ("prometheus", "alertmanager", "logs"):
        shutil.rmtree(folder / name, ignore_errors=True)


def print_addresses(laptop: Laptop, rate: float) -> None:
    found = {
        "dashboards": laptop.viewer,
        "Prometheus": f"{laptop.prometheus}/api/v1/query?query=up",
        "Alertmanager": laptop.alertmanager,
        **{f"predictor {number}": url for number, url in enumerate(laptop.predictors)},
    }
    for name, url in found.items():
        show_line(f"{name:13} {url}")
    show_line(f"{rate:g} rows a second are sent; Ctrl-C ends everything")


def show_line(text: str) -> None:
    console.out.print(console.clean_text(text), soft_wrap=True, markup=False)
    sys.stdout.flush()


def end_as_by_interrupt(_signal: int, _frame: FrameType | None) -> NoReturn:
    raise KeyboardInterrupt


if __name__ == "__main__":
    run_app(app, console.print_error)
