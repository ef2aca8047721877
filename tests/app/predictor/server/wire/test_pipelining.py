"""Requests sent without waiting for answers are read a few at a time, and all of them are answered, in order."""

import asyncio
import contextlib
import json
import math
import socket
import sys
from collections import deque
from pathlib import Path

import httpx
import pytest

from app.predictor.server.paced_flow import PacedFlow
from app.predictor.server.pipelining import PacedProtocol
from app.predictor.server.request_bounds import BODY_BYTES
from tests.app.predictor.questions import Question
from tests.app.predictor.running import RunningServer, StartServer
from tests.app.predictor.server.wire.talk import make_chunked, make_request, split_answers, talk
from tests.patience import LAST_RESORT_SECONDS

SHORT = b"GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n"


@pytest.mark.slow
@pytest.mark.parametrize("ends", [False, True], ids=["kept", "half closed"])
def test_all_that_was_sent_at_once_is_answered_in_order(
    server: RunningServer, questions: dict[str, Question], ends: bool
) -> None:
    target, _, body = questions["a row"]
    kinds = [(SHORT, 200), (make_request(target, body, last=False), 200), (SHORT.replace(b"healthz", b"nowhere"), 404)]
    sent = [kinds[number * number % 7 % 3] for number in range(3000)]
    if not ends:
        sent.append((SHORT.replace(b"host: x", b"host: x\r\nconnection: close"), 200))
    answers = split_answers(talk(server, b"".join(one for one, _ in sent), ends=ends))
    assert [answer.status for answer in answers] == [status for _, status in sent]


def test_what_stands_behind_a_body_is_no_part_of_it(server: RunningServer, questions: dict[str, Question]) -> None:
    """Also where the body itself has what looks like requests."""
    target, _, body = questions["a row"]
    lines = b"".join(b'{"note": "GET / HTTP/1.1", "row": %d}\n' % number for number in range(20_000))
    upload = b"POST /v1/batch HTTP/1.1\r\nhost: x\r\ncontent-type: application/x-ndjson\r\ncontent-length: %d\r\n\r\n"
    sent = upload % len(lines) + lines + make_request(target, body, last=False) * 20 + make_request(target, body)
    uploaded, *rows = split_answers(talk(server, sent))
    assert json.loads(uploaded.body.splitlines()[-1])["summary"]["rejected"] == 20_000
    assert [answer.status for answer in rows] == [200] * 21


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="reads the greatest size of a process from /proc")
def test_thousands_of_requests_at_once_take_little_memory(start_server: StartServer, bundle_folder: Path) -> None:
    server = start_server(bundle_folder).wait_until_ready()
    before = _greatest_size(server)
    with contextlib.ExitStack() as stack:
        connections = [
            stack.enter_context(socket.create_connection(("127.0.0.1", server.port), timeout=LAST_RESORT_SECONDS))
            for _ in range(20)
        ]
        for connection in connections:
            connection.setblocking(False)
            connection.send(b"GET / HTTP/1.1\r\nhost:\r\n\r\n" * 9_000)
        for connection in connections:  # once something is answered, all that came with it was read
            connection.settimeout(LAST_RESORT_SECONDS)
            assert connection.recv(100).startswith(b"HTTP/1.1 200 ")
    assert _greatest_size(server) - before < 50 * 2**20
    assert httpx.get(f"{server.url}/healthz", timeout=LAST_RESORT_SECONDS).status_code == httpx.codes.OK


@pytest.mark.slow
def test_a_client_that_leaves_amid_its_requests_leaves_no_failure(
    start_server: StartServer, bundle_folder: Path
) -> None:
    server = start_server(bundle_folder).wait_until_ready()
    for _ in range(5):
        with socket.create_connection(("127.0.0.1", server.port), timeout=LAST_RESORT_SECONDS) as connection:
            connection.setblocking(False)
            with contextlib.suppress(BlockingIOError):
                while True:
                    connection.send(SHORT.replace(b"healthz", b"openapi.json") * 1000)
    assert httpx.get(f"{server.url}/healthz", timeout=LAST_RESORT_SECONDS).status_code == httpx.codes.OK
    assert server.stop() == 0
    assert "Exception in ASGI application" not in server.log.read_text()


def _greatest_size(server: RunningServer) -> int:
    """Bytes that the process has held at most."""
    lines = Path(f"/proc/{server.process.pid}/status").read_text().splitlines()
    (found,) = [line.split()[1] for line in lines if line.startswith("VmHWM:")]
    return int(found) * 1024


@pytest.mark.parametrize("cut", [None, 3, 60, 150], ids=["at once", "amid the line", "amid the head", "amid the body"])
def test_a_body_in_chunks_of_one_byte_is_the_same(
    server: RunningServer, questions: dict[str, Question], cut: int | None
) -> None:
    """It is parsed in many parts, and so is what follows it on the connection."""
    target, _, body = questions["a row"]
    padded = body.ljust(3000)
    upload = b"\n".join([body.replace(b"\n", b"")] * 200)
    media = ("content-type", "application/x-ndjson")
    chunked = make_chunked(target, padded, size=1) + make_chunked("/v1/batch", upload, media, size=1)
    sent = chunked.replace(b"connection: close\r\n", b"") + make_request(target, body)
    parts = [sent] if cut is None else [sent[:cut], sent[cut:]]
    row, uploaded, last = split_answers(talk(server, *parts))
    assert json.loads(row.body)["predictions"] == json.loads(last.body)["predictions"]
    assert json.loads(uploaded.body.splitlines()[-1])["summary"]["scored"] == 200


class Parsed(PacedProtocol):
    """Notes the lengths of what is parsed; nothing is told of a real connection."""

    def __init__(self) -> None:
        self._held, self._at, self._held_claim, self._ends_behind, self._is_called = b"", 0, None, False, False
        self.lengths: list[int] = []
        self.called = 0
        self.head_bytes, self.framing_bytes, self.waiting_since, self.is_over = 0, 0.0, 1.0, False
        self._body_left, self.chunks = 0, 0
        self._is_postponed = self._is_crowded = False
        self.pipeline = deque()
        self.flow = PacedFlow(Unread())
        self.transport = Unread()

    def _claim_held(self, size: int) -> None:
        pass

    def _has_headers(self) -> bool:
        return True

    def parse(self, data: bytes) -> None:
        self.lengths.append(len(data))

    def call_later(self) -> None:
        self.called += 1

    def may_parse(self, requests: int) -> bool:
        return True

    def yield_reading(self) -> None:
        pass


class Unread(asyncio.Transport):
    is_read = True

    def pause_reading(self) -> None:
        self.is_read = False

    def resume_reading(self) -> None:
        self.is_read = True

    def is_closing(self) -> bool:
        return False


def test_small_chunks_are_parsed_a_part_in_an_iteration_and_large_ones_at_once() -> None:
    protocol = Parsed()
    protocol.pace(b"1\r\nx\r\n" * 40_000)
    iterations = 0
    while protocol.called > iterations:
        iterations += 1
        before = len(protocol.lengths)
        protocol.go_on()
        assert len(protocol.lengths) == before + 1
    assert sum(protocol.lengths) == 240_000
    assert max(protocol.lengths) <= BODY_BYTES
    protocol.pace(b"ffff\r\n%b\r\n" % bytes(65_535))
    assert protocol.lengths[-1] == 65_543


def test_a_body_of_stated_length_is_parsed_at_once_whatever_stands_in_it() -> None:
    """Only what may hold other requests is searched for them, which takes longer than all else that is done with it."""
    protocol = Parsed()
    protocol.waiting_since = 0.0
    lines = b"GET / HTTP/1.1\r\n" * 1000
    head = b"POST /v1/batch HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % (3 * len(lines))
    protocol.pace(head + lines)
    protocol.waiting_since, protocol.framing_bytes = 1.0, -math.inf  # what the parser does once it knows the head
    protocol.count_framing(len(head + lines))
    protocol.pace(lines)
    protocol.count_framing(len(lines))
    assert protocol.lengths == [len(head + lines), len(lines)]
    protocol.pace(lines + lines)  # other requests stand behind it
    assert protocol.lengths[-1] < len(lines)


@pytest.mark.parametrize("name", [b"Transfer-Encoding: chunked", b"X: y"])
def test_a_body_whose_length_is_not_stated_is_looked_at(name: bytes) -> None:
    protocol = Parsed()
    protocol.waiting_since = 0.0
    protocol.pace(b"POST / HTTP/1.1\r\n%b\r\n\r\n" % name + b"GET / HTTP/1.1\r\n" * 1000)
    assert sum(protocol.lengths) < 17_000


@pytest.mark.parametrize("wants", [False, True])
def test_a_connection_that_yielded_reads_on_if_it_is_wanted(wants: bool) -> None:
    transport = Unread()
    flow = PacedFlow(transport)
    flow.start_yielding()
    if wants:
        flow.resume_reading()
    else:
        flow.pause_reading()
    assert not transport.is_read
    flow.end_yielding()
    assert transport.is_read is wants
    flow.resume_reading()
    assert transport.is_read


def test_nothing_is_read_after_a_rest_while_something_is_held() -> None:
    transport = Unread()
    flow = PacedFlow(transport)
    flow.start_yielding()
    flow.is_holding = True
    flow.end_yielding()
    assert not transport.is_read
