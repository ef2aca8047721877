"""`python -m release`: one verb a step, errors in one line, exit codes that mean something.

0 done, 1 refused or different, 2 bad input or usage, 4 an outside program or service failed.
"""

import io
import sys
from pathlib import Path
from typing import Annotated

import typer

from release import console
from release.errors import EXIT_FAIL, EXIT_USAGE, ReleaseError

PROGRAM = "python -m release"

app = typer.Typer(
    name=PROGRAM,
    help="From a gated bundle to an image, and from one environment to the next.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


@app.callback()
def release() -> None:
    """From a gated bundle to an image, and from one environment to the next."""  # keeps a lone verb a verb


def main() -> None:
    """Runs the command line; a mistake of the user's ends in one line on standard error, never in a traceback."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # a terminal that has no ✓ is no reason to stop
            stream.reconfigure(errors="replace")
    try:
        app(prog_name=PROGRAM)
    except ReleaseError as error:
        console.print_error(str(error))
        sys.exit(error.exit_code)
    except OSError as error:  # a full disk, a folder that may not be written
        console.print_error(f"{error.filename or 'the system'}: {error.strerror or error}")
        sys.exit(EXIT_USAGE)
    except KeyboardInterrupt:
        console.print_error("stopped")
        sys.exit(130)


@app.command()
def image(
    target: Annotated[str, typer.Option("--target", help="`predictor` or `training`.")] = "predictor",
    tag: Annotated[str | None, typer.Option("--tag", help="NAME:TAG. Default: as in the overlays.")] = None,
    bundle: Annotated[Path, typer.Option("--bundle", help="The bundle that goes in.")] = Path("artifacts/bundle"),
    report: Annotated[Path, typer.Option("--report", help="The gate's report of that bundle.")] = Path(
        "artifacts/gate/report.json"
    ),
    base: Annotated[str | None, typer.Option("--base", help="Another base image, with python3 and venv.")] = None,
    builder: Annotated[
        str | None,
        typer.Option("--builder", envvar="IMAGE_BUILDER", help="docker, podman or buildah. Default: the first there."),
    ] = None,
    version: Annotated[str, typer.Option("--version", help="vX.Y.Z; v0.0.0 is not a release.")] = "v0.0.0",
    no_cache: Annotated[bool, typer.Option("--no-cache", help="Make every layer anew.")] = False,
) -> None:
    """Build the image of a verified bundle that the gate let pass."""
    from release.image import ImageRequest, build_image  # noqa: PLC0415 - each verb imports only what it needs

    build_image(ImageRequest(target, tag, bundle, report, base, builder, version, not no_cache))


@app.command()
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


@app.command()
def diff(
    old: Annotated[str, typer.Argument(help="An overlay, OVERLAY@REVISION, or a revision; `.` is the work tree.")],
    new: Annotated[str, typer.Argument(help="Another of the same sort.")],
) -> None:
    """Show what differs between two overlays or revisions, as rendered; exit code 1 if anything does."""
    from release.sides import compare_sides, read_side  # noqa: PLC0415
    from release.summary import print_comparisons  # noqa: PLC0415

    if print_comparisons(compare_sides(read_side(old), read_side(new))):
        raise typer.Exit(EXIT_FAIL)


@app.command()
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
