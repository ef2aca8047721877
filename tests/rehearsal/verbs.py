"""The verbs of `python -m release` as a person types them, in the person's clone."""

import os
import subprocess
from dataclasses import dataclass

from tests.harness.errors import ScenarioError
from tests.rehearsal.play import Play
from tests.workflows.act import FOREIGN
from tests.workflows.hub import WRITING
from tests.workflows.stage import NAME, OWNER

SECONDS = 300
WIDTH = "118"


@dataclass(frozen=True)
class Said:
    code: int
    out: str
    error: str

    @property
    def last_error(self) -> str:
        return (self.error.strip().splitlines() or ["it says nothing"])[-1]


def start_verb(play: Play, *arguments: str, **more: str) -> "subprocess.Popen[str]":
    """No cluster is asked, whichever this machine knows."""
    stage = play.stage
    kept = {name: value for name, value in os.environ.items() if not name.startswith(FOREIGN)}
    environment = {
        **kept,
        **play.settings,
        "KUBECONFIG": os.devnull,
        "COLUMNS": WIDTH,
        "GITHUB_TOKEN": WRITING,
        "GITHUB_API_URL": stage.hub.address,
        "GITHUB_REPOSITORY": f"{OWNER}/{NAME}",
        "NO_PROXY": "127.0.0.1,localhost",
        "no_proxy": "127.0.0.1,localhost",
        **more,
    }
    return subprocess.Popen(
        [str(stage.python), "-m", "release", *arguments],
        cwd=stage.repository.folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def end_verb(process: "subprocess.Popen[str]") -> Said:
    """Whatever came of it."""
    with process:
        try:
            out, error = process.communicate(timeout=SECONDS)
        except subprocess.TimeoutExpired as expired:
            process.kill()
            raise ScenarioError(f"a verb was not done after {SECONDS} s") from expired
    return Said(process.returncode, out, error)


def run_verb(play: Play, *arguments: str, **more: str) -> Said:
    return end_verb(start_verb(play, *arguments, **more))


def expect_verb(play: Play, *arguments: str, code: int = 0) -> Said:
    """Raises: ScenarioError if it ends otherwise."""
    said = run_verb(play, *arguments)
    if said.code != code:
        raise ScenarioError(
            f"`release {' '.join(arguments)}` ended with {said.code}, expected {code}: {said.out}{said.error}"
        )
    return said
