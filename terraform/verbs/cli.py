"""`python -m terraform.verbs`: one verb a step, errors in one line, exit codes that mean something.

0 done, 1 refused or something is left, 2 bad input or usage, 4 a cloud, a cluster or a program failed.
"""

from collections.abc import Callable

import typer

from cli import console
from cli.main import run_app
from terraform.verbs.cost.verb import cost
from terraform.verbs.destroy.command import destroy
from terraform.verbs.plan.verb import apply, plan
from terraform.verbs.program import show_terraform
from terraform.verbs.settings.command import settings
from terraform.verbs.train_job.verb import train_job

PROGRAM = "python -m terraform.verbs"
VERBS: tuple[Callable[..., None], ...] = (apply, cost, destroy, plan, settings, show_terraform, train_job)

app = typer.Typer(
    name=PROGRAM,
    help="What stands around Terraform's roots: settings, cost, jobs, and a destroy that ends.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


@app.callback()
def choose_verb() -> None:
    """What stands around Terraform's roots: settings, cost, jobs, and a destroy that ends."""


for verb in VERBS:
    app.command()(verb)


def main() -> None:
    """Runs the command line; a mistake of the user's ends in one line on standard error, never in a traceback."""
    run_app(app, console.print_error)
