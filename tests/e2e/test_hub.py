"""The stand-in of GitHub as the scenario runs it: a process of its own, and a merge by word."""

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
from tests.e2e.hub import TOKEN, Hub, open_hub
from tests.harness.errors import OutsideError
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
def hub(bare: Path) -> Iterator[Hub]:
    with open_hub(["env"], str(bare)) as opened:
        yield opened


def connect(hub: Hub) -> closing[GitHub]:
    return closing(
        GitHub(GitHubSettings(TOKEN, hub.environment["GITHUB_REPOSITORY"], hub.environment["GITHUB_API_URL"]))
    )


def propose(hub: Hub) -> Pull:
    body = {"title": "Run v1.0.0 in prod-eks", "head": BRANCH, "base": "main", "body": "text"}
    with connect(hub) as github:
        return github.post("/pulls", body, Pull)


def read_commit(bare: Path, branch: str) -> str:
    command = ["git", "--git-dir", str(bare), "rev-parse", branch]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def test_a_pull_request_of_a_real_branch_is_listed_until_it_is_merged(hub: Hub, bare: Path) -> None:
    assert hub.list_pulls() == []
    number = propose(hub).number
    found: list[dict[str, Any]] = hub.list_pulls()
    assert [(pull["number"], pull["head"]["sha"]) for pull in found] == [(number, read_commit(bare, BRANCH))]
    hub.note_merge(number, "a" * 40)
    assert hub.list_pulls() == []
    assert hub.list_violations() == []


def test_a_request_that_github_would_not_like_is_told(hub: Hub) -> None:
    command = ["curl", "--silent", "--header", f"Authorization: Bearer {TOKEN}", f"{hub.address}/repos/a/b/pulls"]
    subprocess.run(command, check=True, capture_output=True)
    assert any("names no API version" in violation for violation in hub.list_violations())


def test_the_stand_in_ends_with_the_scenario(bare: Path) -> None:
    with open_hub([], str(bare)) as opened:
        process = opened._process
        assert process.poll() is None
    assert process.returncode == 0


def test_a_stand_in_that_died_is_said(bare: Path) -> None:
    with open_hub([], str(bare)) as opened:
        os.kill(opened._process.pid, signal.SIGKILL)
        opened._process.wait(LAST_RESORT_SECONDS)
        with pytest.raises(OutsideError, match="ended, with exit code -9"):
            opened.list_pulls()


def test_without_a_folder_branches_are_names_alone_and_tags_are_told() -> None:
    with open_hub([], "https://git.example/lathe") as opened:
        assert propose(opened).head.ref == BRANCH
        opened.note_tag("v1.0.0", "a" * 40, "b" * 40)
        with connect(opened) as github:
            assert github.get("/git/ref/tags/v1.0.0", Reference).object.sha == "b" * 40
            assert github.find("/git/ref/tags/v1.1.0", Reference) is None
