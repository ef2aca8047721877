"""The stand-in itself: it answers as GitHub's documentation says, and it minds what it must mind."""

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.patience import LAST_RESORT_SECONDS
from tests.review.github_server import run_server, take_page
from tests.review.github_state import State
from tests.review.worlds import make_pull

ROOT = Path(__file__).parents[2]
HEADERS = {
    "Authorization": "Bearer token-that-writes",
    "Accept": "application/vnd.github+json",
    "X-GitHub-Api-Version": "2022-11-28",
}


@pytest.fixture
def api() -> Iterator[tuple[httpx.Client, State]]:
    with (
        run_server({"pulls": [make_pull()], "contents": {"assets/1": {"text": "x"}}}) as (server, state),
        httpx.Client(base_url=f"{server.address}/repos/lathe-ml/lathe", headers=HEADERS) as client,
    ):
        yield client, state


@pytest.mark.parametrize(
    ("page", "names"),
    [
        ("1", {"next": "2", "last": "3"}),
        ("2", {"prev": "1", "next": "3", "last": "3", "first": "1"}),
        ("3", {"prev": "2", "first": "1"}),
    ],
)
def test_pages_link_as_githubs_do(page: str, names: dict[str, str]) -> None:
    items, link = take_page(list(range(7)), "http://x/list", {"per_page": "3", "page": page, "state": "open"})
    found = httpx.Response(200, headers={"Link": link}).links
    assert items == [[0, 1, 2], [3, 4, 5], [6]][int(page) - 1]
    assert {name: httpx.URL(one["url"]).params["page"] for name, one in found.items()} == names
    assert all(httpx.URL(one["url"]).params["state"] == "open" for one in found.values())


def test_one_page_has_no_links() -> None:
    assert take_page([1, 2], "http://x/list", {}) == ([1, 2], "")


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Authorization": ""}, 401),
        ({"Authorization": "Bearer nobody"}, 401),
        ({"User-Agent": ""}, 403),
        ({"Authorization": "Bearer token-that-reads"}, 403),
        ({"Content-Type": "text/plain"}, 400),
    ],
)
def test_a_write_that_github_would_refuse_is_refused(
    api: tuple[httpx.Client, State], headers: dict[str, str], status: int
) -> None:
    client, state = api
    answer = client.post(
        "/issues/7/comments", content=b'{"body": "x"}', headers={"Content-Type": "application/json", **headers}
    )
    assert answer.status_code == status
    assert state.data["comments"] == []


@pytest.mark.parametrize(
    ("headers", "minds"),
    [({"Accept": "*/*"}, "accepts"), ({"X-GitHub-Api-Version": ""}, "names no API version")],
)
def test_a_careless_request_is_a_violation(
    api: tuple[httpx.Client, State], headers: dict[str, str], minds: str
) -> None:
    client, state = api
    assert client.get("/pulls/7", headers=headers).status_code == 200
    assert len(state.violations) == 1
    assert minds in state.violations[0]


def test_a_token_that_reaches_the_other_host_is_a_violation(api: tuple[httpx.Client, State]) -> None:
    client, state = api
    place = client.get("/releases/assets/1").headers["location"]
    assert httpx.get(place).text == "x"
    assert state.violations == []
    assert httpx.get(place, headers={"Authorization": HEADERS["Authorization"]}).status_code == 400
    assert state.violations == ["the token was sent to the host of assets/1"]


@pytest.mark.parametrize("path", ["/user", "/repos/other/lathe/pulls", "/repos/lathe-ml/lathe/unknown", "/rate_limit"])
def test_what_is_not_played_is_not_found(api: tuple[httpx.Client, State], path: str) -> None:
    client, _ = api
    assert client.get(str(client.base_url.join(path))).status_code == (403 if path == "/user" else 404)


def test_a_state_with_a_misspelt_name_is_refused() -> None:
    with pytest.raises(ValueError, match="the state has 'pull', expected only"):
        State({"pull": []})


@pytest.mark.slow
def test_as_a_process_it_tells_its_address_and_leaves_its_record(tmp_path: Path) -> None:
    (tmp_path / "state.json").write_text(json.dumps({"pulls": [make_pull()]}))
    files = ["--state", str(tmp_path / "state.json"), "--record", str(tmp_path / "record.json")]
    command = [sys.executable, "-m", "tests.review.github_server", *files]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        address = server.stdout.readline().strip().partition("=")[2]
        added: dict[str, Any] = {"pulls": [make_pull(8)], "permissions": {"reviewer": "admin"}}
        assert httpx.post(f"{address}/_state", json=added).status_code == 204
        with httpx.Client(base_url=f"{address}/repos/lathe-ml/lathe", headers=HEADERS) as client:
            client.post("/issues/8/comments", json={"body": "hello"})
            assert client.get("/collaborators/reviewer/permission").json()["permission"] == "admin"
        server.send_signal(signal.SIGTERM)
        assert server.wait(LAST_RESORT_SECONDS) == 0
    record = json.loads((tmp_path / "record.json").read_bytes())
    assert [write["status"] for write in record["writes"]] == [201]
    assert (record["violations"], record["comments"][0]["number"]) == ([], 8)
