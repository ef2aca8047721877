"""White space around a header's value is no part of it (RFC 9110 section 5.5): the answer is the same without it."""

import re

import pytest

from tests.app.predictor.questions import Question, normalise
from tests.app.predictor.running import RunningServer
from tests.app.predictor.server.wire.talk import Header, RawAnswer, ask, make_request, split_answers, talk

HEADERS: dict[str, Header] = {
    "a receipt": ("x-lathe-receipt", "1"),
    "an id": ("x-request-id", "abc"),
    "no coding": ("content-encoding", "identity"),
    "a coding": ("content-encoding", "gzip"),
    "a media type": ("content-type", "text/csv"),
    "another media type": ("content-type", "text/html"),
    "no length of tensors": ("inference-header-content-length", "x"),
    "an accepted type": ("accept", "text/csv"),
    "an expectation": ("expect", "100-continue"),
    "an offer": ("upgrade", "h2c"),
    "a key": ("x-api-key", "K"),
}
SPACES = [" ", "\t", "  \t ", "\t\t"]


def answer(server: RunningServer, question: Question, *headers: Header) -> RawAnswer:
    media = () if headers[0][0] == "content-type" else (("content-type", question.content_type),)
    received = talk(server, make_request(question.target, question.body, *media, *headers))
    (one,) = split_answers(received.removeprefix(b"HTTP/1.1 100 Continue\r\n\r\n"))
    return one


def compare(one: RawAnswer, header: Header) -> object:
    """What white space must not change; each receipt is another."""
    body, receipts = re.subn(rb'"receipt":"[^"]*"', b'"receipt":""', one.body)
    is_table = one.headers["content-type"].startswith("text/csv")
    return *normalise(one._replace(body=b"" if is_table else body)), receipts, one.headers["x-request-id"] == header[1]


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["a row", "a few rows", "rows for a thread", "tensors", "an upload"])
@pytest.mark.parametrize("header", HEADERS.values(), ids=HEADERS)
def test_white_space_around_a_value_changes_no_answer(
    server: RunningServer, questions: dict[str, Question], kind: str, header: Header
) -> None:
    name, value = header
    expected = compare(answer(server, questions[kind], header), header)
    for space in SPACES:
        for spaced in (value + space, space + value, space + value + space):
            assert compare(answer(server, questions[kind], (name, spaced)), header) == expected


@pytest.mark.parametrize("space", SPACES)
def test_white_space_behind_the_length_of_tensors_is_no_part_of_it(
    server: RunningServer, questions: dict[str, Question], space: str
) -> None:
    question = questions["tensors"]
    length = ("inference-header-content-length", f"{len(question.body)}{space}")
    assert answer(server, question, length).status == 200


@pytest.mark.parametrize("space", SPACES)
def test_white_space_behind_a_length_and_the_end_of_a_connection_changes_nothing(
    server: RunningServer, questions: dict[str, Question], space: str
) -> None:
    for question in questions.values():
        whole = make_request(question.target, question.body, ("content-type", question.content_type))
        length = b"content-length: %d" % len(question.body)
        spaced = whole.replace(length, length + space.encode()).replace(b"on: close", b"on: close" + space.encode())
        assert normalise(ask(server, spaced)) == normalise(ask(server, whole))
