"""What the history of Git and GitHub's pull requests become on a dashboard."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.monitor.annotations.marks import (
    RELEASE_TAG,
    RETRAINING_TAG,
    EventMark,
    find_marks,
    mark_moves,
    mark_pulls,
    read_moves,
    read_pulls,
)
from cli.errors import InputError
from release.history.commits import Commit
from release.history.history import describe_move
from release.history.moves import Move
from release.manifests.overlays import ImageLine

MOVE: dict[str, object] = {
    "environment": "test",
    "when": "2026-11-03T14:00:00+00:00",
    "kind": "bump",
    "from": None,
    "to": "v1.2.0",
    "digest": "sha256:abc",
    "by": "Ada",
    "why": None,
    "commit": "0123456789abcdef0123",
    "problem": None,
}
PULL: dict[str, object] = {
    "number": 12,
    "title": "Train ai4i anew",
    "head": {"ref": "retrain/ai4i", "sha": "abc"},
    "created_at": "2026-11-03T14:00:00Z",
    "closed_at": None,
    "merged_at": None,
}
MARK = EventMark(1000, 2000, "text", ["a", "b"])


def write(path: Path, *entries: dict[str, object]) -> Path:
    path.write_text(json.dumps(entries), encoding="utf-8")
    return path


def test_a_release_is_marked_with_its_environment_and_its_commit(tmp_path: Path) -> None:
    (mark,) = mark_moves(read_moves(write(tmp_path / "history.json", MOVE)))
    assert mark.time == mark.time_end == 1793714400000
    assert mark.text == "v1.2.0: bump, by Ada"
    assert mark.tags == [RELEASE_TAG, "lathe-test", "v1.2.0", "0123456789"]


def test_a_rollback_says_from_where_and_why(tmp_path: Path) -> None:
    move = MOVE | {"kind": "rollback", "from": "v1.3.0", "why": "errors\nin L"}
    (mark,) = mark_moves(read_moves(write(tmp_path / "history.json", move)))
    assert mark.text == "v1.2.0: rollback from v1.3.0, by Ada. errors in L"


def test_an_environment_that_lost_its_version_is_marked_and_one_that_never_had_one_is_not(tmp_path: Path) -> None:
    moves = [MOVE | {"from": "v1.1.0", "to": None}, MOVE | {"to": None}]
    marks = mark_moves(read_moves(write(tmp_path / "history.json", *moves)))
    assert [mark.text for mark in marks] == ["no release: bump from v1.1.0, by Ada"]


@pytest.mark.parametrize(
    ("more", "state", "lasted"),
    [
        ({}, "open", 0),
        ({"closed_at": "2026-11-03T14:00:05Z"}, "closed", 5000),
        ({"closed_at": "2026-11-03T14:00:05Z", "merged_at": "2026-11-03T14:00:04Z"}, "merged", 4000),
    ],
)
def test_a_retraining_lasts_from_its_pull_request_to_its_end(
    tmp_path: Path, more: dict[str, object], state: str, lasted: int
) -> None:
    other = PULL | {"head": {"ref": "docs/typo"}, "number": 13}
    (mark,) = mark_pulls(read_pulls(write(tmp_path / "pulls.json", PULL | more, other)))
    assert mark.text == f"#12 {state}: Train ai4i anew"
    assert mark.tags == [RETRAINING_TAG, state, "#12"]
    assert mark.time_end - mark.time == lasted


@pytest.mark.parametrize("text", ["", "{}", "[{}]", '[{"environment": 1}]'])
def test_another_document_is_refused_in_one_line(tmp_path: Path, text: str) -> None:
    (tmp_path / "other.json").write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=r"other.json is not what `release history --json` prints: ") as refused:
        read_moves(tmp_path / "other.json")
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("tags", "any_tag", "start", "end", "is_found"),
    [
        (["a"], False, None, None, True),
        (["a", "b"], False, None, None, True),
        (["a", "c"], False, None, None, False),
        (["a", "c"], True, None, None, True),
        (["c"], True, None, None, False),
        ([], False, None, None, True),
        (["a"], False, 2000, 3000, True),
        (["a"], False, 0, 1000, True),
        (["a"], False, 2001, 3000, False),
        (["a"], False, 0, 999, False),
    ],
)
def test_marks_are_found_by_tags_and_time_as_grafana_finds_them(
    tags: list[str], any_tag: bool, start: int | None, end: int | None, is_found: bool
) -> None:
    assert bool(find_marks([MARK], tags, 10, start, end, any_tag=any_tag)) == is_found


@given(st.lists(st.integers(0, 50)), st.integers(0, 9))
def test_the_newest_come_first_and_no_more_than_wanted(times: list[int], limit: int) -> None:
    marks = [EventMark(time, time, "", ["a"]) for time in times]
    found = [mark.time for mark in find_marks(marks, ["a"], limit, any_tag=False)]
    assert found == sorted(times, reverse=True)[:limit]


def test_the_history_that_the_release_part_prints_is_what_is_read(tmp_path: Path) -> None:
    when = datetime(2026, 11, 3, 14, 0, tzinfo=UTC)
    message = "Run v1.3.0 in test\n\nReason: trained anew\n"
    commit = Commit("0123456789abcdef", when, "Ada", message)
    old, new = (ImageLine("predictor", "registry.test/predictor", tag, None) for tag in ("v1.2.0", "v1.3.0"))
    move = describe_move(Move("test", commit, old, new), {})
    (mark,) = mark_moves(read_moves(write(tmp_path / "history.json", move)))
    assert mark.text.startswith("v1.3.0: bump from v1.2.0, by Ada")
    assert mark.tags == [RELEASE_TAG, "lathe-test", "v1.3.0", "0123456789"]
