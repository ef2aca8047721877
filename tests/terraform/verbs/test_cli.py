"""The command line of the clouds' verbs."""

import subprocess
import sys

from tests.patience import LAST_RESORT_SECONDS
from tests.repo.sources import ROOT


def run_verb(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "terraform.verbs", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=LAST_RESORT_SECONDS)


def test_help_says_what_the_verbs_are_for() -> None:
    done = run_verb("--help")
    assert done.returncode == 0, done.stderr
    assert "a destroy that ends" in " ".join(done.stdout.split())


def test_an_unknown_verb_is_bad_usage_without_a_traceback() -> None:
    done = run_verb("undo")
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
