"""`python -m app.monitor`: what watches a served model; errors in one line, exit codes that mean something.

0 done, 1 refused, 2 bad input or usage, 4 something outside this process failed.
"""

import typer

from cli import console
from cli.main import run_app

PROGRAM = "python -m app.monitor"
HELP = "What watches a served model: rules and alerts."

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
