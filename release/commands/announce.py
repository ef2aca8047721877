"""Verbs that tell people: what is about to be released, what was, and what production should run."""

from pathlib import Path
from typing import Annotated

import typer

from cli import console
from release.git.remote import Remote
from release.tools import ROOT

Artifacts = Annotated[Path, typer.Option("--artifacts", help="Where `make approved`, `sbom` and `publish` wrote.")]


def announce(
    version: Annotated[str, typer.Argument(help="vMAJOR.MINOR.PATCH, whose image is published.")],
    artifacts: Artifacts = Path("artifacts"),
) -> None:
    """Make the GitHub release: a draft, its files, and last the publication. A second run finishes the first."""
    from release.github_release.announcement import announce_version

    announce_version(version, artifacts)


def promote(
    source: Annotated[str, typer.Option("--from", help="The environment whose version is to go on.")],
    target: Annotated[str, typer.Option("--to", help="The production environment that is to run it.")],
    again: Annotated[
        str | None, typer.Option("--again", help="Why a version that was withdrawn or closed is proposed anew.")
    ] = None,
    unverified: Annotated[
        bool, typer.Option("--unverified", help="Ask no registry. For one that this machine cannot reach.")
    ] = False,
) -> None:
    """Propose for production what another environment runs: one pull request, which a person merges."""
    from release.checks.verify import require_verified
    from release.live.prometheus import find_prometheus
    from release.promotion.promote import Promotion
    from release.promotion.promote import promote as propose
    from review.github.connection import open_github

    prometheus = find_prometheus()
    if unverified:
        console.print_warning("the registry is not queried: digest, bundle and signature stay unproven")
    with open_github() as github:
        verify = (lambda line: None) if unverified else require_verified
        propose(Remote(ROOT), github, Promotion(source, target, again), verify, prometheus)


def prepare(
    version: Annotated[
        str | None, typer.Argument(help="MAJOR.MINOR.PATCH. Without it the next one is proposed.")
    ] = None,
) -> None:
    """Put a release's changelog and version on a branch, in one commit, and say what to type next."""
    from release.github_release.prepare import prepare_version, print_next

    remote = Remote(ROOT)
    print_next(prepare_version(remote, version), remote)
