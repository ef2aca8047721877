"""The programs that rendering drives, and one way to run them."""

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from cli.errors import InputError, OutsideError

ROOT = Path(__file__).parents[1]
TOOLS = ROOT / ".tools" / "bin"
TIMEOUT_SECONDS = 120
INSTALL = {
    "kustomize": "make .tools/bin/kustomize",
    "git": "install Git with your package manager",
    "crane": "make .tools/bin/cosign",
    "cosign": "make .tools/bin/cosign",
}
SECRETS = ("COSIGN_PASSWORD", "ACTIONS_ID_TOKEN_REQUEST_TOKEN", "GITHUB_TOKEN")  # in no line that anybody reads


def find_tool(name: str) -> str:
    """The pinned program below .tools (LATHE_TOOLS: below another folder), or else the one on the path.

    Raises: OutsideError.
    """
    folder = os.environ.get("LATHE_TOOLS") or TOOLS
    if program := shutil.which(name, path=f"{folder}{os.pathsep}{os.environ.get('PATH', os.defpath)}"):
        return program
    raise OutsideError(f"{name} is neither in .tools/bin nor on the path: {INSTALL[name]}")


def run_tool(name: str, *arguments: str, folder: Path) -> bytes:
    """What the program writes to standard output.

    Raises: InputError with the program's own words, OutsideError.
    """
    command = [find_tool(name), *arguments]
    try:
        done = subprocess.run(command, cwd=folder, capture_output=True, timeout=TIMEOUT_SECONDS, check=False)  # noqa: S603 - no shell, our own arguments
    except subprocess.TimeoutExpired as error:
        raise OutsideError(f"{name} {arguments[0]} was not done after {TIMEOUT_SECONDS} s") from error
    if done.returncode:
        reason = " ".join(done.stderr.decode(errors="replace").split()) or f"exit code {done.returncode}"
        raise InputError(f"{name} {' '.join(arguments)}: {reason.removeprefix('Error: ')}")
    return done.stdout


@dataclass(frozen=True)
class ToolResult:
    """One finished call of a program; `stderr` is without secrets."""

    code: int
    stdout: bytes
    stderr: str

    @property
    def text(self) -> str:
        return self.stdout.decode("utf-8", errors="replace")


def ask_tool(name: str, *arguments: str, seconds: int = TIMEOUT_SECONDS) -> ToolResult:
    """One call, whatever comes of it; it can ask nobody anything.

    Raises: OutsideError if the program is not there, or does not end.
    """
    command = [find_tool(name), *arguments]
    try:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, timeout=seconds, check=False)  # noqa: S603 - no shell, our own arguments
    except subprocess.TimeoutExpired as error:
        raise OutsideError(f"{name} {arguments[0]} was not done after {seconds} s") from error
    return ToolResult(done.returncode, done.stdout, hide_secrets(done.stderr.decode(errors="replace")))


def hide_secrets(text: str) -> str:
    for value in filter(None, map(os.environ.get, SECRETS)):
        text = text.replace(value, "***")
    return text
