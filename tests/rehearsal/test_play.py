"""The play's hands do what people and GitHub do: merges keep a commit's own words, and lose nobody's work."""

from pathlib import Path

import pytest

from tests.harness.checkout import run_git
from tests.harness.errors import ScenarioError
from tests.harness.github import LocalGitHub
from tests.rehearsal.play import Play
from tests.review.github_state import State
from tests.workflows.repository import Repository
from tests.workflows.stage import Stage

TRAILER = "Lathe-Version: v1.0.0"


@pytest.fixture
def play(tmp_path: Path) -> Play:
    """Over a bare origin and a clone with one commit on main."""
    origin, folder = tmp_path / "origin.git", tmp_path / "clone"
    run_git(tmp_path, "init", "--quiet", "--bare", "--initial-branch=main", str(origin))
    run_git(tmp_path, "clone", "--quiet", str(origin), str(folder))
    repository = Repository(folder, origin)
    repository.git("switch", "--quiet", "--create", "main")
    commit_file(repository, "README.md", "Begin")
    repository.publish("main")
    github = LocalGitHub(State({"git": str(origin)}), "http://127.0.0.1:9")
    return Play(Stage(tmp_path, tmp_path, repository, github, "", repository.git("rev-parse", "main")), {})


def commit_file(repository: Repository, name: str, message: str) -> str:
    (repository.folder / name).write_text(message, encoding="utf-8")
    return repository.commit(message)


def test_a_merge_keeps_the_commits_own_words_and_what_came_in_between(play: Play) -> None:
    repository = play.stage.repository
    repository.start_branch("promote/prod-eks")
    commit_file(repository, "overlay", f"Run v1.0.0\n\nWords.\n\n{TRAILER}")
    pull, hosted = play.propose("promote/prod-eks")
    play.pull_main()
    commit_file(repository, "other", "Somebody was faster")
    repository.publish("main")
    assert play.find_pull("prod-eks") == hosted
    commit = play.merge(hosted)
    assert play.head == commit
    assert run_git(repository.origin, "show", "--no-patch", "--format=%(trailers:only)", commit).strip() == TRAILER
    assert [one.subject for one in play.list_landed()] == ["Somebody was faster", f"Run v1.0.0 (#{pull.number})"]
    assert play.list_landed() == []
    assert hosted["state"] == "closed"


def test_a_branch_of_two_commits_is_not_merged(play: Play) -> None:
    play.stage.repository.start_branch("two")
    for name in ("one", "two"):
        commit_file(play.stage.repository, name, name)
    _, hosted = play.propose("two")
    with pytest.raises(ScenarioError, match="has 2 commits"):
        play.merge(hosted)


def test_a_pull_request_that_is_not_there_is_said(play: Play) -> None:
    with pytest.raises(ScenarioError, match="0 open pull requests"):
        play.find_pull("prod-gke")


def test_a_tag_is_annotated_and_pushed(play: Play) -> None:
    play.push_tag("v1.0.0", play.head)
    assert run_git(play.stage.repository.origin, "cat-file", "-t", "v1.0.0") == "tag"
