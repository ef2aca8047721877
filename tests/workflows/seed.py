"""What jobs find installed, as a runner's cache would have it: one environment and the tools, for today's locks."""

import os
import shutil
import subprocess
from pathlib import Path

from tests.harness.errors import ScenarioError, UsageError
from tests.workflows.files import ROOT

LOCKS = (
    "uv.lock",
    "pyproject.toml",
    ".ci/uv.txt",
    ".ci/packages.txt",
    ".ci/install-packages",
    ".ci/checkov.txt",
    ".ci/go/go.mod",
    ".ci/registry/go.mod",
)
UV = ROOT / ".tools" / "uv" / "bin" / "uv"
SECONDS = 300


def plant_seed(work: Path) -> Path:
    """Installs the locked environment anew, from uv's cache where it has one, and links the tools of this checkout.

    Raises: UsageError, ScenarioError.
    """
    seed = work / "seed"
    for lock in LOCKS:
        (seed / "locks" / lock).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / lock, seed / "locks" / lock)
    install_environment(seed)
    link_tools(seed)
    plant_sudo(seed)
    return seed


def install_environment(seed: Path) -> None:
    if not UV.is_file():
        raise UsageError(f"{UV.relative_to(ROOT)} is not there: run `make workflows`, which installs it")
    environment = {**os.environ, "UV_PROJECT_ENVIRONMENT": str(seed / ".venv")}
    command = [str(UV), "sync", "--quiet", "--locked"]
    done = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=SECONDS, check=False
    )
    if done.returncode:
        raise ScenarioError(f"`uv sync` failed: {done.stderr.strip()}")
    (seed / ".venv" / ".locked").touch()


def link_tools(seed: Path) -> None:
    (seed / ".tools").mkdir()
    for name in ("uv", "bin", "checkov"):
        if (ROOT / ".tools" / name).exists():
            (seed / ".tools" / name).symlink_to(ROOT / ".tools" / name)
    (seed / ".tools" / ".packages").touch()  # a step of its own looks for Debian's packages


def plant_sudo(seed: Path) -> None:
    """A runner has sudo; a container whose only user is root may have none."""
    folder = seed / "bin"
    folder.mkdir()
    if shutil.which("sudo") is None and os.geteuid() == 0:
        (folder / "sudo").write_text('#!/bin/sh\nexec "$@"\n', encoding="utf-8")
        (folder / "sudo").chmod(0o755)
