"""Verbs that only look: at renderings, at differences, at environments."""

import sys
from typing import Annotated

import typer

from release.errors import EXIT_FAIL


def render(
    overlays: Annotated[list[str] | None, typer.Argument(help="Overlays. Default: every one.")] = None,
    as_yaml: Annotated[bool, typer.Option("--yaml", help="The YAML itself, as Kubernetes would get it.")] = False,
) -> None:
    """Show what overlays render, without a cluster or a network."""
    from release.overlays import list_overlays  # noqa: PLC0415
    from release.render import render_overlay  # noqa: PLC0415
    from release.summary import print_renderings  # noqa: PLC0415
    from release.tools import ROOT  # noqa: PLC0415

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
    from release.sides import compare_sides, read_side  # noqa: PLC0415
    from release.summary import print_comparisons  # noqa: PLC0415

    if print_comparisons(compare_sides(read_side(old), read_side(new))):
        raise typer.Exit(EXIT_FAIL)


def status(
    kubectl: Annotated[
        str, typer.Option("--kubectl", envvar="LATHE_KUBECTL", help="kubectl, with its context if it needs one.")
    ] = "kubectl",
) -> None:
    """Show each environment: wanted and running version, sync, health, pods, URL."""
    from release.cluster import Cluster  # noqa: PLC0415
    from release.status import show_status  # noqa: PLC0415
    from release.tools import ROOT  # noqa: PLC0415

    show_status(ROOT, Cluster(kubectl))
