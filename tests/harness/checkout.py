"""A copy of this checkout's files as they are now, for a repository that a scenario may change."""

import os
import shutil
import subprocess
from pathlib import Path

from tests.harness.errors import ScenarioError
from tests.patience import LAST_RESORT_SECONDS
from tests.repo.sources import list_files

IDENTITY = ("-c", "user.name=Lathe", "-c", "user.email=lathe@example.invalid", "-c", "commit.gpgsign=false")


def copy_checkout(source: Path, folder: Path) -> None:
    """Every file that Git tracks or would track; what the folder holds already is overwritten, and else stays."""
    for path in list_files(source):
        target = folder / path.relative_to(source)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(path, target)


def run_git(folder: Path, *arguments: str, token: str | None = None) -> str:
    """`token` is whose push it is, where the origin asks for that.

    Raises: ScenarioError.
    """
    command = ["git", *IDENTITY, *arguments]
    environment = {**os.environ, **({"GITHUB_TOKEN": token} if token else {})}
    done = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, timeout=LAST_RESORT_SECONDS, check=False
    )
    if done.returncode:
        raise ScenarioError(f"`git {' '.join(arguments)}` failed: {done.stderr.strip()}")
    return done.stdout.strip()
