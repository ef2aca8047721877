"""Verbs that only look: at renderings, at differences, at environments."""

import sys
from typing import Annotated

import typer

from cli.errors import EXIT_FAIL
from release.git.remote import Remote
from release.history.cluster import Cluster
from release.tools import ROOT


def render(
    overlays: Annotated[list[str] | None, typer.Argument(help="Overlays. Default: every one.")] = None,
    as_yaml: Annotated[bool, typer.Option("--yaml", help="The YAML itself, as Kubernetes would get it.")] = False,
) -> None:
    """Show what overlays render, without a cluster or a network."""
    from release.manifests.overlays import list_overlays
    from release.manifests.render import render_overlay
    from release.manifests.summary import print_renderings

    renderings = [render_overlay(name) for name in overlays or list_overlays(ROOT)]
    if as_yaml:
        sys.stdout.write("---\n".join(rendering.text for rendering in renderings))
    else:
        print_renderings(renderings)


def diff(
    old: Annotated[str, typer.Argument(help="An overlay, OVERLAY@REVISION, or a revision; `.` is the work tree.")],
    new: Annotated[str, typer.Argument(help="Another of the same sort.")],
) -> None:
    """Show what differs between two overlays or revisions, as rendered; exit code 1 if anything does."""
    from release.manifests.compared_sides import compare_sides, read_side
    from release.manifests.summary import print_comparisons

    if print_comparisons(compare_sides(read_side(old), read_side(new))):
        raise typer.Exit(EXIT_FAIL)


def status(
    kubectl: Annotated[
        str, typer.Option("--kubectl", envvar="LATHE_KUBECTL", help="kubectl, with its context if it needs one.")
    ] = "kubectl",
    fetch: Annotated[bool, typer.Option("--fetch", help="Ask the remote, and go by its main.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
) -> None:
    """Show each environment: wanted version, its quality, since when, what is newer; and what the cluster runs."""
    from release.history.status import show_status

    show_status(ROOT, Cluster(kubectl), fetch=fetch, as_json=as_json)


def history(
    environment: Annotated[str | None, typer.Option("--env", help="One environment. Default: every one.")] = None,
    on: Annotated[str | None, typer.Option("--on", help="A day, 2026-03-03, or a moment, 2026-03-03T14:00Z.")] = None,
    fetch: Annotated[bool, typer.Option("--fetch", help="Ask the remote first.")] = False,
    is_whole: Annotated[bool, typer.Option("--all", help="Every move, not the newest 20 of each environment.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
) -> None:
    """Show what ran where and when, who moved it and why; from Git alone."""
    from release.history.timeline import show_history

    show_history(Remote(ROOT), environment, on, fetch=fetch, as_json=as_json, is_whole=is_whole)
