"""From a gated bundle to an image: stages what goes in, builds, and says what came out."""

import fcntl
import os
import re
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from cli import console
from cli.errors import InputError
from release.image.builders import Build, find_builder, run_build, save_image
from release.image.layers import SavedImage, read_image
from release.image.staging import stage_model
from release.tools import ROOT

# ROOT is the build's context
STAGED = ROOT / "artifacts" / "image"  # the Dockerfile's MODEL
REPOSITORY = "ghcr.io/lathe-ml/lathe"  # as in gitops/overlays
TARGETS = ("predictor", "training", "monitor")
VERSION = re.compile(r"v\d+\.\d+\.\d+(-[0-9A-Za-z.]+)?")
MEGABYTE = 1e6


@dataclass(frozen=True)
class ImageRequest:
    """What a person asks for."""

    target: str = "predictor"
    tag: str | None = None
    bundle: Path = Path("artifacts/bundle")
    report: Path = Path("artifacts/gate/report.json")
    approval: Path | None = None
    base: str | None = None
    builder: str | None = None
    version: str = "v0.0.0"
    cached: bool = True


def build_image(request: ImageRequest) -> SavedImage:
    """Raises: InputError, RefusedError if neither the gate nor a person let the bundle through, OutsideError."""
    tag = check_request(request)
    builder = find_builder(request.builder)
    with lock_staged(STAGED):
        arguments = {"VERSION": request.version, "REVISION": describe_revision()}
        if request.base:
            arguments["BASE_IMAGE"] = request.base
        if request.target == "predictor":
            model = stage_model(request.bundle, request.report, STAGED, request.approval)
            arguments["BUNDLE_DIGEST"] = model.digest
            console.print_done(f"bundle {model.digest[:12]} is verified; the gate: {model.headline}")
        build = Build(ROOT, request.target, tag, arguments, request.cached, find_certificates())
        log = STAGED.with_suffix(".log")
        with console.step(f"Building with {builder}, what it says goes to {log.relative_to(ROOT)}"):
            run_build(builder, build, log)
    saved = inspect_image(builder, tag)
    print_image(tag, saved)
    return saved


def check_request(request: ImageRequest) -> str:
    """The full tag.

    Raises: InputError.
    """
    if request.target not in TARGETS:
        raise InputError(f"target {request.target!r} is unknown, expected one of {', '.join(TARGETS)}")
    if not VERSION.fullmatch(request.version):
        raise InputError(f"version {request.version!r} is not usable, expected vMAJOR.MINOR.PATCH such as v1.2.3")
    tag = request.tag or f"{REPOSITORY}-{request.target}:{request.version}"
    if tag.rpartition("/")[2].partition(":")[2] in {"", "latest"}:
        raise InputError(f"tag {tag!r} names no version, expected NAME:TAG, and TAG not `latest`")
    return tag


@contextmanager
def lock_staged(folder: Path) -> Iterator[None]:
    """One build at a time: the label must be of the bundle that is copied."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with folder.with_suffix(".lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def describe_revision() -> str:
    """The commit that is checked out, with `-dirty` if files differ from it, or `unknown` without Git."""
    command = ["git", "describe", "--always", "--dirty", "--abbrev=40", "--exclude=*"]
    try:
        described = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=10, check=True)  # noqa: S603 - no shell, our own arguments
    except (OSError, subprocess.SubprocessError):
        return "unknown"
    return described.stdout.strip()


def find_certificates() -> str | None:
    """A private authority's certificates, which the build needs where a proxy looks into TLS."""
    path = os.environ.get("SSL_CERT_FILE")
    if path and not Path(path).is_file():
        raise InputError(f"SSL_CERT_FILE is {path}, which is not there; correct or unset it")
    return path or None


def inspect_image(builder: str, tag: str) -> SavedImage:
    """Raises: OutsideError."""
    with tempfile.TemporaryDirectory(prefix="lathe-image-") as folder:
        archive = Path(folder) / "image.tar"
        save_image(builder, tag, archive)
        return read_image(archive)


def print_image(tag: str, image: SavedImage) -> None:
    """Tag, id, and the size layer by layer."""
    rows = [(layer.digest[7:19], format_megabytes(layer.size_bytes), layer.made_by) for layer in image.layers]
    rows.append(("", format_megabytes(image.size_bytes), "all layers, uncompressed"))
    console.print_grid(tag, ("Layer", "MB", "Made by"), rows)
    console.print_done(f"{tag}, id {image.digest}")


def format_megabytes(size_bytes: int) -> str:
    return f"{size_bytes / MEGABYTE:.1f}"
