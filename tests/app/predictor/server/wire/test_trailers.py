"""Trailers are no headers: whatever they name, the request means the same (RFC 9110 section 6.5)."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from app.predictor.auth.key_file import make_key
from app.predictor.server.parsing import MAX_HEAD_BYTES
from tests.app.predictor.questions import Question, normalise
from tests.app.predictor.running import RunningServer
from tests.app.predictor.server.wire.talk import Header, ask, make_chunked, make_head, split_answers, talk

CLOSE = ("connection", "close")


@pytest.fixture(scope="module")
def locked(bundle_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[RunningServer, str]]:
    """A server that asks for keys, and one of them."""
    folder = tmp_path_factory.mktemp("locked")
    key, line = make_key("press")
    (folder / "keys").write_text(line + "\n")
    running = RunningServer(bundle_folder, folder / "log", api_keys_file=folder / "keys")
    try:
        yield running.wait_until_ready(), key
    finally:
        running.kill()


@pytest.mark.parametrize("kind", ["a row", "rows for a thread", "a large body", "an upload", "tensors"])
@pytest.mark.parametrize("given", [(), (("authorization", "Bearer wrong"),)], ids=["no key", "a wrong key"])
def test_a_key_in_a_trailer_opens_nothing(
    locked: tuple[RunningServer, str], questions: dict[str, Question], kind: str, given: tuple[Header, ...]
) -> None:
    server, key = locked
    target, content_type, body = questions[kind]
    headers = (("content-type", content_type), CLOSE, *given)
    for trailers in (f"X-Api-Key: {key}\r\n", f"Authorization: Bearer {key}\r\n"):
        assert ask(server, make_chunked(target, body, *headers, trailers=trailers)).status == 401
    headed = (*headers, ("X-API-Key", key))
    assert ask(server, make_chunked(target, body, *headed, trailers="X-Api-Key: wrong\r\n")).status == 200


TRAILERS = {
    "media": "content-type: text/html\r\n",
    "coding": "content-encoding: gzip\r\n",
    "end": "connection: keep-alive\r\n",
    "id": "x-request-id: trailing\r\n",
    "receipts": "x-lathe-receipt: 1\r\n",
    "answer": "accept: text/plain\r\n",
    "tensors": "inference-header-content-length: 1\r\n",
    "expectation": "expect: 100-continue\r\n",
    "upgrade": "connection: upgrade\r\nupgrade: h2c\r\n",
    "host": "host: elsewhere\r\n",
    "cookie": "cookie: a=b\r\n",
    "many": "x-filler: y\r\n" * 1000,
}


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["a row", "rows for a thread", "tensors", "an upload"])
@pytest.mark.parametrize("trailers", TRAILERS.values(), ids=TRAILERS)
def test_a_trailer_changes_no_answer(
    server: RunningServer, questions: dict[str, Question], kind: str, trailers: str
) -> None:
    target, content_type, body = questions[kind]
    headers = (("content-type", content_type), CLOSE)
    expected = normalise(ask(server, make_chunked(target, body, *headers)))
    whole = make_chunked(target, body, *headers, trailers=trailers)
    end = len(whole) - len(trailers)
    for parts in ([whole], [whole[: end - 8], whole[end - 8 :]], [whole[: end + 5], whole[end + 5 :]]):
        answer = ask(server, *parts)
        assert answer.status == 200
        assert answer.headers["x-request-id"] != "trailing"
        assert normalise(answer) == expected


@pytest.mark.parametrize("trailer", ["content-length: 3\r\n", "transfer-encoding: chunked\r\n"])
def test_a_trailer_that_frames_is_refused(server: RunningServer, questions: dict[str, Question], trailer: str) -> None:
    for target, content_type, body in questions.values():
        answer = ask(server, make_chunked(target, body, ("content-type", content_type), trailers=trailer))
        assert (answer.status, answer.code) == (400, "malformed_http")


ENDLESS = {
    "trailers": b"0\r\n" + b"x-filler: yyyyyyyy\r\n" * 20_000,
    "one trailer": b"0\r\nx-filler: " + b"y" * 400_000,
    "a chunk's extension": b"5;x=" + b"y" * 400_000,
    "extensions beside little": (b"1;x=" + b"y" * 2000 + b"\r\n \r\n") * 300,
}


@pytest.mark.parametrize("kind", ["a row", "an upload"])
@pytest.mark.parametrize("framing", ENDLESS.values(), ids=ENDLESS)
def test_what_is_sent_beside_a_body_is_bounded(
    server: RunningServer, questions: dict[str, Question], kind: str, framing: bytes
) -> None:
    assert len(framing) > 2 * MAX_HEAD_BYTES
    target, content_type, _ = questions[kind]
    head = make_head(target, ("content-type", content_type), ("transfer-encoding", "chunked"), last=False)
    answer = ask(server, head, *(framing[at : at + 20_000] for at in range(0, len(framing), 20_000)))
    assert (answer.status, answer.code) == (400, "malformed_http")


def test_chunks_of_one_byte_are_a_body(server: RunningServer, questions: dict[str, Question]) -> None:
    target, content_type, body = questions["an upload"]
    headers = (("content-type", content_type), CLOSE)
    (answer,) = split_answers(talk(server, make_chunked(target, body[:50_000], *headers, size=1)))
    assert answer.status == 200
