"""Clients that send slowly, badly or without end, on one server with short deadlines."""

import json
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.app.predictor.running import RunningServer, read_metrics, wait_until_begun
from tests.patience import LAST_RESORT_SECONDS, wait_until

pytestmark = pytest.mark.slow

HEADER_SECONDS, BODY_SECONDS = 1.0, 1.5
MANY_LINES = 100_000  # 100 MB, more than any buffer on the way takes


@pytest.fixture(scope="module")
def server(bundle_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    limits = {"header_timeout_seconds": HEADER_SECONDS, "body_timeout_seconds": BODY_SECONDS, "keep_alive_seconds": 1}
    running = RunningServer(bundle_folder, tmp_path_factory.mktemp("slow") / "log", **limits)
    try:
        yield running.wait_until_ready()
    finally:
        running.kill()


@pytest.fixture(scope="module")
def client(server: RunningServer) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=server.url) as session:
        yield session


def connect(server: RunningServer) -> socket.socket:
    connection = socket.create_connection(("127.0.0.1", server.port))
    connection.settimeout(LAST_RESORT_SECONDS)
    return connection


def open_request(server: RunningServer, rest: bytes) -> socket.socket:
    """A connection that has begun a request, at once: its time runs from the moment that it is open."""
    connection = connect(server)
    connection.sendall(b"POST /v1/predict HTTP/1.1\r\nhost: x\r\n" + rest)
    return connection


def read_until_closed(connection: socket.socket) -> bytes:
    received = b""
    while part := connection.recv(65536):
        received += part
    return received


@pytest.mark.parametrize(
    "opening",
    [b"", b"G", b"POST /v1/predict HTTP/1.1\r\nhost: x\r\nx-slow: ", b"\r\n"],
    ids=["nothing", "one letter", "headers", "line break"],
)
def test_a_connection_without_complete_headers_is_closed(server: RunningServer, opening: bytes) -> None:
    started = time.monotonic()
    with connect(server) as connection:
        connection.sendall(opening)
        assert read_until_closed(connection) == b""
    assert time.monotonic() - started >= HEADER_SECONDS  # and no sooner, whatever else the machine does


def test_many_slow_connections_are_closed_while_others_are_served(
    server: RunningServer, client: httpx.Client, row: dict[str, Any]
) -> None:
    before = read_metrics(client)
    slow = [open_request(server, b"") for _ in range(200)]
    halves = [open_request(server, b"content-length: 9\r\n\r\n{") for _ in range(50)]
    answered = 0

    def count_closed() -> dict[str, float]:
        grown = {name: value - before.get(name, 0) for name, value in read_metrics(client).items() if "closed" in name}
        return {name.split('reason="')[1].split('"')[0]: count for name, count in grown.items()}

    def ask_until_closed() -> bool:
        nonlocal answered
        assert client.post("/v1/predict", json=row).status_code == httpx.codes.OK
        answered += 1
        closed = count_closed()
        return (closed["slow_headers"], closed["slow_body"]) == (200, 50)

    wait_until(ask_until_closed, "the end of every slow connection")
    assert all(read_until_closed(connection) == b"" for connection in slow)
    for connection in halves:
        answer = read_until_closed(connection)
        assert answer.startswith(b"HTTP/1.1 408 ")
        assert json.loads(answer.partition(b"\r\n\r\n")[2])["error"]["code"] == "request_timeout"
    for connection in (*slow, *halves):
        connection.close()
    assert answered > 1  # how long they took is measured by `bench experiment slow_clients`


def test_an_idle_connection_is_closed_after_the_keep_alive_time(server: RunningServer) -> None:
    with connect(server) as connection:
        connection.sendall(b"GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n")
        received = b""
        while not received.endswith(b'{"status":"alive"}'):
            received += connection.recv(65536)
        connection.sendall(b"\r\n")  # stops uvicorn's own timer
        assert read_until_closed(connection) == b""


MALFORMED = {
    "nonsense": b"nonsense\r\n\r\n",
    "no length": b"POST / HTTP/1.1\r\ncontent-length: x\r\n\r\n",
    "two lengths": b"POST /v1/predict HTTP/1.1\r\nhost: x\r\ncontent-length: 2\r\ncontent-length: 9\r\n\r\n{}",
    "length and chunks": (
        b"POST /v1/predict HTTP/1.1\r\nhost: x\r\ncontent-length: 2\r\ntransfer-encoding: chunked\r\n\r\n{}"
    ),
    "TLS": b"\x16\x03\x01\x02\x00\r\n\r\n",
    "a line break in a value": b"GET /healthz HTTP/1.1\r\nhost: x\r\nx-request-id: a\nforged\r\n\r\n",
    "a header after a bare line feed": b"GET / HTTP/1.1\r\nhost: x\r\nx-request-id: a\nx-forged: 1\r\n\r\n",
    "a carriage return in a value": b"GET /healthz HTTP/1.1\r\nhost: x\r\nx-request-id: a\rx-forged: 1\r\n\r\n",
    "a NUL in a value": b"GET /healthz HTTP/1.1\r\nhost: x\r\nx-request-id: a\x00b\r\n\r\n",
}


@pytest.mark.parametrize("opening", MALFORMED.values(), ids=MALFORMED)
def test_what_is_not_http_gets_all_that_every_error_gets(
    server: RunningServer, client: httpx.Client, opening: bytes
) -> None:
    before = read_metrics(client)
    with connect(server) as connection:
        connection.sendall(opening)
        head, _, body = read_until_closed(connection).partition(b"\r\n\r\n")
    after = read_metrics(client)
    status, *lines = head.decode().split("\r\n")
    headers = dict(line.split(": ", 1) for line in lines)
    told = json.loads(body)
    assert status == "HTTP/1.1 400 Bad Request"
    assert told["error"]["code"] == "malformed_http"
    assert told["request_id"] == headers["x-request-id"]
    assert headers["connection"] == "close"
    assert headers["x-content-type-options"] == "nosniff"
    assert "date" in headers
    assert b"forged" not in head + body
    grown = {name: value - before.get(name, 0) for name, value in after.items() if value != before.get(name, 0)}
    assert [
        n for name, n in grown.items() if "requests_total" in name and '"unmatched"' in name and '"400"' in name
    ] == [1]
    assert [n for name, n in grown.items() if '"malformed_http"' in name] == [1]
    logged = [json.loads(line) for line in server.log.read_text().splitlines()]
    mine = [line for line in logged if line.get("request_id") == told["request_id"]]
    assert [(line["status"], line["code"]) for line in mine] == [(400, "malformed_http")]


def test_a_client_that_leaves_is_counted(server: RunningServer, client: httpx.Client) -> None:
    with connect(server) as connection:
        connection.sendall(b"POST /v1/predict HTTP/1.1\r\nhost: x\r\ncontent-length: 9\r\n\r\n{")
        wait_until_begun(server)

    def count_gone() -> float:
        samples = read_metrics(client).items()
        return sum(value for name, value in samples if "requests_total" in name and 'code="499"' in name)

    assert wait_until(count_gone, "a client that has left") == 1


def test_pipelined_requests_are_answered_in_order(server: RunningServer, row: dict[str, Any]) -> None:
    body = json.dumps(row).encode()
    head = b"POST /v1/predict HTTP/1.1\r\nhost: x\r\nx-request-id: %d\r\ncontent-length: %d\r\n\r\n"
    with connect(server) as connection:
        connection.sendall(b"".join(head % (number, len(body)) + body for number in range(20)))
        received = read_until_closed(connection)
    places = [received.index(b'"request_id":"%d"' % number) for number in range(20)]
    assert places == sorted(places)
