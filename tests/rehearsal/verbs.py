"""The verbs of `python -m release` as a person types them, in the person's clone."""

import os
import subprocess

from tests.harness.errors import ScenarioError
from tests.harness.github import OWNER_AND_NAME, WRITING
from tests.harness.verbs import VerbResult
from tests.rehearsal.play import Play
from tests.workflows.act import FOREIGN

SECONDS = 300
WIDTH = "118"


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
        "GITHUB_API_URL": stage.github.address,
        "GITHUB_REPOSITORY": OWNER_AND_NAME,
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


def end_verb(process: "subprocess.Popen[str]") -> VerbResult:
    """Whatever came of it."""
    with process:
        try:
            out, error = process.communicate(timeout=SECONDS)
        except subprocess.TimeoutExpired as expired:
            process.kill()
            raise ScenarioError(f"a verb was not done after {SECONDS} s") from expired
    return VerbResult(process.returncode, out, error)


def run_verb(play: Play, *arguments: str, **more: str) -> VerbResult:
    return end_verb(start_verb(play, *arguments, **more))


def expect_verb(play: Play, *arguments: str, code: int = 0) -> VerbResult:
    """Raises: ScenarioError if it ends otherwise."""
    result = run_verb(play, *arguments)
    if result.code != code:
        raise ScenarioError(
            f"`release {' '.join(arguments)}` ended with {result.code}, expected {code}: {result.out}{result.error}"
        )
    return result
