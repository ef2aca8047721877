"""The local GitHub as a process of its own: what is called there, and its end."""

import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from review.github.client import GitHub
from review.github.settings import GitHubSettings
from review.github.types import Pull, Reference
from tests.harness.errors import OutsideError
from tests.harness.github import APP
from tests.harness.github_process import GitHubProcess, start_github
from tests.patience import LAST_RESORT_SECONDS

BRANCH = "promote/prod-eks"
AUTHOR = ("-c", "user.name=test", "-c", "user.email=test@example.org", "-c", "commit.gpgsign=false")


@pytest.fixture
def bare(tmp_path: Path) -> Path:
    """Branches main and BRANCH, one commit apart."""
    folder = tmp_path / "bare.git"
    subprocess.run(["git", "init", "--quiet", "--bare", "--initial-branch=main", folder], check=True)
    work = tmp_path / "work"
    subprocess.run(["git", "clone", "--quiet", folder, work], check=True, capture_output=True)
    for name in ("main", BRANCH):
        subprocess.run(["git", *AUTHOR, "commit", "--quiet", "--allow-empty", "-m", name], cwd=work, check=True)
        subprocess.run(["git", "push", "--quiet", "origin", f"HEAD:refs/heads/{name}"], cwd=work, check=True)
    return folder


@pytest.fixture
def process(bare: Path) -> Iterator[GitHubProcess]:
    with start_github(["env"], str(bare)) as opened:
        yield opened


def connect(process: GitHubProcess) -> closing[GitHub]:
    return closing(
        GitHub(GitHubSettings(APP, process.environment["GITHUB_REPOSITORY"], process.environment["GITHUB_API_URL"]))
    )


def propose(process: GitHubProcess) -> Pull:
    body = {"title": "Run v1.0.0 in prod-eks", "head": BRANCH, "base": "main", "body": "text"}
    with connect(process) as github:
        return github.post("/pulls", body, Pull)


def read_commit(bare: Path, branch: str) -> str:
    command = ["git", "--git-dir", str(bare), "rev-parse", branch]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def test_a_pull_request_of_a_real_branch_is_listed_until_it_is_merged(process: GitHubProcess, bare: Path) -> None:
    assert process.call("list_pulls") == []
    number = propose(process).number
    found: list[dict[str, Any]] = process.call("list_pulls")
    assert [(pull["number"], pull["head"]["sha"]) for pull in found] == [(number, read_commit(bare, BRANCH))]
    process.call("merge_pull", number, "a" * 40)
    assert process.call("list_pulls") == []
    assert process.call("list_violations") == []


def test_a_request_that_github_would_not_take_is_a_violation(process: GitHubProcess) -> None:
    command = ["curl", "--silent", "--header", f"Authorization: Bearer {APP}", f"{process.address}/repos/a/b/pulls"]
    subprocess.run(command, check=True, capture_output=True)
    assert any("names no API version" in violation for violation in process.call("list_violations"))


def test_the_process_ends_with_the_scenario(bare: Path) -> None:
    with start_github([], str(bare)) as opened:
        running = opened._process
        assert running.poll() is None
    assert running.returncode == 0


def test_a_process_that_died_is_an_error_with_its_exit_code(bare: Path) -> None:
    with start_github([], str(bare)) as opened:
        os.kill(opened._process.pid, signal.SIGKILL)
        opened._process.wait(LAST_RESORT_SECONDS)
        with pytest.raises(OutsideError, match="ended, with exit code -9"):
            opened.call("list_pulls")


def test_without_a_folder_branches_are_names_alone_and_tags_are_added() -> None:
    with start_github([], "https://git.example/lathe") as opened:
        assert propose(opened).head.ref == BRANCH
        opened.call("add_tag", "v1.0.0", "a" * 40, "b" * 40)
        with connect(opened) as github:
            assert github.get("/git/ref/tags/v1.0.0", Reference).object.sha == "b" * 40
            assert github.find("/git/ref/tags/v1.1.0", Reference) is None
