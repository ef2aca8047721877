"""Methods, and one message for one cause, over all routes."""

import json
from collections import defaultdict
from typing import Any

import httpx
import pytest

from contract.bundle import Bundle
from tests.app.predictor.running import RunningServer
from tests.app.predictor.server.wire.talk import make_head, split_answers, talk
from tests.app.predictor.test_application import assert_error_shape, list_operations

VARYING = ("date", "x-request-id")


def list_paths(client: httpx.Client, bundle: Bundle, method: str) -> list[str]:
    hidden = ["/", "/page/main.js", "/openapi.json"] if method == "GET" else []
    return [path for found, path in list_operations(client, bundle) if found == method] + hidden


def test_head_says_what_get_says_without_the_body(client: httpx.Client, bundle: Bundle, server: RunningServer) -> None:
    paths = list_paths(client, bundle, "GET")
    assert len(paths) > 10
    for path in paths:
        got, head = client.get(path), client.head(path)
        assert head.status_code == got.status_code == httpx.codes.OK
        assert head.content == b""
        named = [{k: v for k, v in one.headers.items() if k not in VARYING} for one in (got, head)]
        if path == "/metrics":
            assert int(named[1].pop("content-length")) > 0
            del named[0]["content-length"]
        assert named[0] == named[1], path
        # nothing is left on the connection
        raw = make_head(path, method="HEAD", last=False) + make_head("/healthz", method="GET")
        assert talk(server, raw).endswith(b'{"status":"alive"}')


@pytest.mark.parametrize("path", ["/nothing", "/v1/predict", "/v2/models/other", "/page/nothing.js"])
def test_head_of_what_is_not_there_has_the_status_of_get(client: httpx.Client, path: str) -> None:
    got, head = client.get(path), client.head(path)
    assert head.status_code == got.status_code
    assert head.headers.get("allow") == got.headers.get("allow")
    assert head.content == b""


def test_a_page_that_is_known_is_not_sent_again_to_head(client: httpx.Client) -> None:
    etag = client.head("/").headers["etag"]
    assert client.head("/", headers={"if-none-match": etag}).status_code == httpx.codes.NOT_MODIFIED


def test_every_route_tells_its_methods(client: httpx.Client, bundle: Bundle) -> None:
    for method, allow in (("GET", "GET, HEAD, OPTIONS"), ("POST", "OPTIONS, POST")):
        for path in list_paths(client, bundle, method):
            told = client.options(path)
            assert (told.status_code, told.headers["allow"], told.content) == (204, allow, b""), path
            for other in ("DELETE", "PUT", "TRACE", "POST" if method == "GET" else "GET"):
                refused = client.request(other, path)
                assert (refused.status_code, refused.headers["allow"]) == (405, allow), path
                assert_error_shape(refused)
                assert allow in refused.text
    assert client.options("/nothing").status_code == httpx.codes.NOT_FOUND


def tell(answer: httpx.Response) -> tuple[int, str, str]:
    told = answer.json()
    if isinstance(told["error"], str):
        return answer.status_code, told["code"], told["error"]
    return answer.status_code, told["error"]["code"], told["error"]["message"]


CAUSES: dict[str, tuple[bytes, str]] = {
    "empty": (b"", "application/json"),
    "blank": (b" \r\n\t", "application/json"),
    "not JSON": (b"{,", "application/json"),
    "not UTF-8": (b'{"\xff": 1}', "application/json"),
    "cut": (b'{"a"', "application/json"),
    "deep": (b"[" * 5000, "application/json"),
}


@pytest.mark.parametrize("cause", CAUSES)
def test_one_cause_has_one_message(client: httpx.Client, bundle: Bundle, cause: str) -> None:
    body, content_type = CAUSES[cause]
    told = defaultdict(list)
    for path in list_paths(client, bundle, "POST"):
        if path != "/v1/batch":
            told[tell(client.post(path, content=body, headers={"content-type": content_type}))].append(path)
    assert len(told) == 1, told
    ((status, code, message),) = told
    assert (status, code) == (400, "malformed_json")
    assert ("is empty" in message) == (cause in ("empty", "blank"))


@pytest.mark.parametrize("content_type", ["text/csv", "application/x-ndjson"])
@pytest.mark.parametrize("body", [b"", b"\n", b" \r\n\r\n ", b"\xef\xbb\xbf"], ids=str)
def test_an_empty_upload_is_told_so(client: httpx.Client, content_type: str, body: bytes) -> None:
    answer = client.post("/v1/batch", content=body, headers={"content-type": content_type})
    assert tell(answer)[:2] == (422, "no_rows")
    assert "the body is empty" in tell(answer)[2]


def test_another_model_is_refused_in_one_way(client: httpx.Client) -> None:
    for model in ("/v2/models/other", "/v2/models/other/versions/1"):
        told = {
            tell(client.get(model)),
            tell(client.get(f"{model}/ready")),
            tell(client.post(f"{model}/infer", json={})),
        }
        assert len(told) == 1, told


def test_too_many_rows_are_refused_in_one_way(client: httpx.Client, bundle: Bundle, row: dict[str, Any]) -> None:
    tensor = {"name": "rows", "shape": [10_001, len(row)], "datatype": "FP64", "data": [1.0] * 10_001 * len(row)}
    many = tell(client.post(f"/v2/models/{bundle.manifest.name}/infer", json={"inputs": [tensor]}))
    assert many == tell(client.post("/v1/predict", content=json.dumps({"rows": [row] * 10_001})))
    none = tensor | {"shape": [0, len(row)], "data": []}
    assert tell(client.post(f"/v2/models/{bundle.manifest.name}/infer", json={"inputs": [none]})) == tell(
        client.post("/v1/predict", json={"rows": []})
    )


ACCEPTED = {
    "application/openmetrics-text": "application/openmetrics-text; version=1.0.0",
    "application/openmetrics-text;version=1.0.0,text/plain;q=0.5": "application/openmetrics-text; version=1.0.0",
    "application/openmetrics-text;version=abc": "text/plain; version=0.0.4",
    "application/openmetrics-text;version=9.9": "text/plain; version=0.0.4",
    "application/openmetrics-text;version=abc,text/plain;version=1.0.0": "text/plain; version=1.0.0",
    "application/openmetrics-text;q=0": "text/plain; version=0.0.4",
    "application/openmetrics-text;version=": "text/plain; version=0.0.4",
    "text/plain;version=1.0.0": "text/plain; version=1.0.0",
    "text/plain;version=1e9": "text/plain; version=0.0.4",
    "text/plain;version=" + "9" * 5000: "text/plain; version=0.0.4",
    "text/plain" + ";a=b" * 400: "text/plain; version=0.0.4",
    "application/openmetrics-text;escaping=nonsense;version=1.0.0": "application/openmetrics-text; version=1.0.0",
    "," * 400: "text/plain; version=0.0.4",
    "text/html;;;=;version": "text/plain; version=0.0.4",
    "": "text/plain; version=0.0.4",
    "*/*": "text/plain; version=0.0.4",
}


@pytest.mark.parametrize("accept", ACCEPTED, ids=lambda accept: accept[:40])
def test_a_scrape_is_answered_whatever_it_accepts(client: httpx.Client, accept: str) -> None:
    answer = client.get("/metrics", headers={"accept": accept})
    assert answer.status_code == httpx.codes.OK
    assert answer.headers["content-type"].startswith(ACCEPTED[accept])
    assert "lathe_ready" in answer.text


@pytest.mark.parametrize("accept", ["text/plain" + ";a=b" * 5000, "," * 5000], ids=["parameters", "commas"])
def test_a_scrape_that_accepts_thousands_of_formats_is_refused(client: httpx.Client, accept: str) -> None:
    answer = client.get("/metrics", headers={"accept": accept})
    assert answer.status_code == httpx.codes.REQUEST_HEADER_FIELDS_TOO_LARGE


def test_lower_case_methods_and_odd_versions_are_refused(server: RunningServer) -> None:
    for head in (b"get / HTTP/1.1\r\nhost: x\r\n\r\n", b"GET / HTTP/2.0\r\nhost: x\r\n\r\n", b"GET /\r\n\r\n"):
        (answer,) = split_answers(talk(server, head))
        assert (answer.status, answer.code) == (400, "malformed_http")
