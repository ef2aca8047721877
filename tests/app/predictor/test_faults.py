"""What nobody expected: told in brief, logged in full, counted, and survived."""

import contextlib
import json
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.app.predictor.faulty import SECRET
from tests.app.predictor.running import RunningServer, read_metrics

pytestmark = pytest.mark.slow


class FaultyServer(RunningServer):
    """A predictor whose engines fail once it is ready."""

    module = "tests.app.predictor.faulty"


def start(fault: str, bundle_folder: Path, log: Path) -> Iterator[FaultyServer]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FAULT", fault)
        server = FaultyServer(bundle_folder, log)
    try:
        yield server
    finally:
        server.kill()


@pytest.fixture(scope="module")
def failing(bundle_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[FaultyServer]:
    for server in start("error", bundle_folder, tmp_path_factory.mktemp("failing") / "log"):
        server.wait_until_ready()
        yield server


@pytest.fixture(scope="module")
def infinite(bundle_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[FaultyServer]:
    for server in start("nan", bundle_folder, tmp_path_factory.mktemp("infinite") / "log"):
        server.wait_until_ready()
        yield server


def read_log(server: RunningServer, request_id: str) -> list[dict[str, Any]]:
    lines = [json.loads(line) for line in server.log.read_text().splitlines()]
    return [line for line in lines if line.get("request_id") == request_id]


def assert_told_in_brief(server: RunningServer, answer: httpx.Response, route: str) -> None:
    assert answer.status_code == httpx.codes.INTERNAL_SERVER_ERROR
    told = answer.json()
    request_id = answer.headers["x-request-id"]
    assert told["request_id"] == request_id
    assert "something went wrong here" in answer.text
    assert SECRET not in answer.text
    assert "Traceback" not in answer.text
    logged = read_log(server, request_id)
    failed = [line for line in logged if line["event"] == "request_failed"]
    assert len(failed) == 1
    assert "Traceback" in failed[0]["exception"]
    assert SECRET in failed[0]["exception"]
    assert [line["status"] for line in logged if line["event"] == "request"] == [500]
    with httpx.Client(base_url=server.url) as client:
        counted = [name for name in read_metrics(client) if "requests_total" in name and '"500"' in name]
    assert any(f'"{route}"' in name for name in counted)


@pytest.mark.parametrize("kind", ["one row", "a few rows", "many rows", "reasons", "what if"])
def test_an_error_in_the_engine_is_a_500_without_its_story(
    failing: FaultyServer, row: dict[str, Any], kind: str
) -> None:
    route, body = {
        "one row": ("/v1/predict", row),
        "a few rows": ("/v1/predict", {"rows": [row] * 3}),
        "many rows": ("/v1/predict", {"rows": [row] * 500}),
        "reasons": ("/v1/explain", row),
        "what if": ("/v1/sweep", {"row": row, "column": next(name for name in row if name != "type")}),
    }[kind]
    assert_told_in_brief(failing, httpx.post(failing.url + route, json=body), route)
    assert httpx.get(f"{failing.url}/readyz").status_code == httpx.codes.OK


def test_the_way_of_a_request_in_pieces_tells_as_little(failing: FaultyServer, row: dict[str, Any]) -> None:
    def pieces() -> Iterator[bytes]:
        whole = json.dumps(row).encode()
        yield whole[:10]
        yield whole[10:]

    headers = {"content-type": "application/json"}
    answer = httpx.post(f"{failing.url}/v1/predict", content=pieces(), headers=headers)
    assert_told_in_brief(failing, answer, "/v1/predict")


def test_an_upload_that_fails_midway_ends_without_its_story(failing: FaultyServer, row: dict[str, Any]) -> None:
    lines = "".join(json.dumps(row) + "\n" for _ in range(100))
    answer = httpx.post(
        f"{failing.url}/v1/batch", content=lines.encode(), headers={"content-type": "application/x-ndjson"}
    )
    assert_told_in_brief(failing, answer, "/v1/batch")


@pytest.mark.parametrize("rows", [1, 3, 500])
def test_a_score_that_is_no_number_is_an_error_and_never_json(
    infinite: FaultyServer, row: dict[str, Any], rows: int
) -> None:
    answer = httpx.post(f"{infinite.url}/v1/predict", json=row if rows == 1 else {"rows": [row] * rows})
    assert answer.status_code == httpx.codes.INTERNAL_SERVER_ERROR
    assert answer.json()["error"]["code"] == "score_not_finite"
    assert "NaN" not in answer.text


def test_rows_of_an_upload_without_a_finite_score_are_rejected_one_by_one(
    infinite: FaultyServer, row: dict[str, Any]
) -> None:
    lines = "".join(json.dumps(row) + "\n" for _ in range(5))
    headers = {"content-type": "application/x-ndjson"}
    answer = httpx.post(f"{infinite.url}/v1/batch", content=lines.encode(), headers=headers)
    assert answer.status_code == httpx.codes.OK
    assert answer.text.count("score_not_finite") >= 5
    assert "NaN" not in answer.text


def test_more_requests_at_once_than_allowed_are_turned_away_but_probes_are_answered(
    bundle_folder: Path, tmp_path: Path
) -> None:
    server = RunningServer(bundle_folder, tmp_path / "log", max_concurrency=3)
    head = b"POST /v1/predict HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 99\r\n\r\n{"
    try:
        server.wait_until_ready()
        with contextlib.ExitStack() as stack, httpx.Client(base_url=server.url) as client:
            connections = [stack.enter_context(socket.create_connection(("127.0.0.1", server.port))) for _ in range(5)]
            for connection in connections:
                connection.sendall(head)
                connection.settimeout(0.5)
            refusals = [read_answer(connection) for connection in connections]
            for path in ("/healthz", "/readyz", "/metrics"):
                assert client.get(path).status_code == httpx.codes.OK
            shed = [value for name, value in read_metrics(client).items() if '"concurrency"' in name]
    finally:
        server.kill()
    assert refusals[:3] == [b""] * 3  # these wait for the rest of their bodies
    for refusal in refusals[3:]:
        assert refusal.startswith(b"HTTP/1.1 503 ")
        assert b"retry-after: 1\r\n" in refusal
        assert b'"code":"overloaded"' in refusal
    assert shed == [2]


def read_answer(connection: socket.socket) -> bytes:
    """What has come within the connection's timeout."""
    try:
        return connection.recv(65536)
    except TimeoutError:
        return b""
