"""Bytes in flight are counted over all connections, and what does not fit is refused before it is read."""

import contextlib
import json
import select
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from app.predictor.server.metered import find_path
from tests.app.predictor.running import RunningServer, StartServer, read_metrics
from tests.app.predictor.server.wire.talk import ask, make_head, receive_answer
from tests.patience import LAST_RESORT_SECONDS

pytestmark = pytest.mark.slow  # a server of its own for each test

BODY = 100_000
OTHER = "127.0.0.2"


@pytest.fixture
def small(start_server: StartServer, bundle_folder: Path) -> RunningServer:
    """A server with room for two large bodies."""
    return start_server(bundle_folder, max_body_bytes=BODY, max_bytes_in_flight=2 * BODY + 50_000).wait_until_ready()


@contextlib.contextmanager
def holding_back(
    server: RunningServer, sent: int, framing: bytes = b"content-length: 100000"
) -> Iterator[socket.socket]:
    """A connection whose body the server waits for: that it does is told by `100 Continue`."""
    with socket.create_connection(("127.0.0.1", server.port)) as connection:
        connection.settimeout(LAST_RESORT_SECONDS)
        connection.sendall(b"POST /v1/predict HTTP/1.1\r\nhost: x\r\nexpect: 100-continue\r\n" + framing + b"\r\n\r\n")
        assert connection.recv(1000).startswith(b"HTTP/1.1 100 ")
        connection.sendall(b" " * sent)
        yield connection


def read_shed(client: httpx.Client) -> float:
    """How many were refused for want of room."""
    return sum(v for k, v in read_metrics(client).items() if k.startswith("lathe_shed") and 'reason="bytes"' in k)


def large(row: dict[str, Any]) -> bytes:
    return json.dumps({"rows": [row] * 500}).encode().ljust(90_000)


def assert_refused(answer: bytes) -> None:
    assert answer.startswith(b"HTTP/1.1 503 ")
    assert b"retry-after: 1" in answer
    assert b'"overloaded"' in answer


@pytest.mark.parametrize("sent", [0, 1, 80_000, 99_800])
def test_who_holds_bodies_back_gives_way_to_another_client(
    small: RunningServer, row: dict[str, Any], sent: int
) -> None:
    elsewhere = httpx.HTTPTransport(local_address=OTHER)
    with (
        httpx.Client(base_url=small.url, transport=elsewhere, timeout=LAST_RESORT_SECONDS) as client,
        holding_back(small, sent) as first,
        holding_back(small, sent) as second,
    ):
        assert read_shed(client) == 0
        assert client.post("/v1/predict", content=large(row)).status_code == httpx.codes.OK
        assert_refused(receive_answer(first))
        assert read_shed(client) == 1
        second.sendall(large(row).ljust(BODY)[sent:] if sent == 0 else b" " * (BODY - sent))
        assert receive_answer(second).startswith(b"HTTP/1.1 200 " if sent == 0 else b"HTTP/1.1 413 ")
        # all room is free again
        for _ in range(5):
            assert client.post("/v1/predict", content=large(row)).status_code == httpx.codes.OK


def test_a_body_that_does_not_fit_is_refused_by_its_head_and_small_ones_are_not(
    small: RunningServer, row: dict[str, Any]
) -> None:
    # those of other clients that hold no more do not give way
    hosts = ["127.0.0.3", "127.0.0.4"]
    with contextlib.ExitStack() as stack:
        for host in hosts:
            connection = stack.enter_context(
                socket.create_connection(("127.0.0.1", small.port), source_address=(host, 0))
            )
            connection.sendall(
                b"POST /v1/predict HTTP/1.1\r\nhost: x\r\nexpect: 100-continue\r\ncontent-length: 100000\r\n\r\n"
            )
            assert connection.recv(1000).startswith(b"HTTP/1.1 100 ")
        client = stack.enter_context(httpx.Client(base_url=small.url, timeout=LAST_RESORT_SECONDS))
        with socket.create_connection(("127.0.0.1", small.port)) as connection:
            connection.sendall(b"POST /v2/health HTTP/1.1\r\nhost: x\r\ncontent-length: 100000\r\n\r\n")
            assert_refused(receive_answer(connection))  # though nothing of the body was sent
            connection.sendall(b" " * 100_000 + b"GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n")
            assert receive_answer(connection).startswith(b"HTTP/1.1 200 ")  # and what was sent of it was dropped
        assert client.get("/healthz").status_code == httpx.codes.OK
        assert client.post("/v1/predict", json=row).status_code == httpx.codes.OK


def test_a_chunked_body_is_counted_as_it_arrives(start_server: StartServer, bundle_folder: Path) -> None:
    server = start_server(bundle_folder, max_body_bytes=800_000, max_bytes_in_flight=800_000).wait_until_ready()
    with contextlib.ExitStack() as stack:
        connections = [stack.enter_context(holding_back(server, 0, b"transfer-encoding: chunked")) for _ in range(2)]
        for connection in connections:
            connection.sendall(b"64000\r\n" + b" " * 0x64000 + b"\r\n")
        assert_refused(receive_answer(connections[0] if _is_readable(connections[0]) else connections[1]))


def _is_readable(connection: socket.socket) -> bool:
    return bool(select.select([connection], [], [], 3)[0])


def test_heads_that_do_not_end_are_counted(start_server: StartServer, bundle_folder: Path) -> None:
    server = start_server(bundle_folder, max_body_bytes=60_000, max_bytes_in_flight=60_000).wait_until_ready()
    with contextlib.ExitStack() as stack:
        connections = []
        for _ in range(2):
            connection = stack.enter_context(socket.create_connection(("127.0.0.1", server.port)))
            connection.settimeout(LAST_RESORT_SECONDS)
            connection.sendall(b"GET / HTTP/1.1\r\nx: " + b"x" * 40_000)
            connections.append(connection)
        readable, _, _ = select.select(connections, [], [], 5)
        assert len(readable) == 1
        assert_refused(receive_answer(readable[0]))
        assert httpx.get(f"{server.url}/healthz").status_code == httpx.codes.OK


@pytest.mark.parametrize(
    ("target", "path"),
    [
        (b"/v1/batch", b"/v1/batch"),
        (b"/v1/%62atch", b"/v1/batch"),
        (b"/v1/%62%61tch?a=/x", b"/v1/batch"),
        (b"http://x/v1/batch?a", b"/v1/batch"),
        (b"http://x", b"/"),
        (b"/a?http://x/v1/batch", b"/a"),
        (b"*", b"*"),
    ],
)
def test_a_body_is_counted_by_the_path_that_routes_it(target: bytes, path: bytes) -> None:
    assert find_path(target) == path


@pytest.mark.parametrize("target", ["/v1/batch", "/v1/%62atch", "http://x/v1/batch", "/v1/batch?a=b"])
def test_an_upload_larger_than_all_room_streams_however_its_path_is_written(
    start_server: StartServer, bundle_folder: Path, row: dict[str, Any], target: str
) -> None:
    server = start_server(bundle_folder, max_body_bytes=BODY, max_bytes_in_flight=4 * BODY).wait_until_ready()
    upload = json.dumps(row).encode().ljust(1000) + b"\n"
    content = upload * 1000
    head = make_head(target, ("content-type", "application/x-ndjson"), ("content-length", str(len(content))))
    answer = ask(server, head + content)
    assert answer.status == 200
    assert json.loads(answer.headers["x-lathe-summary"])["scored"] == 1000
