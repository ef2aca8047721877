"""Verbs that make an image."""

from pathlib import Path
from typing import Annotated

import typer


def image(
    target: Annotated[str, typer.Option("--target", help="`predictor` or `training`.")] = "predictor",
    tag: Annotated[str | None, typer.Option("--tag", help="NAME:TAG. Default: as in the overlays.")] = None,
    bundle: Annotated[Path, typer.Option("--bundle", help="The bundle that goes in.")] = Path("artifacts/bundle"),
    report: Annotated[Path, typer.Option("--report", help="The gate's report of that bundle.")] = Path(
        "artifacts/gate/report.json"
    ),
    approval: Annotated[
        Path | None, typer.Option("--approval", help="The record of `make approved`, for an accepted lack of evidence.")
    ] = None,
    base: Annotated[str | None, typer.Option("--base", help="Another base image, with python3 and venv.")] = None,
    builder: Annotated[
        str | None,
        typer.Option("--builder", envvar="IMAGE_BUILDER", help="docker, podman or buildah. Default: the first there."),
    ] = None,
    version: Annotated[str, typer.Option("--version", help="vX.Y.Z; v0.0.0 is not a release.")] = "v0.0.0",
    no_cache: Annotated[bool, typer.Option("--no-cache", help="Make every layer anew.")] = False,
) -> None:
    """Build the image of a verified bundle that the gate let pass."""
    from release.image.image import ImageRequest, build_image

    build_image(ImageRequest(target, tag, bundle, report, approval, base, builder, version, not no_cache))
