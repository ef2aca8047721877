"""The page's files over HTTP: types, caching, HEAD, and nothing but them."""

from pathlib import Path

import httpx
import pytest

from app.predictor.assets import FOLDER, INDEX, POLICY, has_match, read_assets

FILES = sorted(path.name for path in FOLDER.iterdir())


def test_every_file_goes_out_as_it_is_with_its_type(client: httpx.Client) -> None:
    types = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml", ".html": "text/html"}
    for name in FILES:
        answer = client.get(f"/page/{name}")
        assert answer.content == (FOLDER / name).read_bytes()
        assert answer.headers["content-type"].startswith(types[Path(name).suffix])
        assert POLICY in answer.headers.get_list("content-security-policy")


def test_the_root_is_the_page(client: httpx.Client) -> None:
    answer = client.get("/")
    assert answer.content == (FOLDER / INDEX).read_bytes()
    assert "default-src 'self'" in answer.headers["content-security-policy"]
    assert "unsafe" not in answer.headers["content-security-policy"]


def test_head_has_the_headers_without_the_body(client: httpx.Client) -> None:
    head, full = client.head("/"), client.get("/")
    assert head.status_code == 200
    assert head.content == b""
    for name in ("content-length", "content-type", "etag"):
        assert head.headers[name] == full.headers[name]


def test_what_a_browser_has_already_is_not_sent_again(client: httpx.Client) -> None:
    first = client.get("/page/main.js")
    again = client.get("/page/main.js", headers={"if-none-match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["etag"] == first.headers["etag"]
    other = client.get("/page/main.js", headers={"if-none-match": '"other"'})
    assert other.status_code == 200


@pytest.mark.parametrize(
    ("stated", "matches"),
    [("", False), ('"a"', True), ('W/"a"', True), ('"b", "a"', True), ('"b"', False), ("*", True), ("a", False)],
)
def test_an_etag_is_compared_as_http_says(stated: str, matches: bool) -> None:
    assert has_match(stated, '"a"') is matches


@pytest.mark.parametrize("name", ["nothing.js", "..%2fassets.py", "%2e%2e/assets.py", "", "main.js/", "main.js%00"])
def test_nothing_else_is_there(client: httpx.Client, name: str) -> None:
    answer = client.get(f"/page/{name}")
    assert answer.status_code == 404
    assert answer.json()["error"]["code"] == "not_found"


def test_a_file_of_an_unknown_kind_is_left_out(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("none of a visitor's business")
    (tmp_path / "a.js").write_text("1")
    assert set(read_assets(tmp_path).files) == {"a.js"}
