"""`python -m app.monitor.annotations`: writes releases and retrainings into Grafana, or as JSON to standard output."""

import sys
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from app.monitor.annotations.grafana import open_grafana, write_marks
from app.monitor.annotations.marks import mark_moves, mark_pulls, read_moves, read_pulls
from cli import console
from cli.errors import InputError
from cli.main import run_app

app = typer.Typer(name="python -m app.monitor.annotations", add_completion=False, pretty_exceptions_enable=False)


@app.command()
def write(
    history: Annotated[Path | None, typer.Option("--history", help="What `release history --json` printed.")] = None,
    pulls: Annotated[Path | None, typer.Option("--pulls", help="GitHub's answer to /pulls?state=all.")] = None,
    grafana: Annotated[str, typer.Option("--grafana", help="Grafana's address. Default: JSON is printed.")] = "",
) -> None:
    """Write each release and each retraining's pull request once, as an annotation."""
    if history is None and pulls is None:
        raise InputError("there is nothing to write: give --history, --pulls or both")
    marks = [*mark_moves(read_moves(history) if history else []), *mark_pulls(read_pulls(pulls) if pulls else [])]
    if not grafana:
        sys.stdout.write(msgspec.json.format(msgspec.json.encode(marks)).decode() + "\n")
        return
    with open_grafana(grafana) as client:
        created, changed = write_marks(client, marks)
    console.print_done(f"{len(marks)} marks: {created} new, {changed} changed, the others were there")


if __name__ == "__main__":
    run_app(app, console.print_error)
