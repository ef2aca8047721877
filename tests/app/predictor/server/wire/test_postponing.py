"""What many connections bring in the same moment is parsed over many iterations, and answered as if each were alone."""

import contextlib
import json
import socket
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.predictor.admission.room import Room
from app.predictor.server.paced_flow import PacedFlow
from tests.app.predictor.questions import Question
from tests.app.predictor.running import RunningServer, StartServer, read_sample
from tests.app.predictor.server.wire.talk import RawAnswer, make_chunked, make_request, split_answers
from tests.app.predictor.server.wire.test_pipelining import SHORT, Parsed, Unread
from tests.patience import LAST_RESORT_SECONDS

CONNECTIONS = 60
LAST = SHORT.replace(b"host: x", b"host: x\r\nconnection: close")


def talk_at_once(server: RunningServer, *sent: bytes, ends: bool = False) -> list[list[RawAnswer]]:
    """What each connection is answered that sends its bytes while the others send theirs."""
    with contextlib.ExitStack() as stack:
        address = ("127.0.0.1", server.port)
        connections = [stack.enter_context(socket.create_connection(address, LAST_RESORT_SECONDS)) for _ in sent]
        for connection, data in zip(connections, sent, strict=True):
            connection.sendall(data)
            if ends:
                connection.shutdown(socket.SHUT_WR)
        return [split_answers(receive_all(connection)) for connection in connections]


def receive_all(connection: socket.socket) -> bytes:
    """Until the server closes."""
    return b"".join(iter(lambda: connection.recv(65536), b""))


@pytest.mark.parametrize("ends", [False, True], ids=["kept", "half closed"])
def test_requests_of_many_connections_at_once_are_all_answered_in_order(server: RunningServer, ends: bool) -> None:
    sent = [SHORT * (3 * number) + LAST for number in range(CONNECTIONS)]
    for number, answers in enumerate(talk_at_once(server, *sent, ends=ends)):
        assert Counter(answer.status for answer in answers) == {200: 3 * number + 1}
        assert [answer.headers["connection"] for answer in answers if "connection" in answer.headers] == ["close"]


def test_large_requests_of_every_make_at_once_are_answered_as_each_alone(
    server: RunningServer, questions: dict[str, Question]
) -> None:
    target, _, body = questions["a row"]
    padded = body.ljust(12_000)
    made = [
        make_request(target, padded),
        make_chunked(target, padded),
        make_chunked(target, padded, size=1),
        make_request(target, body, ("cookie", "a" * 30_000)),
        SHORT * 20 + make_request(target, padded),
        make_request(target, body, last=False) * 9 + make_chunked(target, padded, size=3),
    ]
    alone = [talk_at_once(server, one)[0] for one in made]
    for number, answers in enumerate(talk_at_once(server, *made * (CONNECTIONS // len(made)))):
        expected = alone[number % len(made)]
        assert [answer.status for answer in answers] == [answer.status for answer in expected]
        scores = [json.loads(one[-1].body)["predictions"][0]["score"] for one in (answers, expected)]
        assert scores[0] == pytest.approx(scores[1], abs=1e-6)


@pytest.mark.slow
def test_what_finds_no_room_meanwhile_is_refused_and_nothing_stays_counted(
    start_server: StartServer, bundle_folder: Path, row: dict[str, float]
) -> None:
    limits = {"max_bytes_in_flight": 200_000, "max_body_bytes": 100_000}
    server = start_server(bundle_folder, **limits).wait_until_ready()
    half = b"GET /healthz HTTP/1.1\r\nhost: x\r\nx: " + b"a" * 60_000
    answers = talk_at_once(server, *[half] * CONNECTIONS, ends=True)
    statuses = Counter(answer.status for one in answers for answer in one)
    assert set(statuses) <= {503}
    assert read_sample(server, "lathe_shed_requests_total", 'reason="bytes"') == statuses[503]
    whole = make_request("/v1/predict", json.dumps({"rows": [row] * 500}).encode().ljust(90_000))
    assert [answer.status for (answer,) in talk_at_once(server, whole)] == [200]


class Crowded(Parsed):
    """May parse nothing in this iteration."""

    postponed = 0

    def may_parse(self, requests: int) -> bool:
        return False

    def may_postpone(self) -> bool:
        return True

    def postpone(self, *, is_refused: bool) -> None:
        assert not is_refused
        self.postponed += 1

    def _postpone(self, data: bytes) -> None:
        self.services = Services()  # type: ignore[assignment]
        self.client = None
        super()._postpone(data)


class Services:
    def __init__(self) -> None:
        self.bytes_in_flight = Room(10**6)


@given(st.lists(st.binary(min_size=1, max_size=30), min_size=1, max_size=5))
def test_what_comes_behind_what_was_postponed_is_parsed_behind_it(later: list[bytes]) -> None:
    protocol = Crowded()
    protocol.flow = PacedFlow(Unread())
    first = SHORT * 200
    protocol.pace(first)
    for data in later:
        protocol.pace(data)
    assert (protocol.lengths, protocol.postponed) == ([], 1)
    assert not protocol.flow._transport.is_read  # type: ignore[attr-defined]
    iterations = 0
    protocol.go_on()
    while protocol.called > iterations:
        iterations += 1
        protocol.go_on()
    assert sum(protocol.lengths) == len(first) + sum(map(len, later))
