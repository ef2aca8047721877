"""The programs that rendering drives, and one way to run them."""

import os
import shutil
import subprocess
from pathlib import Path

from release.errors import InputError, OutsideError

ROOT = Path(__file__).parents[1]
TOOLS = ROOT / ".tools" / "bin"
TIMEOUT_SECONDS = 120
INSTALL = {
    "kustomize": "make .tools/bin/kustomize",
    "git": "install Git with your package manager",
}


def find_tool(name: str) -> str:
    """The pinned program below .tools, or else the one on the path.

    Raises: OutsideError.
    """
    if found := shutil.which(name, path=f"{TOOLS}{os.pathsep}{os.environ.get('PATH', os.defpath)}"):
        return found
    raise OutsideError(f"{name} is neither in .tools/bin nor on the path: {INSTALL[name]}")


def run_tool(name: str, *arguments: str, folder: Path) -> bytes:
    """What the program writes to standard output.

    Raises: InputError with the program's own words, OutsideError.
    """
    command = [find_tool(name), *arguments]
    try:
        done = subprocess.run(command, cwd=folder, capture_output=True, timeout=TIMEOUT_SECONDS, check=False)  # noqa: S603 - our own arguments
    except subprocess.TimeoutExpired as error:
        raise OutsideError(f"{name} {arguments[0]} was not done after {TIMEOUT_SECONDS} s") from error
    if done.returncode:
        said = " ".join(done.stderr.decode(errors="replace").split()) or f"exit code {done.returncode}"
        raise InputError(f"{name} {' '.join(arguments)}: {said.removeprefix('Error: ')}")
    return done.stdout
