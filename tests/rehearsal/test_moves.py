"""The proofs over Git's history, each seen to fail on a planted commit in a real repository."""

from pathlib import Path

import pytest

from tests.harness.checkout import run_git
from tests.harness.errors import ScenarioError
from tests.rehearsal.commits import list_commits
from tests.rehearsal.moves import check_moves, list_named

NAME = "ghcr.io/lathe-ml/lathe-predictor"
DIGEST = f"sha256:{'a' * 64}"
OVERLAY = """\
kind: Kustomization
images:
  - name: predictor
    newName: ghcr.io/lathe-ml/lathe-predictor
    newTag: v0.0.0 # not released yet
"""
MOVED = OVERLAY.replace("v0.0.0 # not released yet", f"v1.0.0\n    digest: {DIGEST}")


@pytest.fixture
def start(tmp_path: Path) -> str:
    """A repository with two overlays that name no release; its commit."""
    run_git(tmp_path, "init", "--quiet", "--initial-branch=main")
    write(tmp_path, "test", OVERLAY)
    write(tmp_path, "prod-eks", OVERLAY)
    return commit(tmp_path, "Begin")


def write(folder: Path, environment: str, text: str) -> None:
    path = folder / "gitops" / "overlays" / environment / "kustomization.yaml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def commit(folder: Path, message: str) -> str:
    run_git(folder, "add", "--all")
    run_git(folder, "commit", "--quiet", "--message", message)
    return run_git(folder, "rev-parse", "HEAD")


def test_a_move_is_shown_with_its_two_lines(tmp_path: Path, start: str) -> None:
    write(tmp_path, "test", MOVED)
    commit(tmp_path, "Run v1.0.0 in test")
    (move,) = list_commits(tmp_path, start)
    assert (move.subject, move.environments) == ("Run v1.0.0 in test", ("test",))
    assert [line.strip() for line in move.lines] == [
        "-    newTag: v0.0.0 # not released yet",
        "+    newTag: v1.0.0",
        f"+    digest: {DIGEST}",
    ]
    assert check_moves(tmp_path, start) == 1
    assert list_named(tmp_path, start) == {f"{NAME}:v1.0.0@{DIGEST}"}


def test_a_commit_that_moves_two_environments_is_found(tmp_path: Path, start: str) -> None:
    write(tmp_path, "test", MOVED)
    write(tmp_path, "prod-eks", MOVED)
    commit(tmp_path, "Run v1.0.0 everywhere")
    with pytest.raises(ScenarioError, match="everywhere"):
        check_moves(tmp_path, start)


def test_a_move_that_changes_another_line_is_found(tmp_path: Path, start: str) -> None:
    write(tmp_path, "test", MOVED.replace("kind: Kustomization", "kind: Component"))
    commit(tmp_path, "Run v1.0.0 in test")
    with pytest.raises(ScenarioError, match="besides newTag and digest"):
        check_moves(tmp_path, start)


def test_a_history_without_a_move_proves_nothing(tmp_path: Path, start: str) -> None:
    with pytest.raises(ScenarioError, match="no commit moved"):
        check_moves(tmp_path, start)
    with pytest.raises(ScenarioError, match="no overlay named"):
        list_named(tmp_path, start)


def test_an_image_that_was_named_for_one_commit_only_is_listed(tmp_path: Path, start: str) -> None:
    write(tmp_path, "test", MOVED.replace("v1.0.0", "v9.9.9"))
    commit(tmp_path, "Run v9.9.9 in test")
    write(tmp_path, "test", MOVED)
    commit(tmp_path, "Run v1.0.0 in test")
    assert list_named(tmp_path, start) == {f"{NAME}:v1.0.0@{DIGEST}", f"{NAME}:v9.9.9@{DIGEST}"}


def test_a_tag_without_a_digest_is_found(tmp_path: Path, start: str) -> None:
    write(tmp_path, "test", OVERLAY.replace("v0.0.0 # not released yet", "v1.0.0"))
    commit(tmp_path, "Run v1.0.0 in test")
    with pytest.raises(ScenarioError, match="without a digest"):
        list_named(tmp_path, start)
