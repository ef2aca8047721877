"""A retraining has one pull request, and nothing here can merge it."""

from pathlib import Path
from typing import Any

import pytest

from cli.errors import InputError, OutsideError, RefusedError
from review.retrain import open_pull, read_body
from tests.review.conftest import Serve
from tests.review.worlds import FORK, OURS, make_pull

BRANCH = "retrain/ai4i"
GIVEN = {"branch": BRANCH, "base": "main", "title": "Retrain ai4i", "body": "Drift."}
WORLD = {"branches": ["main", BRANCH]}


def retrain_pull(number: int = 3, **changes: Any) -> dict[str, Any]:
    return make_pull(number, **{"head": {"sha": "d" * 40, "ref": BRANCH, "repo": OURS}, **changes})


def test_the_first_retraining_opens_a_pull_request(serve: Serve) -> None:
    github, state = serve(WORLD)
    pull, is_new = open_pull(github, **GIVEN)
    assert is_new
    assert [(write["method"], write["body"]["head"], write["body"]["base"]) for write in state.writes] == [
        ("POST", BRANCH, "main")
    ]
    assert state.data["pulls"][0]["number"] == pull.number
    assert state.data["pulls"][0]["title"] == "Retrain ai4i"


def test_the_next_ones_update_it(serve: Serve) -> None:
    github, state = serve(WORLD)
    numbers = {open_pull(github, **{**GIVEN, "body": f"Drift of day {day}."})[0].number for day in range(3)}
    assert len(numbers) == len(state.data["pulls"]) == 1
    assert state.data["pulls"][0]["body"] == "Drift of day 2."


def test_a_closed_one_is_not_opened_again(serve: Serve) -> None:
    github, state = serve({**WORLD, "pulls": [retrain_pull(state="closed")]})
    _, is_new = open_pull(github, **GIVEN)
    assert is_new
    assert [pull["state"] for pull in state.data["pulls"]] == ["closed", "open"]


def test_a_forks_branch_of_the_same_name_is_left_alone(serve: Serve) -> None:
    stranger = retrain_pull(head={"sha": "d" * 40, "ref": BRANCH, "repo": {**FORK, "full_name": "lathe-ml/other"}})
    github, state = serve({**WORLD, "pulls": [stranger]})
    with pytest.raises(OutsideError, match="A pull request already exists"):  # GitHub itself sees the owner only
        open_pull(github, **GIVEN)
    assert state.data["pulls"] == [stranger]


def test_a_race_for_the_first_one_ends_with_an_update(serve: Serve) -> None:
    github, state = serve({**WORLD, "pulls": [retrain_pull()]})
    state.plant("GET", "/pulls", status=200, content="[]")  # the other run's is not listed yet
    pull, is_new = open_pull(github, **GIVEN)
    assert (pull.number, is_new) == (3, False)
    assert [(write["method"], write["status"]) for write in state.writes] == [("POST", 422), ("PATCH", 200)]


def test_two_open_ones_are_refused(serve: Serve) -> None:
    github, state = serve({**WORLD, "pulls": [retrain_pull(3), retrain_pull(4)]})
    with pytest.raises(RefusedError, match="has 2 open pull requests, expected at most one"):
        open_pull(github, **GIVEN)
    assert state.writes == []


def test_a_branch_that_was_not_pushed_is_githubs_refusal(serve: Serve) -> None:
    github, _ = serve({"branches": ["main"]})
    with pytest.raises(OutsideError, match="422 'Validation Failed; invalid'"):
        open_pull(github, **GIVEN)


def test_the_setting_that_forbids_it_is_named(serve: Serve) -> None:
    github, _ = serve({**WORLD, "actions_may_open_pulls": False})
    with pytest.raises(OutsideError, match=r"403 .* allow it under Settings, Actions, General"):
        open_pull(github, **GIVEN)


@pytest.mark.parametrize(
    "changes",
    [
        {"branch": "main"},
        {"branch": "retrain/"},
        {"branch": "retrain/../main"},
        {"branch": "retrain/a..b"},
        {"branch": "retrain/a b"},
        {"branch": "other:retrain/ai4i"},
        {"branch": "retrain/" + "a" * 121},
        {"base": "-x"},
        {"base": ""},
        {"title": " "},
        {"title": "two\nlines"},
        {"title": "x" * 201},
    ],
)
def test_what_is_not_usable_is_refused_before_anything_is_asked(serve: Serve, changes: dict[str, str]) -> None:
    github, state = serve(WORLD)
    with pytest.raises(InputError):
        open_pull(github, **{**GIVEN, **changes})
    assert state.requests == []


@pytest.mark.parametrize("content", [b"x" * 20_001, b"\xff\xfe"])
def test_a_text_that_github_would_not_take_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "body.md").write_bytes(content)
    with pytest.raises(InputError):
        read_body(tmp_path / "body.md")
