"""The client against a real local server: pages, limits, retries, redirects, and what it says of refusals."""

import time
from typing import Any

import pytest

from cli.errors import OutsideError, RefusedError
from review.github.client import GitHub
from review.github.settings import GitHubSettings
from review.github.types import Comment, Pull, Repository
from tests.review.conftest import Serve
from tests.review.worlds import make_pull

LIMIT = {"x-ratelimit-remaining": "0"}


def list_comments(github: GitHub) -> list[int]:
    return [one.id for page in github.pages("/issues/7/comments", list[Comment]) for one in page]


def comments(count: int) -> list[dict[str, Any]]:
    link = "https://github.com/x"
    return [{"id": i, "number": 7, "body": "x", "user": None, "html_url": link} for i in range(count)]


@pytest.mark.parametrize(("count", "requests"), [(0, 1), (1, 1), (100, 1), (101, 2), (250, 3)])
def test_every_page_is_read_and_no_more(serve: Serve, count: int, requests: int) -> None:
    github, state = serve({"comments": comments(count)})
    assert list_comments(github) == list(range(count))
    assert len(state.requests) == requests


def test_a_list_without_end_is_given_up(serve: Serve) -> None:
    github, _ = serve({"comments": comments(3100)})
    with pytest.raises(OutsideError, match="more than 30 pages"):
        list_comments(github)


def test_a_next_page_elsewhere_is_not_followed(serve: Serve) -> None:
    github, state = serve()
    link = {"Link": '<http://127.0.0.1:9/steal>; rel="next"'}
    state.plant("GET", "comments", status=200, content="[]", headers=link)
    with pytest.raises(OutsideError, match=r"a next page leads to 127.0.0.1:9, expected http.*: not followed"):
        list_comments(github)


@pytest.mark.parametrize("failure", [{"status": 500}, {"status": 502}, {"status": 503}, {"cut": True}])
def test_a_passing_failure_is_waited_out(serve: Serve, waits: list[float], failure: dict[str, Any]) -> None:
    github, state = serve()
    state.plant("GET", "lathe$", times=2, **failure)
    assert github.get("", Repository).full_name == "lathe-ml/lathe"
    assert waits == [1.0, 2.0]
    assert len(state.requests) == 3


@pytest.mark.parametrize(("failure", "status"), [({"status": 500}, 500), ({"cut": True}, None)])
def test_a_lasting_failure_ends_with_what_was_asked(
    serve: Serve, waits: list[float], failure: dict[str, Any], status: int | None
) -> None:
    github, state = serve()
    state.plant("GET", "lathe$", times=9, **failure)
    with pytest.raises(OutsideError, match="GET lathe-ml/lathe") as raised:
        github.get("", Repository)
    assert (raised.value.status, raised.value.exit_code) == (status, 4)
    assert waits == [1.0, 2.0, 4.0]


@pytest.mark.parametrize("failure", [{"status": 500}, {"cut": True}])
def test_a_write_that_may_have_been_done_is_not_repeated(serve: Serve, failure: dict[str, Any]) -> None:
    github, state = serve({"pulls": [make_pull()]})
    state.plant("POST", "comments", times=2, **failure)
    with pytest.raises(OutsideError):
        github.post("/issues/7/comments", {"body": "once"}, Comment)
    assert state.requests == ["POST /repos/lathe-ml/lathe/issues/7/comments"]


@pytest.mark.parametrize(
    ("status", "headers", "message", "least", "most"),
    [
        (429, {"retry-after": "3"}, "slow down", 3, 3),
        (403, {"retry-after": "7", **LIMIT}, "secondary", 7, 7),
        (403, {}, "You have exceeded a secondary rate limit. Please wait.", 60, 60),
        (429, {}, "too many", 60, 60),
        (403, LIMIT, "API rate limit exceeded", 60, 60),
        (403, {**LIMIT, "x-ratelimit-reset": "{soon}"}, "API rate limit exceeded", 18, 21),
    ],
)
def test_a_rate_limit_is_waited_out_as_long_as_github_says(
    serve: Serve, waits: list[float], status: int, headers: dict[str, str], message: str, least: float, most: float
) -> None:
    soon = str(int(time.time()) + 20)
    github, state = serve({"pulls": [make_pull()]})
    told = {name: value.replace("{soon}", soon) for name, value in headers.items()}
    state.plant("POST", "comments", status=status, headers=told, message=message)
    github.post("/issues/7/comments", {"body": "a limit refuses before anything is done"}, Comment)
    assert len(state.data["comments"]) == 1
    assert len(waits) == 1
    assert least <= waits[0] <= most


def test_a_rate_limit_that_lasts_too_long_is_not_waited_for(serve: Serve, waits: list[float]) -> None:
    github, state = serve()
    state.plant("GET", "lathe$", status=403, headers={"retry-after": "3000"}, message="API rate limit exceeded")
    with pytest.raises(OutsideError, match=r"403 'API rate limit exceeded': the rate limit ends in 3000 s, more than"):
        github.get("", Repository)
    assert waits == []


def test_waits_together_stay_below_the_limit(serve: Serve, waits: list[float]) -> None:
    github, state = serve()
    state.plant("GET", "lathe$", times=9, status=429, headers={"retry-after": "50"})
    with pytest.raises(OutsideError, match="rate limit"):
        github.get("", Repository)
    assert waits == [50.0, 50.0]


def test_a_token_that_may_only_read_is_told_which_job_to_change(serve: Serve) -> None:
    github, state = serve({"pulls": [make_pull()]}, token="token-that-reads")
    with pytest.raises(
        OutsideError,
        match=r"^POST lathe-ml/lathe/issues/7/comments answered 403 'Resource not accessible by integration': "
        r"give the job the permission it lacks",
    ):
        github.post("/issues/7/comments", {"body": "x"}, Comment)
    assert state.data["comments"] == []


@pytest.mark.parametrize(
    ("token", "path", "match"),
    [
        ("token-of-nobody", "/pulls/7", r"401 'Bad credentials': the token is wrong or has run out"),
        ("token-that-writes", "/pulls/8", r"404 'Not Found': it is not there, or the token may not see it"),
        ("token-that-writes", f"/commits/{'f' * 40}/pulls", r"422 'No commit found for SHA: f+': GitHub refuses"),
    ],
)
def test_a_refusal_says_what_to_do(serve: Serve, token: str, path: str, match: str) -> None:
    github, _ = serve({"pulls": [make_pull()]}, token=token)
    with pytest.raises(OutsideError, match=match):
        github.get(path, Pull)


def test_a_field_that_github_refuses_is_named(serve: Serve) -> None:
    github, _ = serve({"pulls": [make_pull()]})
    with pytest.raises(OutsideError, match=r"422 'Validation Failed; body is too long \(maximum is 65536"):
        github.post("/issues/7/comments", {"body": "x" * 65_537}, Comment)


def test_no_error_and_no_object_shows_the_token(serve: Serve) -> None:
    shown = []
    for failure in ({"status": 500}, {"status": 403}, {"status": 404}, {"cut": True}, {"status": 302}):
        github, state = serve()
        state.plant("GET", "lathe$", times=9, **failure)
        with pytest.raises(OutsideError) as raised:
            github.get("", Repository)
        shown += [str(raised.value), repr(raised.value), repr(github.settings)]
    assert len(shown) == 15
    assert not [text for text in shown if "token-that-writes" in text]


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_an_answer_that_leads_to_another_host_is_not_followed(serve: Serve, status: int) -> None:
    github, state = serve()
    state.plant("GET", "lathe$", status=status, headers={"Location": "http://127.0.0.1:9/steal"})
    with pytest.raises(OutsideError, match=r"a redirect leads to 127.0.0.1:9, expected"):
        github.get("", Repository)


def test_a_repository_that_was_renamed_is_followed(serve: Serve) -> None:
    github, state = serve({"pulls": [make_pull()]})
    state.plant("GET", "pulls/1$", status=301, headers={"Location": "/repos/lathe-ml/lathe/pulls/7"})
    assert github.get("/pulls/1", Pull).number == 7


def test_a_write_is_never_redirected(serve: Serve) -> None:
    github, state = serve({"pulls": [make_pull()]})
    state.plant("POST", "comments", status=307, headers={"Location": "/repos/lathe-ml/lathe/issues/7/comments"})
    with pytest.raises(OutsideError, match=r"POST .* was redirected"):
        github.post("/issues/7/comments", {"body": "x"}, Comment)
    assert state.data["comments"] == []


def test_redirects_in_a_circle_end(serve: Serve) -> None:
    github, state = serve()
    state.plant("GET", "lathe$", times=9, status=302, headers={"Location": "/repos/lathe-ml/lathe"})
    with pytest.raises(OutsideError, match="redirects more than 3 times"):
        github.get("", Repository)


def test_a_file_is_fetched_from_another_host_without_the_token(serve: Serve) -> None:
    github, state = serve({"contents": {"assets/5": {"text": "hello"}}})
    assert github.download("/releases/assets/5", 100) == b"hello"
    assert state.violations == []


def test_a_file_is_not_fetched_in_the_clear(serve: Serve) -> None:
    github, state = serve()
    state.plant("GET", "assets", status=302, headers={"Location": "http://example.test/file"})
    with pytest.raises(OutsideError, match=r"a redirect leads to example\.test"):
        github.download("/releases/assets/5", 100)


@pytest.mark.parametrize(("size", "fits"), [(100, True), (101, False), (5_000_000, False)])
def test_a_file_is_taken_up_to_its_limit(serve: Serve, size: int, fits: bool) -> None:
    github, _ = serve({"contents": {"assets/5": {"text": "x" * size}}})
    if fits:
        assert len(github.download("/releases/assets/5", 100)) == size
    else:
        with pytest.raises(RefusedError, match="is larger than 100 bytes: not taken"):
            github.download("/releases/assets/5", 100)


@pytest.mark.parametrize("content", ["", "<html>", "[]", '{"id": "one"}', "[" * 100_000])
def test_an_answer_of_another_form_is_githubs_mistake(serve: Serve, content: str) -> None:
    github, state = serve()
    state.plant("GET", "lathe$", status=200, content=content)
    with pytest.raises(OutsideError, match="answered what GitHub's API does not say"):
        github.get("", Repository)


def test_a_server_that_is_not_there_is_named() -> None:
    waits: list[float] = []
    github = GitHub(GitHubSettings("token", "lathe-ml/lathe", "http://127.0.0.1:9"), sleep=waits.append)
    with pytest.raises(OutsideError, match=r"no answer after 4 attempts: .*refused.*githubstatus"):
        github.get("", Repository)
    github.close()
    assert waits == [1.0, 2.0, 4.0]
