"""`.ci/retrain-pull` in a real clone, against a real origin and the local API server."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from contract.report import MAX_ITEMS
from tests.patience import LAST_RESORT_SECONDS
from tests.review.github_server import run_server
from tests.review.github_state import State
from tests.review.worlds import write_report
from tests.workflows.files import ROOT

SCRIPT = ROOT / ".ci" / "retrain-pull"
IDENTITY = ("-c", "user.name=a", "-c", "user.email=a@example.invalid", "-c", "commit.gpgsign=false")


def git(folder: Path, *arguments: str) -> str:
    command = ["git", *IDENTITY, *arguments]
    return subprocess.run(
        command, cwd=folder, check=True, capture_output=True, text=True, timeout=LAST_RESORT_SECONDS
    ).stdout.strip()


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A clone with a pin, the script, our packages and a report."""
    folder = tmp_path / "clone"
    for name in (".ci", "training/pins", "artifacts/gate", ".venv/bin"):
        (folder / name).mkdir(parents=True)
    shutil.copy2(SCRIPT, folder / ".ci" / "retrain-pull")
    for package in ("cli", "contract", "review"):
        shutil.copytree(ROOT / package, folder / package, ignore=shutil.ignore_patterns("__pycache__"))
    (folder / ".venv" / "bin" / "python").symlink_to(sys.executable)
    (folder / ".gitignore").write_text("artifacts/\n.venv/\n", encoding="utf-8")
    (folder / "training" / "pins" / "ai4i.yaml").write_text("source: old.csv\n", encoding="utf-8")
    write_report(folder / "artifacts" / "gate" / "report.json")
    git(tmp_path, "init", "--quiet", "--bare", "origin.git")
    git(folder, "init", "--quiet", "--initial-branch=main")
    git(folder, "remote", "add", "origin", str(tmp_path / "origin.git"))
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message", "Begin")
    return folder


def run(clone: Path, starts_checks: str, role: str = "write") -> tuple[subprocess.CompletedProcess[str], State]:
    given = {"branches": ["main", "retrain/ai4i", "retrain/Press-2.v1"], "tokens": {"token-of-the-job": role}}
    with run_server(given) as (server, state):
        environment = {
            **os.environ,
            "PYTHONPATH": os.pathsep.join(sys.path),  # the libraries of a link to Python are not found by it
            "GITHUB_TOKEN": "token-of-the-job",
            "GITHUB_REPOSITORY": "lathe-ml/lathe",
            "GITHUB_API_URL": server.address,
            "STARTS_CHECKS": starts_checks,
        }
        command = [str(clone / ".ci" / "retrain-pull")]
        done = subprocess.run(
            command, env=environment, capture_output=True, text=True, timeout=LAST_RESORT_SECONDS, check=False
        )
    return done, state


def test_data_that_is_pinned_already_proposes_nothing(clone: Path) -> None:
    done, state = run(clone, "true")
    assert (done.returncode, state.writes) == (0, [])
    assert "nothing to propose" in done.stdout
    assert git(clone, "ls-remote", "origin") == ""


@pytest.mark.parametrize(("starts_checks", "said"), [("true", "its own checks"), ("false", "Close and reopen")])
def test_a_moved_pin_is_one_commit_and_one_pull_request(clone: Path, starts_checks: str, said: str) -> None:
    (clone / "training" / "pins" / "ai4i.yaml").write_text("source: new.csv\n", encoding="utf-8")
    (clone / "stray.txt").write_text("not proposed\n", encoding="utf-8")
    done, state = run(clone, starts_checks)
    assert (done.returncode, done.stderr) == (0, "")
    assert [(write["method"], write["status"]) for write in state.writes] == [("POST", 201)]
    body = state.writes[0]["body"]["body"]
    assert said in body
    assert "## " in body
    assert "token-of-the-job" not in done.stdout + git(clone, "log", "-1", "--format=%B%an%ae")
    git(clone, "fetch", "--quiet", "origin", "retrain/ai4i")
    assert git(clone, "diff", "--name-only", "main", "FETCH_HEAD").split() == ["training/pins/ai4i.yaml"]


@pytest.mark.slow
def test_the_branch_bears_the_name_of_the_dataset(clone: Path) -> None:
    (clone / "training" / "pins" / "Press-2.v1.yaml").write_text("source: new.csv\n", encoding="utf-8")
    done, state = run(clone, "true")
    assert (done.returncode, done.stderr) == (0, "")
    assert state.writes[0]["body"]["head"].endswith("retrain/Press-2.v1")
    assert git(clone, "ls-remote", "origin").split()[1:] == ["refs/heads/retrain/Press-2.v1"]


def test_two_moved_pins_are_refused_and_named(clone: Path) -> None:
    for name in ("ai4i", "churn"):
        (clone / "training" / "pins" / f"{name}.yaml").write_text("source: new.csv\n", encoding="utf-8")
    done, state = run(clone, "true")
    assert (done.returncode, state.writes) == (2, [])
    assert "2 pins have moved, expected one" in done.stderr
    assert "ai4i.yaml" in done.stderr
    assert "churn.yaml" in done.stderr
    assert git(clone, "ls-remote", "origin") == ""


@pytest.mark.slow
def test_a_report_that_fills_a_comment_is_proposed_too(clone: Path) -> None:
    path = clone / "artifacts" / "gate" / "report.json"
    report = json.loads(path.read_text(encoding="utf-8"))
    checks = [{**check, "reason": check["reason"] + " And so on." * 30} for check in report["checks"]]
    most = MAX_ITEMS["checks"]
    path.write_text(json.dumps({**report, "checks": (checks * most)[:most]}), encoding="utf-8")
    (clone / "training" / "pins" / "ai4i.yaml").write_text("source: new.csv\n", encoding="utf-8")
    done, state = run(clone, "true")
    assert (done.returncode, done.stderr) == (0, "")
    body = state.writes[0]["body"]["body"]
    assert 20_000 < len(body) < 65_536
    assert "its own checks" in body


@pytest.mark.slow
def test_a_read_only_token_is_told_and_ends_red(clone: Path) -> None:
    (clone / "training" / "pins" / "ai4i.yaml").write_text("source: new.csv\n", encoding="utf-8")
    done, _ = run(clone, "true", role="read")
    assert done.returncode == 4
    assert "Traceback" not in done.stderr
    assert "permission" in done.stderr
