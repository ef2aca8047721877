"""Verbs that move a version through Git: one overlay, two lines, one commit."""

import time
from typing import Annotated

import typer

from cli import console
from cli.errors import InputError
from release.git.remote import Remote
from release.tools import ROOT

Environment = Annotated[str, typer.Option("--env", help="The overlay: test, prod-eks, prod-gke.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Show what it would change as rendered; push nothing.")]


def bump(
    environment: Environment,
    to: Annotated[str, typer.Option("--to", help="The version, vX.Y.Z.")],
    digest: Annotated[str | None, typer.Option("--digest", help="sha256:… Default: the registry's.")] = None,
    again: Annotated[str | None, typer.Option("--again", help="Why a withdrawn version may come back.")] = None,
    unverified: Annotated[
        bool, typer.Option("--unverified", help="Ask no registry. For one that this machine cannot reach.")
    ] = False,
    dry_run: DryRun = False,
) -> None:
    """Run a released version in an environment, once it is verified; a higher one that runs there stays."""
    from release.checks.verify import require_verified
    from release.manifests.environments import IMAGE
    from release.manifests.overlays import REPOSITORIES, ImageLine
    from release.promotion.bump import Bump, bump_environment

    image = None
    if not unverified:
        image = require_verified(ImageLine(IMAGE, REPOSITORIES[IMAGE], to, digest))
        console.print_done(f"{to} is verified: {image.headline}")
    elif not digest:
        raise InputError("--unverified needs --digest sha256:…, for the registry is not queried for what the tag names")
    else:
        console.print_warning("the registry is not queried: digest, bundle and signature stay unproven")
    wanted = Bump(environment, to, digest or (image.digest if image else ""), image, again)
    bump_environment(Remote(ROOT), wanted, dry_run=dry_run)


def rollback(
    environment: Environment,
    reason: Annotated[str, typer.Option("--reason", help="Why; it stands in the history.")],
    to: Annotated[str | None, typer.Option("--to", help="The version. Default: the newest not withdrawn.")] = None,
    start: Annotated[
        str | None, typer.Option("--from", help="The version that is to be left; refused if another one runs.")
    ] = None,
    again: Annotated[bool, typer.Option("--again", help="Even if --to was itself taken back.")] = False,
    dry_run: DryRun = False,
) -> None:
    """Take an environment back to a version that it ran before, by Git alone; where only the App may push, it does."""
    from release.promotion.back import take_back
    from release.promotion.rollback import Rollback, find_run

    started = time.monotonic()
    if take_back(Remote(ROOT), Rollback(environment, reason, to, again, find_run(), start), dry_run=dry_run):
        console.print_done(f"done in {time.monotonic() - started:.1f} s")
