"""The base of the images under test: the Dockerfile's own where it can be pulled, else a Debian made here."""

import fcntl
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager

from cli.errors import OutsideError
from release.image.builders import find_builder
from tests.image.containers import run
from tests.needs import leave_out, need_program
from tests.repo.sources import ROOT

LOCAL_BASE = "localhost/lathe-base:latest"
BUILD_SECONDS = 900
NAMED = re.compile(r"^ARG BASE_IMAGE=(\S+)$", re.MULTILINE)


@contextmanager
def one_at_a_time(name: str) -> Iterator[None]:
    """pytest's workers share the builder's cache: the second finds what the first has made."""
    folder = ROOT / ".tools"
    folder.mkdir(exist_ok=True)
    with (folder / f"{name}.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def find_public_base() -> str:
    """The base that can be pulled: IMAGE_BASE, or the Dockerfile's own where Docker answers; or nothing."""
    if given := os.environ.get("IMAGE_BASE"):
        return given
    try:
        find_builder("docker")
    except OutsideError:
        return ""
    named = NAMED.search((ROOT / "Dockerfile").read_text(encoding="utf-8"))
    assert named, "the Dockerfile names no base"
    return named[1]


def provide_base(**settings: str) -> str:
    """The name of a base of one layer, made once for all; `settings` are of the storage of podman and buildah."""
    need_program("buildah")
    public = find_public_base()
    if not public:
        need_program("debootstrap")
        if os.geteuid() != 0:
            leave_out("needs a base image: Docker, or IMAGE_BASE= with one that can be pulled, or root for debootstrap")
    with one_at_a_time("base"):
        command = str(ROOT / "tests" / "image" / "make-base")
        done = run(command, LOCAL_BASE, timeout=BUILD_SECONDS, **settings, IMAGE_BASE=public)
    assert done.returncode == 0, done.stderr
    return LOCAL_BASE
