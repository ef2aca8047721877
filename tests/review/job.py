"""A job of GitHub's for tests: the verbs as processes, against the stand-in as a process."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx

from tests.patience import LAST_RESORT_SECONDS

ROOT = Path(__file__).parents[2]


class Job:
    """A job of GitHub's: the server's address in the environment, and files for outputs and summary."""

    def __init__(self, folder: Path, state: dict[str, Any]) -> None:
        self.folder = folder
        (folder / "state.json").write_text(json.dumps(state))
        command = [sys.executable, "-m", "tests.review.github_server", "--state", str(folder / "state.json")]
        self.server = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
        assert self.server.stdout is not None
        self.api = self.server.stdout.readline().strip().partition("=")[2]

    def run(self, *arguments: str, **variables: str) -> "subprocess.CompletedProcess[str]":
        known = {name: value for name, value in os.environ.items() if not name.startswith("GITHUB_")}
        given = {
            "GITHUB_API_URL": self.api,
            "GITHUB_TOKEN": "token-that-writes",
            "GITHUB_REPOSITORY": "lathe-ml/lathe",
            "GITHUB_SERVER_URL": "https://github.com",
            "GITHUB_RUN_ID": "900",
            "GITHUB_OUTPUT": str(self.folder / "outputs"),
            "GITHUB_STEP_SUMMARY": str(self.folder / "summary"),
        }
        command = [sys.executable, "-m", "review", *arguments]
        environment = {**known, **given, **variables}
        done = subprocess.run(
            command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=LAST_RESORT_SECONDS, check=False
        )
        assert "Traceback" not in done.stderr
        assert "token-that" not in done.stdout + done.stderr
        return done

    def read_record(self) -> dict[str, Any]:
        found: dict[str, Any] = httpx.get(f"{self.api}/_record", timeout=LAST_RESORT_SECONDS).json()
        assert found["violations"] == []
        return found

    def read_outputs(self) -> dict[str, str]:
        path = self.folder / "outputs"
        lines = path.read_text().splitlines() if path.exists() else []
        return dict(line.split("=", 1) for line in lines)

    def stop(self) -> None:
        self.server.terminate()
        self.server.wait(LAST_RESORT_SECONDS)
        if self.server.stdout:
            self.server.stdout.close()
