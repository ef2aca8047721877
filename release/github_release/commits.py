"""What git-cliff says of the commits since the last release: their list, and which version would come next."""

import os
import re
import shutil
import subprocess
import sysconfig
from collections.abc import Collection
from pathlib import Path

from cli.errors import InputError, OutsideError

CONFIG = "cliff.toml"
TIMEOUT_SECONDS = 60


def list_commits(root: Path, former: str | None, head: str, mistyped: Collection[str] = ()) -> str:
    """Markdown, grouped as cliff.toml says; empty if nothing is worth a line.

    Raises: OutsideError, InputError with git-cliff's own words.
    """
    span = f"{former}..{head}" if former else head
    return ask_cliff(root, *ignore_tags(mistyped), "--strip", "all", "--", span)


def propose_version(root: Path, mistyped: Collection[str] = ()) -> str:
    """The next version by Conventional Commits.

    Raises: OutsideError, InputError.
    """
    return ask_cliff(root, *ignore_tags(mistyped), "--bumped-version")


def ignore_tags(mistyped: Collection[str]) -> tuple[str, ...]:
    """A tag that is no release would be the newest, or cut the list in two."""
    return ("--ignore-tags", f"^({'|'.join(map(re.escape, sorted(mistyped)))})$") if mistyped else ()


def ask_cliff(root: Path, *arguments: str) -> str:
    program = find_cliff()
    command = [program, "--config", str(root / CONFIG), "--offline", "--no-exec", "--repository", str(root), *arguments]
    environment = {**os.environ, "NO_COLOR": "1", "RUST_LOG": "error"}
    try:
        done = subprocess.run(  # noqa: S603 - no shell, our own arguments
            command, cwd=root, env=environment, capture_output=True, text=True, timeout=TIMEOUT_SECONDS, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise OutsideError(f"git-cliff was not done after {TIMEOUT_SECONDS} s") from error
    if done.returncode:
        reason = " ".join((done.stderr or done.stdout).split()) or f"exit code {done.returncode}"
        raise InputError(f"git-cliff: {reason[:300]}")
    return done.stdout.strip()


def find_cliff() -> str:
    """Raises: OutsideError where it is not installed."""
    path = os.pathsep.join([sysconfig.get_path("scripts"), os.environ.get("PATH", os.defpath)])
    if program := shutil.which("git-cliff", path=path):
        return program
    raise OutsideError("git-cliff is not there: `make .venv/.locked` installs what uv.lock says")
