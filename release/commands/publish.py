"""Verbs around the registry: is the tag right, publish its image, verify what is there."""

from pathlib import Path
from typing import Annotated

import typer

from release.git.remote import Remote
from release.registry.registry import open_registry
from release.tools import ROOT
from review.github.job_outputs import write_outputs


def check_tag(version: Annotated[str, typer.Argument(help="The tag, vMAJOR.MINOR.PATCH.")]) -> None:
    """Check that a tag may be released: annotated, on main, the package's version, in order."""
    from release.checks import tags

    tag = tags.check_tag(version, Remote(ROOT), open_registry())
    write_outputs(version=tag.version, commit=tag.commit)


def publish(
    version: Annotated[str, typer.Argument(help="The tag, vMAJOR.MINOR.PATCH, which is checked out.")],
    artifacts: Annotated[Path, typer.Option("--artifacts", help="Has approved/ and sbom.cdx.json, gets release/.")] = (
        Path("artifacts")
    ),
    base: Annotated[str | None, typer.Option("--base", envvar="BASE_IMAGE", help="Another base image.")] = None,
    builder: Annotated[
        str | None, typer.Option("--builder", envvar="IMAGE_BUILDER", help="docker, podman or buildah.")
    ] = None,
    unsigned: Annotated[bool, typer.Option("--unsigned", help="Sign and attest nothing.")] = False,
) -> None:
    """Build, push, describe and sign the image of a tag; again, it adds only what lacks."""
    from release.publishing.publish import PublishRequest, publish_version

    image = publish_version(PublishRequest(version, artifacts, base, builder, unsigned))
    write_outputs(
        version=image.version, digest=image.digest, image=f"{image.repository}:{image.version}@{image.digest}"
    )


def verify(
    env: Annotated[list[str] | None, typer.Option("--env", help="An environment. Default: every one.")] = None,
    image: Annotated[str | None, typer.Option("--image", help="NAME:vX.Y.Z@sha256:… instead of an overlay's.")] = None,
    url: Annotated[str | None, typer.Option("--url", help="A running predictor, which must serve the bundle.")] = None,
) -> None:
    """Check that image, labels, bundle, gate report, signatures and overlay agree; exit 1 if not, 4 if unknown."""
    from release.checks.targets import verify_targets

    if code := verify_targets(env or [], image, url):
        raise typer.Exit(code)
