"""Heads of every kind and make: a right answer or a clear refusal, never an error of ours, never another meaning."""

import itertools
import json
import re
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from contract.bundle import Bundle
from tests.app.predictor.questions import Question, normalise
from tests.app.predictor.running import RunningServer
from tests.app.predictor.server.wire.talk import Header, ask, make_chunked, make_head, make_request, talk
from tests.examples import examples

TWICE = ["authorization", "content-type", "host", "inference-header-content-length", "x-api-key", "x-lathe-receipt"]


@pytest.mark.parametrize("name", TWICE)
def test_a_header_of_which_there_is_one_is_refused_twice(
    server: RunningServer, questions: dict[str, Question], name: str
) -> None:
    for target, _, body in questions.values():
        twice = ((name, "x"), (name.title(), "y"))
        for whole in (make_request(target, body, *twice), make_chunked(target, body, *twice)):
            for parts in ([whole], [whole[:-1], whole[-1:]]):
                answer = ask(server, *parts)
                assert (answer.status, answer.code) == (400, "repeated_header")


@pytest.mark.parametrize("name", ["accept", "x-forwarded-for", "via", "x-filler", "accept-encoding", "x-request-id"])
def test_a_list_in_two_headers_is_one_list(server: RunningServer, questions: dict[str, Question], name: str) -> None:
    target, content_type, body = questions["an upload"]
    values = ("text/csv", "*/*") if name == "accept" else ("a", "b")
    media = ("content-type", content_type)
    joined = ask(server, make_request(target, body, media, (name, ", ".join(values))))
    parted = ask(server, make_request(target, body, media, *((name, one) for one in values)))
    assert parted.status == joined.status == 200
    assert parted.headers["content-type"] == joined.headers["content-type"]
    assert parted.headers["content-type"].startswith("text/csv") == (name == "accept")


ODD: list[tuple[Header, ...]] = [
    (("content-type", "application/json" + ";a=b" * 400),),
    (("content-type", "application/json; charset=utf-8; charset=utf-8"),),
    (("accept", "," * 400 + " " * 5000),),
    (("accept-encoding", "gzip;q=abc, br"),),
    (("range", "bytes=0-1"),),
    (("if-match", "*"), ("if-modified-since", "yesterday")),
    (("x-request-id", "\u00ff" * 100),),
    (("x-lathe-receipt", "0"),),
    (("te", "trailers"), ("trailer", "x-api-key")),
    (("x-http-method-override", "DELETE"), ("x-original-url", "/metrics")),
    (("content_length", "5"), ("transfer_encoding", "chunked")),
    (("expect", "100-continue "),),
    (("keep-alive", "timeout=999999"),),
    (("cookie", "a=" + "b" * 4000),),
]


@pytest.mark.parametrize("odd", ODD, ids=lambda odd: odd[0][0])
def test_an_odd_header_changes_no_answer(
    server: RunningServer, questions: dict[str, Question], odd: tuple[Header, ...]
) -> None:
    target, _, body = questions["a row"]
    expected = normalise(ask(server, make_request(target, body)))
    received = talk(server, make_request(target, body, *odd)).removeprefix(b"HTTP/1.1 100 Continue\r\n\r\n")
    assert received.startswith(b"HTTP/1.1 200 ")
    told = json.loads(received.partition(b"\r\n\r\n")[2])["predictions"][0]
    assert told["decision"] == expected[2][0]["predictions"][0]["decision"]
    assert told["score"] == pytest.approx(expected[2][0]["predictions"][0]["score"], abs=1e-6)


@pytest.mark.parametrize(
    "target", ["http://elsewhere/v1/predict", "/v1/predict?", "/v1/predict?rows=%00", "/v1/%70redict"]
)
def test_another_form_of_a_target_is_the_same(
    server: RunningServer, questions: dict[str, Question], target: str
) -> None:
    plain, _, body = questions["a row"]
    assert normalise(ask(server, make_request(target, body))) == normalise(ask(server, make_request(plain, body)))


@pytest.mark.parametrize(
    "target",
    [
        "//v1/predict",
        "/v1//predict",
        "/v1/predict/",
        "/V1/predict",
        "/v1/predict%00",
        "/./v1/predict",
        "/v1/x/../predict",
    ],
)
def test_another_target_is_another(server: RunningServer, questions: dict[str, Question], target: str) -> None:
    assert ask(server, make_request(target, questions["a row"].body)).status == 404


FRAMES = [
    b"content-length: +5\r\n", b"content-length: 5,5\r\n", b"content-length: 5 5\r\n", b"content-length: -1\r\n",
    b"content-length: 0x5\r\n", b"content-length: 5\r\ncontent-length: 5\r\n",
    b"content-length: " + b"9" * 5000 + b"\r\n",
    b"content-length: 5\r\ntransfer-encoding: chunked\r\n", b"transfer-encoding: chunked, identity\r\n",
    b"transfer-encoding: xchunked\r\n", b"transfer-encoding: gzip, chunked\r\n",
    b"transfer-encoding: chunked, chunked\r\n", b"transfer-encoding: chunked;q=1\r\n",
    b"transfer-encoding: identity\r\ntransfer-encoding: chunked\r\n", b"transfer-encoding : chunked\r\n",
    b" content-length: 5\r\n",
    b"content-length\r\n", b"x: a\r\n b\r\n", b"x: a\x00b\r\n", b"x: a\rb\r\n", b"x\x00: a\r\n", b": a\r\n",
]  # fmt: skip # a table


@pytest.mark.parametrize("frame", FRAMES, ids=lambda frame: str(frame[:30]))
def test_a_head_of_two_readings_is_refused(server: RunningServer, frame: bytes) -> None:
    hidden = make_head("/healthz", ("x-request-id", "hidden"), method="GET")
    for target in (b"/v1/predict", b"/v1/batch", b"/healthz"):
        head = b"POST %b HTTP/1.1\r\nhost: x\r\n%b\r\n" % (target, frame)
        received = talk(server, head + b"0\r\n\r\n" + hidden, ends=True)
        assert re.findall(rb"HTTP/1.1 (\d+) ", received) == [b"400"]
        assert b"hidden" not in received


METHODS = ["GET", "POST", "POST", "POST", "HEAD", "OPTIONS", "CONNECT", "TRACE", "PRI", "get", "", "P\0ST", "M-SEARCH"]
TARGETS = ["/v1/predict", "/v1/predict", "/v1/batch", "/v1/explain", "/metrics", "/", "/v2/models/MODEL/infer", "*", "",
           "http://x/v1/predict", "http://x", "//", "/%ff%00", "/v1/predict?%", "x:1", "/\u00ff",
           "/FILL"]  # fmt: skip # a table
VERSIONS = ["HTTP/1.1"] * 6 + ["HTTP/1.0", "HTTP/2.0", "HTTP/0.9", "HTTP/1.", "http/1.1", ""]
LINES = [
    b"content-length: SIZE", b"content-length: SIZE", b"content-length: 99", b"content-length: 1", b"content-length: x",
    b"transfer-encoding: chunked", b"transfer-encoding: gzip, chunked", b"expect: 100-continue", b"expect: x",
    b"connection: close", b"connection: upgrade", b"upgrade: h2c", b"upgrade: websocket", b"connection: keep-alive, ,",
    b"content-type: application/json", b"content-type: text/csv", b"content-type: \xff;;=", b"content-encoding: gzip",
    b"accept: application/openmetrics-text;version=abc", b"accept: text/csv", b"x-request-id: \xff",
    b"x: FILL",
    b"inference-header-content-length: DIGITS", b"inference-header-content-length: 2", b" folded", b"x\x00: y",
    b"x-lathe-receipt: 1", b"if-none-match: *,W/\"", b"range: bytes=0-", b"host: y", b"authorization: Bearer",
    b"\xff: y",
]  # fmt: skip # a table
BODIES = [
    b"",
    b"{}",
    b"ROW",
    b"ROW",
    b"5\r\nhello\r\n0\r\n\r\n",
    b"0\r\nx-api-key: y\r\n\r\n",
    b"zz\r\n",
    b"\0" * 50,
    b"a,b\n1,2\n",
]


@pytest.fixture(scope="session")
def model_name(bundle: Bundle) -> str:
    return bundle.manifest.name


@st.composite
def requests(draw: Callable[..., Any]) -> bytes:
    end: bytes = draw(st.sampled_from([b"\r\n"] * 8 + [b"\n", b"\r"]))
    opening = " ".join(
        (draw(st.sampled_from(METHODS)), draw(st.sampled_from(TARGETS)), draw(st.sampled_from(VERSIONS)))
    )
    lines: list[bytes] = draw(st.lists(st.sampled_from(LINES), max_size=5))
    body: bytes = draw(st.sampled_from(BODIES))
    head: bytes = end.join([opening.encode("latin-1"), b"host: x", *lines, b"", b""])
    return head + body


@pytest.mark.slow
@settings(max_examples=examples(600), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(requests(), min_size=1, max_size=3), st.lists(st.integers(1, 400), max_size=4), st.booleans())
def test_no_bytes_make_an_error_of_ours_or_a_connection_that_hangs(
    server: RunningServer,
    client: httpx.Client,
    model_name: str,
    row: dict[str, Any],
    sent: list[bytes],
    cuts: list[int],
    ends: bool,
) -> None:
    content = json.dumps(row).encode()
    whole = b"".join(sent).replace(b"MODEL", model_name.encode())
    whole = whole.replace(b"SIZE", b"%d" % len(content)).replace(b"ROW", content)
    whole = whole.replace(b"FILL", b"y" * 70_000).replace(b"DIGITS", b"9" * 5000)
    places = sorted({0, len(whole), *(cut for cut in cuts if cut < len(whole))})
    parts = [whole[start:stop] for start, stop in itertools.pairwise(places)]
    if not ends:
        parts.append(b"\r\n\r\nnonsense\r\n\r\n")
    received = talk(server, *parts, ends=True)
    statuses = [int(status) for status in re.findall(rb"HTTP/1\.1 (\d{3}) ", received)]
    assert all(100 <= status < 500 for status in statuses), received
    assert client.get("/healthz").status_code == httpx.codes.OK
    assert "request_failed" not in server.log.read_text()[-5000:]


def test_a_target_without_a_path_is_the_root(server: RunningServer) -> None:
    for target in ("http://x", "http://x?a=b", "http://x/"):
        assert ask(server, make_head(target, method="GET")).headers["content-type"].startswith("text/html")


@pytest.mark.parametrize("target", ["/v1/predict", "/v1/batch", "/healthz", "/nowhere"])
def test_a_request_without_a_host_is_refused_unless_it_is_of_an_older_http(server: RunningServer, target: str) -> None:
    for lines in (b"", b"x-host: x\r\n", b"hosts: x\r\n"):
        answer = ask(server, b"POST %b HTTP/1.1\r\n%bcontent-length: 2\r\n\r\n{}" % (target.encode(), lines))
        assert (answer.status, answer.code) == (400, "malformed_http")
        older = ask(server, b"POST %b HTTP/1.0\r\n%bcontent-length: 2\r\n\r\n{}" % (target.encode(), lines))
        assert older.code != "malformed_http"


def test_a_host_counts_wherever_it_stands_and_may_be_empty(server: RunningServer) -> None:
    for lines in (b"a: b\r\nHOST: x\r\n", b"host:\r\n", b"a: b\r\nc: d\r\nhost: \r\n"):
        head = b"POST /v1/predict HTTP/1.1\r\n%bconnection: close\r\ncontent-length: 2\r\n\r\n{}" % lines
        assert ask(server, head).status == 422


@pytest.mark.parametrize("target", ["/v1/predict", "/v1/batch", "/healthz"])
def test_an_older_http_has_no_chunks(server: RunningServer, target: str) -> None:
    """RFC 9112 6.1: whoever stands between may have read the body in another way."""
    chunked = make_chunked(target, b"{}").replace(b"HTTP/1.1", b"HTTP/1.0")
    answer = ask(server, chunked)
    assert (answer.status, answer.code) == (400, "malformed_http")


@pytest.mark.parametrize(
    "header",
    [
        ("accept", "a," * 20_000),
        ("accept", "a;" * 20_000),
        ("content-type", "application/json" + ";a=b" * 4000),
        ("cookie", "a=b;" * 4000),
        ("if-none-match", '"a",' * 4000),
    ],
    ids=lambda header: str(header[0]),
)
@pytest.mark.parametrize("target", ["/metrics", "/v1/predict", "/v1/batch", "/", "/v1/model"])
def test_a_header_of_thousands_of_parts_is_looked_at_by_nobody(
    server: RunningServer, target: str, header: Header
) -> None:
    method = "POST" if target in ("/v1/predict", "/v1/batch") else "GET"
    whole = make_request(target, b"{}", header, method=method)
    for parts in ([whole], [whole[:9000], whole[9000:]]):
        answer = ask(server, *parts)
        assert (answer.status, answer.code) == (431, "headers_too_large")


@pytest.mark.parametrize("target", ["/healthz?" + "a=b&" * 4000, "/" + "%41" * 4000, "/" + "%C3%A9" * 4000])
def test_a_target_of_thousands_of_parts_is_not_decoded(server: RunningServer, target: str) -> None:
    assert ask(server, make_head(target, method="GET")).status == 431
