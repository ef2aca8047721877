"""What nobody expected: told in brief, logged in full, counted, and survived."""

import contextlib
import csv
import io
import json
import select
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from app.predictor.receipts.receipts import Receipts, read_receipt_keys
from contract.bundle import Bundle
from tests.app.predictor.faulty import SECRET
from tests.app.predictor.running import RunningServer, dumps, read_sample
from tests.app.predictor.server.wire.talk import receive_answer
from tests.app.predictor.test_application import assert_error_shape
from tests.patience import LAST_RESORT_SECONDS, wait_until

pytestmark = pytest.mark.slow

JSON, NDJSON = {"content-type": "application/json"}, {"content-type": "application/x-ndjson"}


class FaultyServer(RunningServer):
    """A predictor whose engines fail once it is ready."""

    module = "tests.app.predictor.faulty"


def start(fault: str, bundle_folder: Path, log: Path, **settings: object) -> Iterator[FaultyServer]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FAULT", fault)
        server = FaultyServer(bundle_folder, log, **settings)
    try:
        yield server
    finally:
        server.kill()


@pytest.fixture(scope="module")
def receipt_key_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A server whose engines fail gives no receipt; one signed with its key is as good."""
    path = tmp_path_factory.mktemp("receipts") / "key"
    path.write_text("k" * 32)
    return path


@pytest.fixture(scope="module")
def failing(
    bundle_folder: Path, receipt_key_file: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[FaultyServer]:
    log = tmp_path_factory.mktemp("failing") / "log"
    for server in start("error", bundle_folder, log, receipt_key_file=receipt_key_file):
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


@contextlib.contextmanager
def expect_failure(server: RunningServer, route: str) -> Iterator[list[httpx.Response]]:
    """Holds the answer put into the list to what an exception that nobody expected is told, logged and counted."""
    labels = (f'route="{route}"', 'code="500"')
    before = read_sample(server, "lathe_requests_total", *labels)
    answers: list[httpx.Response] = []
    yield answers
    (answer,) = answers
    assert answer.status_code == httpx.codes.INTERNAL_SERVER_ERROR
    assert_error_shape(answer)
    assert "something went wrong here" in answer.text
    assert "internal_error" in answer.text
    assert SECRET not in answer.text
    assert "Traceback" not in answer.text
    assert read_sample(server, "lathe_requests_total", *labels) == before + 1
    # read only now: the loop that has answered the scrape has also written all lines of the request before
    logged = read_log(server, answer.headers["x-request-id"])
    failed = [line for line in logged if line["event"] == "request_failed"]
    assert len(failed) == 1
    assert failed[0]["level"] == "error"
    assert "Traceback" in failed[0]["exception"]
    assert SECRET in failed[0]["exception"]
    assert [line["status"] for line in logged if line["event"] == "request"] == [500]
    assert httpx.get(f"{server.url}/readyz").status_code == httpx.codes.OK
    assert httpx.get(f"{server.url}/openapi.json").status_code == httpx.codes.OK
    assert server.process.poll() is None


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
    with expect_failure(failing, route) as answers:
        answers.append(httpx.post(failing.url + route, json=body))


def test_a_request_in_one_piece_tells_as_little(failing: FaultyServer, row: dict[str, Any]) -> None:
    """The direct way; httpx sends a request's head and its body one after the other."""
    body = dumps(row)
    head = b"POST /v1/predict HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\nconnection: close\r\n"
    with expect_failure(failing, "/v1/predict") as answers, connect(failing) as connection:
        connection.sendall(head + b"content-length: %d\r\n\r\n" % len(body) + body)
        told = b"".join(iter(lambda: connection.recv(65536), b""))
        answers.append(parse_answer(told, f"{failing.url}/v1/predict"))


def test_the_way_of_a_request_in_pieces_tells_as_little(failing: FaultyServer, row: dict[str, Any]) -> None:
    def pieces() -> Iterator[bytes]:
        whole = dumps(row)
        yield whole[:10]
        yield whole[10:]

    with expect_failure(failing, "/v1/predict") as answers:
        answers.append(httpx.post(f"{failing.url}/v1/predict", content=pieces(), headers=JSON))


def test_an_upload_that_fails_midway_ends_without_its_story(failing: FaultyServer, row: dict[str, Any]) -> None:
    lines = b"".join(dumps(row) + b"\n" for _ in range(100))
    with expect_failure(failing, "/v1/batch") as answers:
        answers.append(httpx.post(f"{failing.url}/v1/batch", content=lines, headers=NDJSON))
    # the place of an upload that failed is free again
    for _ in range(5):
        assert httpx.post(f"{failing.url}/v1/batch", content=lines, headers=NDJSON).status_code == 500


def test_an_outcome_that_cannot_be_noted_is_a_500_without_its_story(
    failing: FaultyServer, bundle: Bundle, receipt_key_file: Path
) -> None:
    about = bundle.manifest
    receipts = Receipts(read_receipt_keys(receipt_key_file), about.name, about.version, about.threshold, 3600)
    told = {"receipt": receipts.issue(0.5, decision=True), "outcome": True}
    with expect_failure(failing, "/v1/feedback") as answers:
        answers.append(httpx.post(f"{failing.url}/v1/feedback", json=told))


def test_a_route_of_the_framework_that_fails_tells_as_little(failing: FaultyServer) -> None:
    with expect_failure(failing, "/v1/model") as answers:
        answers.append(httpx.get(f"{failing.url}/v1/model"))


@pytest.mark.parametrize("rows", [1, 3, 500])
def test_a_score_that_is_no_number_is_an_error_and_never_json(
    infinite: FaultyServer, row: dict[str, Any], rows: int
) -> None:
    assert_not_finite(httpx.post(f"{infinite.url}/v1/predict", json=row if rows == 1 else {"rows": [row] * rows}))


def test_a_score_that_is_no_number_is_neither_explained_nor_drawn(
    infinite: FaultyServer, bundle: Bundle, row: dict[str, Any]
) -> None:
    assert_not_finite(httpx.post(f"{infinite.url}/v1/explain", json=row))
    column = next(column.name for column in bundle.manifest.schema.columns if column.type != "category")
    assert_not_finite(httpx.post(f"{infinite.url}/v1/sweep", json={"row": row, "column": column}))
    tensors = [
        {
            "name": one.name,
            "shape": [1],
            "datatype": "BYTES" if one.type == "category" else "FP64",
            "data": [row[one.name]],
        }
        for one in bundle.manifest.schema.columns
    ]
    assert_not_finite(httpx.post(f"{infinite.url}/v2/models/{bundle.manifest.name}/infer", json={"inputs": tensors}))


def assert_not_finite(answer: httpx.Response) -> None:
    """An expected error: it has its own code, and nothing of the score."""
    assert answer.status_code == httpx.codes.INTERNAL_SERVER_ERROR
    assert_error_shape(answer)
    told = answer.json()
    assert (told.get("code") or told["error"]["code"]) == "score_not_finite"
    assert "nan" not in answer.text.lower()


def test_rows_of_an_upload_without_a_finite_score_are_rejected_one_by_one(
    infinite: FaultyServer, row: dict[str, Any]
) -> None:
    about = ("lathe_rejected_rows_total", 'reason="score_not_finite"')
    before = read_sample(infinite, *about)
    lines = b"".join(dumps(row) + b"\n" for _ in range(5))
    answer = httpx.post(f"{infinite.url}/v1/batch", content=lines, headers=NDJSON)
    assert answer.status_code == httpx.codes.OK
    *told, last = [json.loads(line, parse_constant=pytest.fail) for line in answer.text.splitlines()]
    assert [line["row"] for line in told] == [1, 2, 3, 4, 5]
    assert {line["error"]["code"] for line in told} == {"score_not_finite"}
    assert not any("score" in line for line in told)
    summary = last["summary"]
    assert (summary["rows"], summary["scored"], summary["rejected"]) == (5, 0, 5)
    assert read_sample(infinite, *about) == before + 5


def test_a_csv_answer_has_no_score_where_none_is_finite(infinite: FaultyServer, row: dict[str, Any]) -> None:
    text = ",".join(row) + "\n" + ",".join(map(str, row.values())) + "\n"
    headers = {"content-type": "text/csv", "accept": "text/csv"}
    answer = httpx.post(f"{infinite.url}/v1/batch", content=text, headers=headers)
    assert answer.status_code == httpx.codes.OK
    (told,) = csv.DictReader(io.StringIO(answer.text))
    assert (told["score"], told["decision"]) == ("", "")
    assert told["error"].startswith("score_not_finite: ")


def test_more_requests_at_once_than_allowed_are_turned_away_but_probes_are_answered(
    bundle_folder: Path, tmp_path: Path, row: dict[str, Any]
) -> None:
    server = RunningServer(bundle_folder, tmp_path / "log", max_concurrency=3)
    body = dumps(row)
    head = b"POST /v1/predict HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n"
    head %= len(body)
    try:
        server.wait_until_ready()
        with contextlib.ExitStack() as stack, httpx.Client(base_url=server.url) as client:
            connections = [stack.enter_context(connect(server)) for _ in range(6)]
            for connection in connections[:5]:  # their bodies are to come: the ASGI way
                connection.sendall(head + body[:1])
            refused = wait_until(lambda: list_readable(connections, 2), "two refusals")
            waiting = [connection for connection in connections[:5] if connection not in refused]
            refusals = [receive_answer(connection) for connection in refused]
            connections[5].sendall(head + body)  # whole: the direct way
            refusals.append(receive_answer(connections[5]))
            for path in ("/healthz", "/readyz", "/metrics"):
                assert client.get(path).status_code == httpx.codes.OK
            shed = read_sample(server, "lathe_shed_requests_total", 'reason="concurrency"')
            counted = read_sample(server, "lathe_requests_total", 'route="/v1/predict"', 'code="503"')
            assert list_readable(waiting, 1) == []  # these wait for the rest of their bodies
            for connection in waiting:
                connection.sendall(body[1:])
                assert connection.recv(65536).startswith(b"HTTP/1.1 200 ")
            assert client.post("/v1/predict", json=row).status_code == httpx.codes.OK
    finally:
        server.kill()
    assert (len(waiting), len(refusals)) == (3, 3)
    for told in refusals:
        refusal = parse_answer(told, f"{server.url}/v1/predict")
        assert refusal.status_code == httpx.codes.SERVICE_UNAVAILABLE
        assert_error_shape(refusal)
        assert refusal.headers["retry-after"] == "1"
        assert refusal.json()["error"]["code"] == "overloaded"
    assert shed == counted == 3


def connect(server: RunningServer) -> socket.socket:
    connection = socket.create_connection(("127.0.0.1", server.port))
    connection.settimeout(LAST_RESORT_SECONDS)
    return connection


def list_readable(connections: list[socket.socket], enough: int) -> list[socket.socket]:
    """Those that have an answer, once there are enough of them."""
    found = select.select(connections, [], [], 0)[0]
    return found if len(found) >= enough else []


def parse_answer(told: bytes, url: str) -> httpx.Response:
    """The answer to a request that was sent by hand."""
    head, _, body = told.partition(b"\r\n\r\n")
    status, *lines = head.decode().split("\r\n")
    headers = [(name, value.strip()) for name, _, value in (line.partition(":") for line in lines)]
    return httpx.Response(int(status.split()[1]), headers=headers, content=body, request=httpx.Request("POST", url))
