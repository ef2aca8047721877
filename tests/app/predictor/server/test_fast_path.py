"""The direct way and the ASGI way give the same answers, however the bytes of a request arrive."""

import contextlib
import json
import re
import signal
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from app.predictor.admission.shedding import shed
from app.predictor.application import create_app
from app.predictor.endpoints.infer import infer_paths
from app.predictor.scoring.model import ServedModel
from app.predictor.settings import read_settings
from contract.bundle import Bundle
from tests.app.predictor.running import RunningServer, StartServer, read_metrics
from tests.patience import LAST_RESORT_SECONDS, wait_until

HEAD = b"POST /v1/predict HTTP/1.1\r\nhost: x\r\nx-request-id: %b\r\ncontent-type: application/json\r\n"


def ask(server: RunningServer, *parts: bytes, pause_seconds: float = 0.01) -> bytes:
    """Sends the parts one by one and reads until the server closes; the last request must say so."""
    with socket.create_connection(("127.0.0.1", server.port)) as connection:
        connection.settimeout(LAST_RESORT_SECONDS)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for part in parts:
            connection.sendall(part)
            time.sleep(pause_seconds)
        received = b""
        while part := connection.recv(65536):
            received += part
    return received


def request(value: object, request_id: bytes = b"same", last: bool = True) -> bytes:
    body = json.dumps(value).encode()
    head = HEAD % request_id + b"content-length: %d\r\n" % len(body)
    return head + (b"connection: close\r\n" if last else b"") + b"\r\n" + body


def normalise(answer: bytes) -> tuple[bytes, list[bytes], bytes]:
    """Status, header lines in alphabetical order without the date, body."""
    head, _, body = answer.partition(b"\r\n\r\n")
    status, *lines = head.split(b"\r\n")
    return status, sorted(line for line in lines if not line.startswith(b"date: ")), body


@pytest.mark.parametrize("kind", ["row", "few rows", "many rows", "no row", "wrong type"])
def test_a_request_in_pieces_gets_the_answer_of_one_in_one_piece(
    server: RunningServer, row: dict[str, Any], kind: str
) -> None:
    value = {
        "row": row,
        "few rows": {"rows": [row] * 3},
        "many rows": {"rows": [row] * 100},
        "no row": {"rows": []},
        "wrong type": row | {"torque_nm": "1"},
    }[kind]
    whole = request(value)
    expected = normalise(ask(server, whole))
    body_at = whole.index(b"\r\n\r\n") + 4
    for cut in (1, 20, body_at - 2, body_at, body_at + 1, len(whole) - 1):
        assert normalise(ask(server, whole[:cut], whole[cut:])) == expected


def test_pipelined_requests_of_both_ways_are_answered_in_order(server: RunningServer, row: dict[str, Any]) -> None:
    probe = b"GET /healthz HTTP/1.1\r\nhost: x\r\nx-request-id: %b\r\n\r\n"
    batch, one = {"rows": [row] * 500}, row
    sent = [
        request(one, b"a", last=False),
        request(batch, b"b", last=False),
        request(one, b"c", last=False),
        probe % b"d",
        request(one, b"e", last=False),
        request(batch, b"f"),
    ]
    received = ask(server, b"".join(sent))
    places = [received.index(b"x-request-id: " + name) for name in (b"a", b"b", b"c", b"d", b"e", b"f")]
    assert places == sorted(places)
    assert received.count(b"HTTP/1.1 200 OK") == len(sent)


def test_a_row_before_what_is_no_http_is_answered_first(server: RunningServer, row: dict[str, Any]) -> None:
    for garbage in (b"\0\0\0", b"POST /v1/predict HTTP/9\r\n\r\n", b"nonsense\r\n\r\n"):
        received = ask(server, request(row, last=False) + garbage)
        assert re.findall(rb"HTTP/1.1 (\d+) ", received) == [b"200", b"400"]


def ask_at_once(server: RunningServer, requests: list[bytes]) -> list[bytes]:
    """Sends each request over a connection of its own, all before the first answer is read."""
    with contextlib.ExitStack() as stack:
        connections = [
            stack.enter_context(socket.create_connection(("127.0.0.1", server.port), timeout=LAST_RESORT_SECONDS))
            for _ in requests
        ]
        for connection, sent in zip(connections, requests, strict=True):
            connection.sendall(sent)
        answers = []
        for connection in connections:
            received = b""
            while part := connection.recv(65536):
                received += part
            answers.append(received)
    return answers


def test_rows_that_come_together_get_the_answers_they_get_alone(server: RunningServer, row: dict[str, Any]) -> None:
    rows: list[dict[str, Any]] = [row | {"torque_nm": 20.0 + number / 2} for number in range(100)]
    rows[3] |= {"torque_nm": "none"}
    rows[40] |= {"torque_nm": 1e300}  # no float32
    requests = [request(one, b"row-%d" % number) for number, one in enumerate(rows)]
    alone = [normalise(ask(server, one, pause_seconds=0)) for one in requests]
    assert len({body for _, _, body in alone}) == len(rows)
    for _ in range(5):
        assert [normalise(answer) for answer in ask_at_once(server, requests)] == alone


def test_a_chunked_body_is_answered(server: RunningServer, row: dict[str, Any]) -> None:
    body = json.dumps(row).encode()
    chunked = b"%x\r\n%b\r\n%x\r\n%b\r\n0\r\n\r\n" % (9, body[:9], len(body) - 9, body[9:])
    head = HEAD % b"same" + b"transfer-encoding: chunked\r\nconnection: close\r\n\r\n"
    assert normalise(ask(server, head + chunked)) == normalise(ask(server, request(row)))


def test_a_client_that_waits_for_100_continue_gets_it(server: RunningServer, row: dict[str, Any]) -> None:
    whole = request(row).replace(b"\r\n\r\n", b"\r\nexpect: 100-continue\r\n\r\n", 1)
    received = ask(server, whole)
    assert received.startswith(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n")


def test_http_1_0_is_answered_and_closed(server: RunningServer, row: dict[str, Any]) -> None:
    whole = request(row, last=False).replace(b"HTTP/1.1", b"HTTP/1.0")
    assert b'"decision"' in ask(server, whole)


def test_a_client_that_says_no_more_after_its_request_is_answered(server: RunningServer, row: dict[str, Any]) -> None:
    with socket.create_connection(("127.0.0.1", server.port)) as connection:
        connection.settimeout(LAST_RESORT_SECONDS)
        connection.sendall(request(row, last=False))
        connection.shutdown(socket.SHUT_WR)
        received = b""
        while part := connection.recv(65536):
            received += part
    assert received.startswith(b"HTTP/1.1 200 OK\r\n")


def test_an_oversize_body_is_refused_in_one_piece(server: RunningServer) -> None:
    head = HEAD % b"same" + b"content-length: 99999999\r\nconnection: close\r\n\r\n"
    status, _, body = normalise(ask(server, head))
    assert status.startswith(b"HTTP/1.1 413 ")
    assert json.loads(body)["error"]["code"] == "body_too_large"


@pytest.fixture
def full(start_server: StartServer, bundle_folder: Path, row: dict[str, Any]) -> Iterator[RunningServer]:
    """A server with room for one batch, and somebody who always sends the next one."""
    server = start_server(
        bundle_folder, max_waiting_batches=1, threads=1, body_timeout_seconds=1, drain_seconds=600
    ).wait_until_ready()
    batch, stop = request({"rows": [row] * 10_000}, b"flood"), threading.Event()

    def flood() -> None:
        while not stop.is_set():
            with contextlib.suppress(OSError):
                ask(server, batch, pause_seconds=0)

    threads = [threading.Thread(target=flood) for _ in range(4)]
    for thread in threads:
        thread.start()
    yield server
    stop.set()
    for thread in threads:
        thread.join()


def announce_batch(server: RunningServer, size: int) -> tuple[socket.socket, bytes]:
    """Announces a batch until one finds no room; the connection, and the refusal that came before any of its body."""
    for _ in range(200):
        connection = socket.create_connection(("127.0.0.1", server.port))
        connection.sendall(HEAD % b"early" + b"content-length: %d\r\n\r\n" % size)
        connection.settimeout(0.2)
        try:
            return connection, connection.recv(65536)
        except TimeoutError:
            connection.close()
    raise AssertionError("no batch was refused before its body was sent")


def test_the_prepared_refusal_of_a_batch_is_the_one_that_others_get(bundle: Bundle) -> None:
    app = create_app(read_settings())
    app.install_model(ServedModel(bundle, 1))
    services = app.services
    services.threads.waiting = services.settings.max_waiting_batches
    given = [(b"content-length", b"100000"), (b"x-request-id", b"one-7")]
    for path in (b"/v1/predict", infer_paths(bundle.manifest)[0].encode()):
        endpoint, common = app.direct[path], b"date: Fri, 27 Nov 2026 00:00:00 GMT\r\n"
        expected = endpoint.refuse(shed(services.counters, "batches"), 0.0, "one-7").render(common)
        assert endpoint.shed_now(given, common) == expected
        assert int(re.findall(rb"content-length: (\d+)", expected)[0]) == len(expected.partition(b"\r\n\r\n")[2])
    assert services.counters.shed["batches"] == services.counters.rejected["overloaded"] == 4


@pytest.mark.slow
def test_a_batch_without_room_is_refused_by_its_headers_and_the_connection_lives_on(
    full: RunningServer, row: dict[str, Any]
) -> None:
    body = json.dumps({"rows": [row] * 1000}).encode()
    connection, refusal = announce_batch(full, len(body))
    with connection:
        status, lines, told = normalise(refusal)
        assert status == b"HTTP/1.1 503 Service Unavailable"
        assert b"retry-after: 1" in lines
        assert b"x-request-id: early" in lines
        assert json.loads(told)["error"]["code"] == "overloaded"
        connection.settimeout(LAST_RESORT_SECONDS)
        for start in range(0, len(body), 5000):
            connection.sendall(body[start : start + 5000])
        connection.sendall(request(row, b"next"))
        received = b""
        while part := connection.recv(65536):
            received += part
        assert received.startswith(b"HTTP/1.1 200 OK")
        assert b"x-request-id: next" in received
        assert received.count(b"HTTP/1.1 ") == 1


@pytest.mark.slow
def test_a_connection_whose_answer_did_not_say_close_is_not_closed_by_a_drain_that_begins_meanwhile(
    full: RunningServer, row: dict[str, Any]
) -> None:
    body = json.dumps({"rows": [row] * 1000}).encode()
    connection, refusal = announce_batch(full, len(body))
    with connection:
        assert b"connection: close" not in refusal
        full.process.send_signal(signal.SIGTERM)
        wait_until(lambda: httpx.get(f"{full.url}/readyz").status_code == 503, "the fall of readiness")
        connection.settimeout(LAST_RESORT_SECONDS)
        connection.sendall(body + request(row, b"next", last=False))
        received = b""
        while part := connection.recv(65536):
            received += part
        assert received.startswith(b"HTTP/1.1 200 OK")
        assert b"connection: close" in received


@pytest.mark.slow
def test_a_refused_client_that_sends_its_body_too_slowly_is_cut_off_and_counted(full: RunningServer) -> None:
    connection, _ = announce_batch(full, 100_000)
    with connection:
        connection.sendall(b"[")
        connection.settimeout(LAST_RESORT_SECONDS)
        assert connection.recv(65536) == b""
    with httpx.Client(base_url=full.url) as client:
        closed = [value for name, value in read_metrics(client).items() if '"slow_body"' in name]
    assert closed == [1]
