"""`python -m training`: one verb a stage, errors in one line, exit codes that mean something.

0 done or pass, 1 the gate says fail, 2 bad input or usage, 3 not enough evidence, 4 an outside service failed.
"""

import typer

from cli import console
from cli.main import run_app
from training.commands import local, model, records

PROGRAM = "python -m training"
VERBS = (
    model.data,
    model.pin,
    model.inputs,
    model.train,
    model.gate,
    model.evaluate,
    model.tune,
    records.inspect,
    records.report,
    records.track,
    records.mlflow,
    records.champion,
    local.up,
    local.down,
)

app = typer.Typer(
    name=PROGRAM,
    help="From machine data to a gated bundle.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

for verb in VERBS:
    app.command()(verb)


def main() -> None:
    """Runs the command line; a mistake of the user's ends in one line on standard error, never in a traceback."""
    run_app(app, console.print_error)
