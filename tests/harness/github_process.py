"""The local GitHub as a process of its own, which may be in another network than this one.

`python -m tests.harness.github_process --git FOLDER` calls LocalGitHub's methods as lines on standard input say, and
ends with it.
"""

import argparse
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from tests.harness.errors import OutsideError
from tests.harness.github import APP, OWNER_AND_NAME, TOKENS, LocalGitHub
from tests.review.github_server import run_server

BRANCHES = ("main", "promote/prod-eks", "promote/prod-gke")
ROOT = Path(__file__).parents[2]
END_SECONDS = 10


class GitHubProcess:
    """The other end of the process's standard input and output: calls and results are lines of JSON."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process
        self.address = str(self._read())

    @property
    def environment(self) -> dict[str, str]:
        """A job's on GitHub."""
        return {"GITHUB_API_URL": self.address, "GITHUB_REPOSITORY": OWNER_AND_NAME, "GITHUB_TOKEN": APP}

    def call(self, method: str, *arguments: Any) -> Any:
        """Raises: OutsideError if the process has ended."""
        assert self._process.stdin is not None
        with suppress(BrokenPipeError):
            print(json.dumps([method, *arguments]), file=self._process.stdin, flush=True)
        return self._read()

    def _read(self) -> Any:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise OutsideError(f"the local GitHub ended, with exit code {self._process.wait(END_SECONDS)}")
        return json.loads(line)


@contextmanager
def start_github(prefix: Sequence[str], push_url: str) -> Iterator[GitHubProcess]:
    """Until the block ends; branches and tags are those of the repository at `push_url` where it is a folder."""
    command = [*prefix, sys.executable, "-m", "tests.harness.github_process"]
    command += ["--git", push_url] if Path(push_url).is_dir() else []
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen(command, cwd=ROOT, text=True, start_new_session=True, **pipes) as process:  # type: ignore[call-overload]
        try:
            yield GitHubProcess(process)
        finally:
            assert process.stdin is not None
            with suppress(BrokenPipeError):
                process.stdin.close()
            try:
                process.wait(END_SECONDS)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)


def main() -> None:
    """Serves until standard input ends, with whoever has it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--git", default=None, help="a bare repository, whose branches and tags are GitHub's")
    options = parser.parse_args()
    world = {"git": options.git, "branches": list(BRANCHES), "tokens": TOKENS, "login": "lathe-app[bot]"}
    with run_server(world) as (server, state):
        print(json.dumps(server.address), flush=True)
        github = LocalGitHub(state, server.address)
        for line in sys.stdin:
            method, *arguments = json.loads(line)
            with state.lock:
                print(json.dumps(getattr(github, method)(*arguments)), flush=True)


if __name__ == "__main__":
    main()
