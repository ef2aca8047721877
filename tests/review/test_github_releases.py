"""Releases as the stand-in plays them, by the rules of GitHub that an announcement has to live with."""

from collections.abc import Iterator

import httpx
import pytest

from tests.review.github_server import run_server
from tests.review.github_state import State

HEADERS = {
    "Authorization": "Bearer token-that-writes",
    "Accept": "application/vnd.github+json",
    "X-GitHub-Api-Version": "2022-11-28",
}
TAGS = {"v1.0.0": {"commit": "a" * 40, "tag": "b" * 40}, "v1.1.0": {"commit": "c" * 40, "tag": "d" * 40}}


@pytest.fixture
def api() -> Iterator[tuple[httpx.Client, State]]:
    with (
        run_server({"tags": {**TAGS, "light": {"commit": "e" * 40}}}) as (server, state),
        httpx.Client(base_url=f"{server.address}/repos/lathe-ml/lathe", headers=HEADERS) as client,
    ):
        yield client, state


def make_draft(client: httpx.Client, tag: str = "v1.0.0") -> dict[str, str]:
    found: dict[str, str] = client.post("/releases", json={"tag_name": tag, "draft": True}).json()
    return found


def upload(client: httpx.Client, draft: dict[str, str], name: str, content: bytes = b"x") -> httpx.Response:
    place = draft["upload_url"].partition("{")[0]
    return client.post(place, params={"name": name}, content=content, headers={"Content-Type": "text/plain"})


def test_a_draft_is_in_the_list_of_writers_and_nowhere_else(api: tuple[httpx.Client, State]) -> None:
    client, _ = api
    make_draft(client)
    assert client.get("/releases/tags/v1.0.0").status_code == client.get("/releases/latest").status_code == 404
    assert [one["tag_name"] for one in client.get("/releases").json()] == ["v1.0.0"]
    assert client.get("/releases", headers={"Authorization": "Bearer token-that-reads"}).json() == []


def test_a_name_is_taken_once_and_github_says_what_it_stored(api: tuple[httpx.Client, State]) -> None:
    client, _ = api
    draft = make_draft(client)
    stored = upload(client, draft, "a.txt")
    assert (stored.status_code, stored.json()["digest"][:15], stored.json()["size"]) == (201, "sha256:2d711642", 1)
    again = upload(client, draft, "a.txt", b"other")
    assert (again.status_code, again.json()["errors"][0]["code"]) == (422, "already_exists")
    assert upload(client, draft, "").status_code == 422
    client.delete(f"/releases/assets/{stored.json()['id']}")
    assert upload(client, draft, "a.txt", b"other").status_code == 201


def test_a_half_upload_takes_the_name_and_only_the_list_of_assets_shows_it(api: tuple[httpx.Client, State]) -> None:
    client, state = api
    draft = make_draft(client)
    state.plant("POST", "assets", status=502, starter=True)
    assert upload(client, draft, "a.txt").status_code == 502
    assert client.get(f"/releases/{draft['id']}").json()["assets"] == []
    assert [one["state"] for one in client.get(f"/releases/{draft['id']}/assets").json()] == ["starter"]
    assert upload(client, draft, "a.txt").status_code == 422


def test_a_tag_has_one_published_release(api: tuple[httpx.Client, State]) -> None:
    client, _ = api
    first, second = make_draft(client), make_draft(client)
    assert client.patch(f"/releases/{first['id']}", json={"draft": False}).status_code == 200
    assert client.patch(f"/releases/{second['id']}", json={"draft": False}).status_code == 422
    assert client.get("/releases/tags/v1.0.0").json()["id"] == first["id"]
    assert client.delete(f"/releases/{second['id']}").status_code == 204


def test_the_latest_is_the_one_that_was_said_to_be(api: tuple[httpx.Client, State]) -> None:
    client, _ = api
    for tag, latest in (("v1.1.0", "true"), ("v1.0.0", "false")):
        client.patch(f"/releases/{make_draft(client, tag)['id']}", json={"draft": False, "make_latest": latest})
    assert client.get("/releases/latest").json()["tag_name"] == "v1.1.0"


def test_publishing_without_a_tag_is_a_violation(api: tuple[httpx.Client, State]) -> None:
    client, state = api
    client.patch(f"/releases/{make_draft(client, 'v9.0.0')['id']}", json={"draft": False})
    assert state.violations == ["publishing made the tag v9.0.0"]


def test_changing_a_published_release_is_a_violation(api: tuple[httpx.Client, State]) -> None:
    client, state = api
    draft = make_draft(client)
    client.patch(f"/releases/{draft['id']}", json={"draft": False})
    upload(client, draft, "late.txt")
    assert state.violations == ['an asset of the published release "v1.0.0" was changed']


def test_an_annotated_tag_is_told_from_a_light_one(api: tuple[httpx.Client, State]) -> None:
    client, _ = api
    assert client.get("/git/ref/tags/v1.0.0").json()["object"] == {"type": "tag", "sha": "b" * 40}
    assert client.get(f"/git/tags/{'b' * 40}").json()["object"]["sha"] == "a" * 40
    assert client.get("/git/ref/tags/light").json()["object"]["type"] == "commit"
    assert client.get("/git/ref/tags/v9.0.0").status_code == 404
    assert client.get(f"/git/tags/{'9' * 40}").status_code == 404


@pytest.mark.parametrize("headers", [{"Authorization": "Bearer token-that-reads"}, {"Content-Type": ""}])
def test_an_upload_that_github_would_refuse_is_refused(
    api: tuple[httpx.Client, State], headers: dict[str, str]
) -> None:
    client, state = api
    draft = make_draft(client)
    place = draft["upload_url"].partition("{")[0]
    given = {"Content-Type": "text/plain", **headers}
    assert client.post(place, params={"name": "a"}, content=b"x", headers=given).status_code in {400, 403}
    assert state.data["releases"][0]["assets"] == []
