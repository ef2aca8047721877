"""The local repository through the `git` program; nothing here touches a work tree, an index or a branch."""

import os
import re
import subprocess
import sys
from pathlib import Path

from cli.errors import InputError, OutsideError
from release.tools import ToolResult, find_tool

LOCAL_SECONDS = 60
NETWORK_SECONDS = 120
# where a hook or an editor has started us, these would lead to another repository or index
FOREIGN = ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX")
SECRET_IN_URL = re.compile(r"(?<=://)[^/@\s]+@")


class Clone:
    """One local repository."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def run(self, *arguments: str, stdin: bytes = b"", seconds: int = LOCAL_SECONDS) -> ToolResult:
        """One call of git, whatever comes of it.

        Raises: OutsideError if there is no git, or if it does not end.
        """
        command = [find_tool("git"), "-C", str(self.folder), *arguments]
        try:
            done = subprocess.run(  # noqa: S603 - no shell, our own arguments
                command, input=stdin, capture_output=True, env=compose_environment(), timeout=seconds, check=False
            )
        except subprocess.TimeoutExpired as error:
            raise OutsideError(f"git {arguments[0]} was not done after {seconds} s") from error
        return ToolResult(done.returncode, done.stdout, clean_words(done.stderr))

    def ask(self, *arguments: str, stdin: bytes = b"") -> str:
        """What git prints.

        Raises: InputError with git's own words.
        """
        answer = self.run(*arguments, stdin=stdin)
        if answer.code:
            raise InputError(f"git {arguments[0]} in {self.folder}: {answer.stderr or f'exit code {answer.code}'}")
        return answer.text.strip()

    def has(self, name: str) -> bool:
        """Whether the repository holds a commit of that name."""
        return self.run("rev-parse", "--verify", "--quiet", "--end-of-options", f"{name}^{{commit}}").code == 0

    def locate(self, name: str) -> Path:
        """A file of Git's own, wherever this work tree has them."""
        return self.folder / self.ask("rev-parse", "--git-path", name)

    def is_ancestor(self, old: str, new: str) -> bool:
        return self.run("merge-base", "--is-ancestor", old, new).code == 0

    def check_depth(self) -> None:
        """Raises: InputError where the history is cut off: what was withdrawn could not be known."""
        if self.ask("rev-parse", "--is-shallow-repository") == "true":
            raise InputError(f"{self.folder} is a shallow clone, its history is cut off; run `git fetch --unshallow`")


def compose_environment() -> dict[str, str]:
    """Ours, in plain English, and with no prompt where nobody sits."""
    environment = {name: value for name, value in os.environ.items() if name not in FOREIGN}
    environment["LC_ALL"] = "C"
    if not sys.stdin or not sys.stdin.isatty():
        environment["GIT_TERMINAL_PROMPT"] = "0"
    return environment


def clean_words(stderr: bytes) -> str:
    """Git's standard error in one line, without a password that stood in an address."""
    text = stderr.decode("utf-8", errors="replace")
    lines = [line.strip() for line in text.splitlines() if not line.startswith("hint:")]
    return SECRET_IN_URL.sub("", " ".join(filter(None, lines)))
