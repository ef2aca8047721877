"""GitHub's side of a promotion: the API's local stand-in beside the cluster, and a person's merge, played.

`python -m tests.e2e.hub --git FOLDER` is the stand-in; it takes orders on standard input and ends with it.
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
from tests.review.github_server import run_server
from tests.review.github_state import State

OWNER_AND_NAME = "lathe-ml/lathe"
TOKEN = "token-of-the-app"
BRANCHES = ("main", "promote/prod-eks", "promote/prod-gke")
MERGED = "2026-01-01T00:00:00Z"
ROOT = Path(__file__).parents[2]
END_SECONDS = 10


class Hub:
    """The stand-in as a process of its own, which may be in another network; orders and answers are lines of JSON."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process
        self.address = str(self._read()["address"])

    @property
    def environment(self) -> dict[str, str]:
        """What a job on GitHub would be told."""
        return {"GITHUB_API_URL": self.address, "GITHUB_REPOSITORY": OWNER_AND_NAME, "GITHUB_TOKEN": TOKEN}

    def list_pulls(self) -> list[dict[str, Any]]:
        """Open ones, newest last."""
        pulls: list[dict[str, Any]] = self._ask({"do": "list"})["pulls"]
        return pulls

    def note_tag(self, name: str, commit: str, tag: str) -> None:
        """`tag` is the annotated tag's own object."""
        self._ask({"do": "tag", "name": name, "told": {"commit": commit, "tag": tag}})

    def note_merge(self, number: int, commit: str) -> None:
        """Git has it by then."""
        self._ask({"do": "merge", "number": number, "commit": commit})

    def list_violations(self) -> list[str]:
        """What a real GitHub would not have been asked so."""
        found: list[str] = self._ask({"do": "judge"})["violations"]
        return found

    def _ask(self, order: dict[str, Any]) -> dict[str, Any]:
        assert self._process.stdin is not None
        with suppress(BrokenPipeError):
            print(json.dumps(order), file=self._process.stdin, flush=True)
        return self._read()

    def _read(self) -> dict[str, Any]:
        """Raises: OutsideError if the stand-in has ended."""
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise OutsideError(f"the stand-in of GitHub ended, with exit code {self._process.wait(END_SECONDS)}")
        answer: dict[str, Any] = json.loads(line)
        return answer


@contextmanager
def open_hub(prefix: Sequence[str], push_url: str) -> Iterator[Hub]:
    """Until the block ends; branches and tags are the repository's own where it is a folder, else what it is told."""
    command = [*prefix, sys.executable, "-m", "tests.e2e.hub"]
    command += ["--git", push_url] if Path(push_url).is_dir() else []
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen(command, cwd=ROOT, text=True, start_new_session=True, **pipes) as process:  # type: ignore[call-overload]
        try:
            yield Hub(process)
        finally:
            assert process.stdin is not None
            with suppress(BrokenPipeError):
                process.stdin.close()
            try:
                process.wait(END_SECONDS)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)


def obey(state: State, order: dict[str, Any]) -> dict[str, Any]:
    """Answers one order."""
    with state.lock:
        pulls = [pull for pull in state.data["pulls"] if pull["state"] == "open"]
        if order["do"] == "tag":
            state.data["tags"][order["name"]] = order["told"]
        if order["do"] == "merge":
            pull = next(one for one in pulls if one["number"] == order["number"])
            pull |= {"state": "closed", "merged_at": MERGED, "merge_commit_sha": order["commit"]}
        return {"pulls": pulls, "violations": state.violations}


def main() -> None:
    """Serves until standard input ends, with whoever has it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--git", default=None, help="a bare repository, whose branches and tags are GitHub's")
    given = parser.parse_args()
    world = {"git": given.git, "branches": list(BRANCHES), "tokens": {TOKEN: "write"}, "login": "lathe-app[bot]"}
    with run_server(world) as (server, state):
        print(json.dumps({"address": server.address}), flush=True)
        for line in sys.stdin:
            print(json.dumps(obey(state, json.loads(line))), flush=True)


if __name__ == "__main__":
    main()
