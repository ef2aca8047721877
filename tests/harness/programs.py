"""Runs the programs of a scenario: kubectl, git, argocd, an image builder."""

import shlex
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.harness.errors import OutsideError, UsageError


def split_command(command: str) -> list[str]:
    return shlex.split(command)


def run_program(
    command: Sequence[str],
    given: str | None = None,
    seconds: float = 60,
    folder: Path | None = None,
    environment: Mapping[str, str] | None = None,
    accept: frozenset[int] = frozenset({0}),
) -> subprocess.CompletedProcess[str]:
    """Standard output and error as text; `accept` are the exit codes that are an answer.

    Raises: UsageError if there is no such program, OutsideError with its last line if it fails.
    """
    name = " ".join(command[:3])
    try:
        done = subprocess.run(
            command,
            check=False,
            input=given,
            capture_output=True,
            text=True,
            timeout=seconds,
            cwd=folder,
            env=environment,
        )
    except (FileNotFoundError, PermissionError) as error:  # the latter where a folder of the PATH may not be read
        raise UsageError(f"{command[0]}: no such program; expected on the path, or give its option") from error
    except subprocess.TimeoutExpired as error:
        raise OutsideError(f"{name}: no end after {seconds:.0f} s") from error
    if done.returncode not in accept:
        last_line = (done.stderr.strip() or done.stdout.strip() or "nothing").splitlines()[-1]
        raise OutsideError(f"{name}: exit code {done.returncode}: {last_line}")
    return done
