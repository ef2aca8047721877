"""How a connection ends: by a head that is too large, by what is no HTTP, by a client that has said all it wanted."""

import contextlib
import json
import select
import socket

import httpx
import pytest

from app.predictor.server.parsing import MAX_HEAD_BYTES, MAX_HEADERS
from tests.app.predictor.questions import Question, normalise
from tests.app.predictor.running import RunningServer, StartServer, read_metrics
from tests.app.predictor.server.wire.talk import ask, make_chunked, make_head, make_request, split_answers, talk
from tests.app.predictor.server.wire.test_upgrades import H2C, KINDS
from tests.patience import LAST_RESORT_SECONDS
from tests.ports import take_free_port

TARGETS = ["/healthz", "/v1/predict", "/v1/batch", "/nothing", "/v2"]
LONG = ("x-filler", "y" * 200_000)


def read_log(server: RunningServer, request_id: str) -> list[tuple[int, str]]:
    lines = [json.loads(line) for line in server.log.read_text().splitlines()]
    return [(line["status"], line["code"]) for line in lines if line.get("request_id") == request_id]


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("size", [0, 1000, 65_536], ids=["one packet", "small packets", "large packets"])
def test_a_head_that_is_too_large_is_told_so(
    server: RunningServer, client: httpx.Client, target: str, size: int
) -> None:
    before = read_metrics(client)
    for head in (
        make_head(target, LONG),
        make_head(target, *[("x-filler", "y" * 100)] * 2000),
        make_head(target, LONG, *H2C),
    ):
        parts = [head[at : at + size] for at in range(0, len(head), size)] if size else [head]
        answer = ask(server, *parts)
        assert answer.status == 431
        assert answer.code == "headers_too_large"
        assert answer.headers["connection"] == "close"
        assert read_log(server, answer.headers["x-request-id"]) == [(431, "headers_too_large")]
    grown = {name: value - before.get(name, 0) for name, value in read_metrics(client).items()}
    assert [n for name, n in grown.items() if 'reason="headers_too_large"' in name] == [3]
    assert [n for name, n in grown.items() if "requests_total" in name and 'code="431"' in name] == [3]


def test_a_head_within_the_limit_is_none_of_it(server: RunningServer, questions: dict[str, Question]) -> None:
    target, _, body = questions["a row"]
    filler = ("x-filler", "y" * (MAX_HEAD_BYTES - 1000))
    whole = make_request(target, body, filler)
    for parts in ([whole], [whole[at : at + 999] for at in range(0, len(whole), 999)]):
        assert ask(server, *parts).status == 200
    # many small ones in large packets
    many = make_request(target, body, last=False) * 2000 + make_request(target, body)
    answers = split_answers(talk(server, *(many[at : at + 250_000] for at in range(0, len(many), 250_000))))
    assert [answer.status for answer in answers] == [200] * 2001


def test_as_many_headers_as_are_allowed_are_answered_and_one_more_is_told_so(
    server: RunningServer, questions: dict[str, Question]
) -> None:
    target, _, body = questions["a row"]
    own = make_request(target, body).partition(b"\r\n\r\n")[0].count(b"\r\n")
    most = [(f"x-{number}", "") for number in range(MAX_HEADERS - own)]
    assert ask(server, make_request(target, body, *most)).status == 200
    answer = ask(server, make_request(target, body, *most, ("x", "")))
    assert (answer.status, answer.code) == (431, "headers_too_large")


def test_headers_that_never_end_are_told_so_once_they_are_too_many(server: RunningServer) -> None:
    """While a head is not complete, a header of four bytes holds thirty times that."""
    answer = ask(server, b"POST /v1/predict HTTP/1.1\r\nhost: x\r\n" + b"a:\r\n" * (MAX_HEADERS + 1))
    assert (answer.status, answer.code) == (431, "headers_too_large")


def test_headers_without_end_are_cut_off(server: RunningServer) -> None:
    line = b"x-filler: " + b"y" * 1000 + b"\r\n"
    with socket.create_connection(("127.0.0.1", server.port), timeout=LAST_RESORT_SECONDS) as connection:
        connection.sendall(b"GET / HTTP/1.1\r\nhost: x\r\n")
        while not select.select([connection], [], [], 0)[0]:
            connection.sendall(line)
        assert connection.recv(65536).startswith(b"HTTP/1.1 431 ")


@pytest.mark.slow
def test_a_client_that_never_stops_sending_headers_is_cut_off(server: RunningServer) -> None:
    line = b"x-filler: " + b"y" * 1000 + b"\r\n"
    with socket.create_connection(("127.0.0.1", server.port), timeout=LAST_RESORT_SECONDS) as connection:
        connection.sendall(b"GET / HTTP/1.1\r\nhost: x\r\n")
        with contextlib.suppress(ConnectionError):
            while True:
                connection.sendall(line)


def test_a_target_that_is_too_long_is_told_so(server: RunningServer) -> None:
    answer = ask(server, make_head("/" + "y" * 200_000, method="GET"))
    assert (answer.status, answer.code) == (431, "headers_too_large")


@pytest.mark.slow
def test_the_cluster_s_port_tells_so_too(start_server: StartServer, bundle_folder: object) -> None:
    port = take_free_port()
    server = start_server(bundle_folder, metrics_port=port)
    with httpx.Client(transport=httpx.HTTPTransport(retries=6), timeout=LAST_RESORT_SECONDS) as client:
        while client.get(f"http://127.0.0.1:{port}/readyz").status_code != httpx.codes.OK:
            assert server.process.poll() is None
    for at in (server.port, port):
        assert ask(server, make_head("/healthz", LONG, method="GET"), port=at).status == 431
        assert ask(server, make_head("/nothing", method="GET", last=False), port=at, ends=True).status == 404
        assert ask(server, b"nonsense\r\n\r\n", port=at).status == 400


@pytest.mark.parametrize("kind", KINDS)
def test_a_client_that_ends_its_half_is_answered(
    server: RunningServer, questions: dict[str, Question], kind: str
) -> None:
    target, content_type, body = questions[kind]
    media = ("content-type", content_type)
    expected = normalise(ask(server, make_request(target, body, media)))[::2]
    for whole in (make_request(target, body, media, last=False), make_request(target, body, media)):
        cut = len(whole) // 2
        assert normalise(ask(server, whole, ends=True))[::2] == expected
        assert normalise(ask(server, whole[:cut], whole[cut:], ends=True))[::2] == expected
    assert normalise(ask(server, make_chunked(target, body, media), ends=True))[::2] == expected


def test_all_that_was_asked_before_the_half_ended_is_answered(
    server: RunningServer, questions: dict[str, Question]
) -> None:
    asked = [questions[kind] for kind in KINDS * 3]
    sent = [make_request(one.target, one.body, ("content-type", one.content_type), last=False) for one in asked]
    answers = split_answers(talk(server, *sent, ends=True))
    assert [answer.status for answer in answers] == [422 if one is asked[-1] else 200 for one in asked]
    # and what is begun behind them is dropped
    for begun in (b"POST /v1/pre", make_request("/v1/predict", asked[0].body)[:-3]):
        answers = split_answers(talk(server, sent[2] + sent[0] + begun, ends=True))
        assert [answer.status for answer in answers] == [200, 200]


def test_half_a_request_is_not_answered(server: RunningServer, questions: dict[str, Question]) -> None:
    for kind in KINDS:
        target, content_type, body = questions[kind]
        whole = make_request(target, body, ("content-type", content_type), last=False)
        assert talk(server, whole[:-1], ends=True) == b""
        assert talk(server, whole[:20], ends=True) == b""


@pytest.mark.parametrize("garbage", [b"\0\0\0", b"POST /v1/predict HTTP/9\r\n\r\n", b"nonsense\r\n\r\n"], ids=str)
def test_what_is_asked_before_nonsense_is_answered_first(
    server: RunningServer, questions: dict[str, Question], garbage: bytes
) -> None:
    for kind in KINDS:
        target, content_type, body = questions[kind]
        sent = make_request(target, body, ("content-type", content_type), last=False) * 2
        for parts in ([sent + garbage], [sent, garbage]):
            first, second, last = split_answers(talk(server, *parts))
            assert first.status == second.status == (422 if kind == "what is refused" else 200), kind
            assert (last.status, last.code) == (400, "malformed_http")


def test_a_refusal_can_be_read_while_the_client_still_sends(server: RunningServer) -> None:
    more = [b"y" * 50_000] * 20
    for opening in (b"nonsense\r\n\r\n", make_head("/healthz", LONG), b"\x16\x03\x01\x02\x00\r\n\r\n"):
        assert ask(server, opening, *more).status in (400, 431)


def test_a_body_that_breaks_off_into_nonsense_is_refused(server: RunningServer, questions: dict[str, Question]) -> None:
    for kind in KINDS:
        target, content_type, body = questions[kind]
        whole = make_chunked(target, body, ("content-type", content_type))
        broken = whole[:-5] + b"no size\r\n\r\n"
        for parts in ([broken], [broken[:-9], broken[-9:]]):
            answer = ask(server, *parts)
            assert (answer.status, answer.code) == (400, "malformed_http"), kind
