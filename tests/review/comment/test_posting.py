"""One comment on the pull request, whatever else stands there and whoever posts at the same time."""

import contextlib
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from cli.errors import OutsideError
from review.comment.posting import post_comment, read_run
from review.comment.text import MARKER, mark_run
from review.github.client import GitHub
from tests.review.conftest import Serve
from tests.review.github_state import State
from tests.review.worlds import make_pull

BOT = {"login": "github-actions[bot]"}


def body(run: int, text: str = "the report") -> str:
    return f"{MARKER}\n{mark_run(run)}\n\n{text} of {run}\n"


def comment(comment_id: int, text: str, user: dict[str, str] | None = BOT, number: int = 7) -> dict[str, Any]:
    link = f"https://github.com/lathe-ml/lathe/pull/7#issuecomment-{comment_id}"
    return {"id": comment_id, "number": number, "body": text, "user": user, "html_url": link}


def read_ours(state: State) -> list[str]:
    return [one["body"] for one in state.data["comments"] if MARKER in (one["body"] or "") and one["user"] == BOT]


def read_writes(state: State) -> list[str]:
    return [f"{write['method']} {write['path'].rpartition('/lathe-ml/lathe/')[2]}" for write in state.writes]


def test_the_first_report_is_a_new_comment(serve: Serve) -> None:
    github, state = serve({"pulls": [make_pull()]})
    address = post_comment(github, 7, body(1))
    assert read_ours(state) == [body(1)]
    assert read_writes(state) == ["POST issues/7/comments"]
    assert address.startswith("https://github.com/lathe-ml/lathe/pull/7#issuecomment-")


def test_later_reports_update_it(serve: Serve) -> None:
    github, state = serve({"pulls": [make_pull()]})
    addresses = {post_comment(github, 7, body(run)) for run in (1, 2, 3)}
    assert read_ours(state) == [body(3)]
    assert len(addresses) == 1
    assert [write.partition(" ")[0] for write in read_writes(state)] == ["POST", "PATCH", "PATCH"]


def test_the_same_report_again_writes_nothing(serve: Serve) -> None:
    github, state = serve({"pulls": [make_pull()], "comments": [comment(1, body(5))]})
    post_comment(github, 7, body(5))
    assert state.writes == []


def test_ours_is_found_behind_pages_of_talk(serve: Serve) -> None:
    talk = [comment(index, f"opinion {index}", {"login": "somebody"}) for index in range(1, 250)]
    github, state = serve({"pulls": [make_pull()], "comments": [*talk, comment(250, body(1))]})
    post_comment(github, 7, body(2))
    assert read_writes(state) == ["PATCH issues/comments/250"]


@pytest.mark.parametrize(
    "other",
    [
        comment(1, body(1), {"login": "stranger"}),  # a person who knows the marker
        comment(1, body(1), {"login": "another-app[bot]"}),
        comment(1, body(1), None),  # of a deleted account
        comment(1, f"> {body(1)}"),  # our own bot quotes it
        comment(1, body(1), number=8),
    ],
)
def test_nobody_elses_comment_is_touched(serve: Serve, other: dict[str, Any]) -> None:
    github, state = serve({"pulls": [make_pull(), make_pull(8)], "comments": [dict(other)]})
    post_comment(github, 7, body(2))
    assert state.data["comments"][0] == other
    assert read_writes(state) == ["POST issues/7/comments"]


def test_an_apps_own_login_can_be_given(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LATHE_BOT_LOGIN", "lathe-app[bot]")
    app = {"login": "lathe-app[bot]"}
    github, state = serve({"pulls": [make_pull()], "login": "lathe-app[bot]", "comments": [comment(1, body(1), app)]})
    post_comment(github, 7, body(2))
    assert read_writes(state) == ["PATCH issues/comments/1"]


def test_an_app_that_nobody_named_is_learnt_from_its_first_comment(serve: Serve) -> None:
    app = {"login": "lathe-app[bot]"}
    github, state = serve({"pulls": [make_pull()], "login": "lathe-app[bot]", "comments": [comment(1, body(1), app)]})
    post_comment(github, 7, body(2))
    assert [one["body"] for one in state.data["comments"]] == [body(2)]


def test_duplicates_of_an_earlier_race_are_removed(serve: Serve) -> None:
    left = [comment(index, body(index)) for index in (1, 2, 3)]
    github, state = serve({"pulls": [make_pull()], "comments": left})
    post_comment(github, 7, body(4))
    assert read_ours(state) == [body(4)]
    assert read_writes(state) == ["PATCH issues/comments/1", "DELETE issues/comments/2", "DELETE issues/comments/3"]


def test_an_older_run_that_ends_later_changes_nothing(serve: Serve) -> None:
    github, state = serve({"pulls": [make_pull()], "comments": [comment(1, body(9))]})
    post_comment(github, 7, body(4))
    assert read_ours(state) == [body(9)]
    assert state.writes == []


@pytest.mark.parametrize("runs", [(1, 2), (2, 1), (3, 3)])
def test_two_runs_at_once_leave_one_comment_with_the_newer_report(serve: Serve, runs: tuple[int, int]) -> None:
    github, state = serve({"pulls": [make_pull()]})
    state.plant("GET", "issues/7/comments", times=2, barrier=2)  # both look before either has posted
    second = GitHub(github.settings)
    with contextlib.closing(second), ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda client, run: post_comment(client, 7, body(run)), (github, second), runs))
    assert sum(write["method"] == "POST" for write in state.writes) == 2  # they did race
    assert read_ours(state) == [body(max(runs))]


def test_a_duplicate_that_another_run_removed_is_no_error(serve: Serve) -> None:
    github, state = serve({"pulls": [make_pull()], "comments": [comment(1, body(1)), comment(2, body(2))]})
    state.plant("DELETE", "comments/2", status=404, message="Not Found")
    post_comment(github, 7, body(3))
    assert body(3) in read_ours(state)


def test_a_duplicate_that_may_not_be_removed_is_one(serve: Serve) -> None:
    github, state = serve({"pulls": [make_pull()], "comments": [comment(1, body(1)), comment(2, body(2))]})
    state.plant("DELETE", "comments/2", status=403, message="Resource not accessible by integration")
    with pytest.raises(OutsideError, match="permission"):
        post_comment(github, 7, body(3))


@pytest.mark.parametrize(("text", "run"), [(body(12), 12), (MARKER, 0), ("x" * 300 + mark_run(5), 0)])
def test_the_run_is_read_from_the_hidden_lines(text: str, run: int) -> None:
    assert read_run(text) == run
