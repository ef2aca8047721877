"""The programs that build an image: which one is there, and how each is called."""

import os
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from cli.errors import InputError, OutsideError

BUILDERS = ("docker", "podman", "buildah")
ANSWER_SECONDS = 30
# 1970, the time of every file in every image: what did not change keeps its digest from commit to commit. No option:
# a builder's cache knows no times, and would mix the layers of two.
BUILD_TIME = "0"


@dataclass(frozen=True)
class Build:
    """One build."""

    context: Path
    target: str
    tag: str
    arguments: Mapping[str, str]
    cached: bool
    certificates: str | None


def find_builder(wanted: str | None) -> str:
    """The wanted builder, or the first that answers.

    Raises: InputError if it is none we know, OutsideError if none answers.
    """
    if wanted and wanted not in BUILDERS:
        raise InputError(f"builder {wanted!r} is unknown, expected one of {', '.join(BUILDERS)}")
    candidates = (wanted,) if wanted else BUILDERS
    for name in candidates:
        if shutil.which(name) and is_answering(name):
            return name
    states = ", ".join(f"{name} {'does not answer' if shutil.which(name) else 'is not there'}" for name in candidates)
    raise OutsideError(f"no image builder: {states}; install podman or start Docker, or name one with --builder")


def is_answering(name: str) -> bool:
    """Docker's client may be there without its daemon."""
    try:
        done = subprocess.run([name, "version"], capture_output=True, timeout=ANSWER_SECONDS, check=False)  # noqa: S603 - no shell, our own arguments
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0


def compose_command(builder: str, build: Build) -> list[str]:
    command = [builder, "build", "--target", build.target, "--tag", build.tag]
    arguments = dict(build.arguments)
    if builder == "docker":
        arguments["SOURCE_DATE_EPOCH"] = BUILD_TIME
    else:  # HEALTHCHECK is no part of the OCI format
        command += ["--format", "docker", "--layers", "--timestamp", BUILD_TIME]
    for name, value in arguments.items():
        command += ["--build-arg", f"{name}={value}"]
    if build.certificates:
        command += ["--secret", f"id=ca,src={build.certificates}"]
    if not build.cached:
        command.append("--no-cache")
    return [*command, str(build.context)]


def run_build(builder: str, build: Build, log: Path) -> None:
    """Builds; all that the builder says goes to `log`.

    Raises: OutsideError with its last line.
    """
    environment = {**os.environ, "DOCKER_BUILDKIT": "1"}
    with log.open("wb") as file:
        command = compose_command(builder, build)
        done = subprocess.run(command, stdout=file, stderr=subprocess.STDOUT, env=environment, check=False)  # noqa: S603 - no shell, our own arguments
    if done.returncode:
        lines = log.read_text(encoding="utf-8", errors="replace").strip().splitlines() or ["it says nothing"]
        raise OutsideError(f"{builder} built no image: {lines[-1]}; its whole output is in {log}")


def save_image(builder: str, tag: str, archive: Path) -> None:
    """Writes the built image as an archive of Docker's kind.

    Raises: OutsideError.
    """
    commands = {
        "docker": ["docker", "save", "--output", str(archive), tag],
        "podman": ["podman", "save", "--quiet", "--format", "docker-archive", "--output", str(archive), tag],
        "buildah": ["buildah", "push", "--quiet", tag, f"docker-archive:{archive}"],
    }
    done = subprocess.run(commands[builder], capture_output=True, text=True, check=False)  # noqa: S603 - no shell, our own arguments
    if done.returncode:
        stderr = done.stderr.strip().splitlines() or ["it says nothing"]
        raise OutsideError(f"{builder} does not give the image {tag}: {stderr[-1]}")
