"""The verb that judges somebody else's pull request."""

from typing import Annotated

import typer

from cli import console
from cli.errors import EXIT_FAIL, EXIT_OUTSIDE
from release.git.remote import Remote
from release.tools import ROOT


def check_pull(
    head: Annotated[str, typer.Option("--head", help="The pull request as it would be merged.")] = "HEAD",
) -> None:
    """Check what a pull request would run: released, verified, tested, not withdrawn; exit 1 if not, 4 if unknown."""
    from release.checks.verify import require_verified
    from release.promotion import pull_request
    from review.github.connection import open_github

    request = pull_request.open_pull_request(Remote(ROOT), pull_request.read_revision(head))
    with open_github() as github:
        changed = pull_request.check_pull(request, github, require_verified)
    for findings in changed:
        findings.print()
    if not changed:
        console.print_done("it changes nothing below gitops")
    codes = {findings.exit_code for findings in changed}
    if code := next((code for code in (EXIT_FAIL, EXIT_OUTSIDE) if code in codes), None):
        raise typer.Exit(code)
