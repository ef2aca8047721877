"""An offer to speak another protocol is ignored, and the request is read as any (RFC 9110 section 7.8)."""

from typing import Any

import httpx
import pytest

from tests.app.predictor.questions import Question, normalise
from tests.app.predictor.running import RunningServer
from tests.app.predictor.server.wire.talk import Header, ask, make_chunked, make_head, make_request, split_answers, talk

# of Java's HttpClient and curl --http2
H2C = (
    ("connection", "Upgrade, HTTP2-Settings, close"),
    ("upgrade", "h2c"),
    ("http2-settings", "AAEAAEAAAAIAAAABAAMAAABkAAQBAAAAAAUAAEAA"),
)
OFFERS: dict[str, tuple[Header, ...]] = {
    "h2c": H2C,
    "websocket": (("Connection", "upgrade"), ("Upgrade", "websocket"), ("Sec-WebSocket-Version", "13")),
    "TLS": (("upgrade", "TLS/1.0"), ("connection", "Upgrade, close")),
    "two": (("upgrade", "h2c"), ("upgrade", "websocket"), ("connection", "upgrade")),
    "a connection without what to upgrade to": (("connection", "Upgrade"),),
    "nothing in the connection": (("upgrade", "h2c"),),
}
KINDS = [
    "a row",
    "a few rows",
    "rows for a thread",
    "a large body",
    "tensors",
    "an explanation",
    "an upload",
    "what is refused",
]


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("offer", OFFERS.values(), ids=OFFERS)
def test_an_offer_changes_no_answer(
    server: RunningServer, questions: dict[str, Question], kind: str, offer: tuple[Header, ...]
) -> None:
    target, content_type, body = questions[kind]
    media = ("content-type", content_type)
    expected = normalise(ask(server, make_request(target, body, media)))
    assert normalise(ask(server, make_request(target, body, media, *offer))) == expected
    assert normalise(ask(server, make_chunked(target, body, media, *offer))) == expected


def test_packets_may_end_anywhere(server: RunningServer, questions: dict[str, Question]) -> None:
    target, content_type, body = questions["a row"]
    expected = normalise(ask(server, make_request(target, body)))
    for whole in (make_request(target, body, *H2C), make_chunked(target, body, *H2C, size=50)):
        for cut in range(1, len(whole), 7):
            assert normalise(ask(server, whole[:cut], whole[cut:])) == expected, cut
    assert content_type


def test_what_is_pipelined_behind_an_offer_is_answered(server: RunningServer, questions: dict[str, Question]) -> None:
    asked: list[Header] = [("x-request-id", f"number-{number}") for number in range(8)]
    target, _, body = questions["a row"]
    large = questions["rows for a thread"].body
    keep = [header for header in H2C if header[0] != "connection"] + [("connection", "Upgrade, HTTP2-Settings")]
    sent = [
        make_request(target, body, asked[0], *keep, last=False),
        make_request(target, body, asked[1], last=False),
        make_request(target, large, asked[2], *keep, last=False),
        make_request(target, body, asked[3], *keep, last=False),
        make_head("/healthz", asked[4], *keep, method="GET", last=False),
        make_request(target, large, asked[5], last=False),
        make_request(target, body, asked[6], *keep, last=False),
        make_request(target, body, asked[7], *H2C),
    ]
    for parts in ([b"".join(sent)], sent):
        answers = split_answers(talk(server, *parts))
        assert [answer.headers["x-request-id"] for answer in answers] == [value for _, value in asked]
        assert [answer.status for answer in answers] == [200] * len(sent)


def test_a_connection_that_offered_is_kept(server: RunningServer, client: httpx.Client, row: dict[str, Any]) -> None:
    headers = {"connection": "Upgrade, HTTP2-Settings", "upgrade": "h2c", "http2-settings": "AAMAAABk"}
    for _ in range(3):
        answer = client.post("/v1/predict", json=row, headers=headers)
        assert answer.status_code == httpx.codes.OK
        assert "upgrade" not in answer.headers
        assert answer.headers.get("connection") != "close"


def test_a_thousand_offers_in_one_packet_are_answered(server: RunningServer) -> None:
    one = make_head("/healthz", *OFFERS["websocket"], method="GET", last=False)
    received = talk(server, one * 1000 + make_head("/healthz", *H2C, method="GET"))
    assert received.count(b"HTTP/1.1 200 OK") == 1001


@pytest.mark.parametrize("target", ["example.org:443", "/v1/predict", "*", "http://x/"])
def test_a_tunnel_is_refused(server: RunningServer, target: str) -> None:
    answer = ask(server, make_head(target, method="CONNECT", last=False) + b"\x16\x03\x01tunnelled")
    assert answer.status in (400, 405)
    assert answer.code in ("malformed_http", "method_not_allowed")
    if answer.status == 405:
        assert "POST" in answer.headers["allow"]


def test_a_tunnel_whose_bytes_look_like_a_request_smuggles_none(
    server: RunningServer, questions: dict[str, Question]
) -> None:
    hidden = make_request("/v1/predict", questions["a row"].body)
    assert ask(server, make_head("x:1", method="CONNECT", last=False) + hidden).status == 405
