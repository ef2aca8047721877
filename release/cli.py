"""`python -m release`: one verb a step, errors in one line, exit codes that mean something.

0 done, 1 refused or different, 2 bad input or usage, 4 an outside program or service failed.
"""

import typer

from cli import console
from cli.main import run_app
from release.commands import announce, build, check, look, move, publish

PROGRAM = "python -m release"
VERBS = (
    build.image,
    look.render,
    look.diff,
    look.status,
    look.history,
    move.bump,
    move.rollback,
    publish.check_tag,
    publish.publish,
    publish.verify,
    check.check_pull,
    announce.prepare,
    announce.announce,
    announce.promote,
)

app = typer.Typer(
    name=PROGRAM,
    help="From a gated bundle to an image, and from one environment to the next.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


for verb in VERBS:
    app.command()(verb)


def main() -> None:
    """Runs the command line; a mistake of the user's ends in one line on standard error, never in a traceback."""
    run_app(app, console.print_error)
