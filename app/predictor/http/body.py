"""A request's body within its limits: size before it is read, size while it is read, time to arrive, media type."""

import asyncio
from collections.abc import Mapping

from app.predictor.http.asgi import Message, Receive, Scope
from app.predictor.http.errors import (
    CrowdedError,
    DisconnectedError,
    SlowClientError,
    TooLargeError,
    UnsupportedMediaError,
)

SMALL_BODY_BYTES = 16 * 1024  # above it a batch
# more than one row has; what is wrong with a body above it is found in a thread: up to 4 ms for one of empty arrays
QUICK_BODY_BYTES = 2 * 1024
# up to here a batch is read and rendered on the event loop, a third of a millisecond for 1,000 rows, and only scored in
# a thread: its Python would not be done sooner there, and each switch of the interpreter's lock would cost time
LOOP_BODY_BYTES = 64 * 1024
JOINED_BYTES = 1024 * 1024  # on the event loop

EXPIRED = "lathe.expired"  # set in the scope's state by app.predictor.server.protocol when the body's time is over

CROWDED = "lathe.crowded"  # there by app.predictor.admission: the body needs room that there is not, or not any more
STREAM = "lathe.stream"  # set there by an endpoint that keeps its own deadlines while it streams
ABORT = "lathe.abort"  # there by app.predictor.server.protocol: cuts the connection at once

Headers = Mapping[bytes, bytes]


def check_size(size: int, max_bytes: int) -> None:
    """Raises: TooLargeError."""
    if size > max_bytes:
        raise TooLargeError(f"the body is larger than the {max_bytes} bytes allowed")


async def read_body(scope: Scope, headers: Headers, receive: Receive, max_bytes: int) -> bytes:
    """The whole body, at most `max_bytes` long.

    Raises: TooLargeError, SlowClientError, CrowdedError, DisconnectedError.
    """
    stated = headers.get(b"content-length")
    if stated is not None:
        check_size(int(stated), max_bytes)  # the HTTP parser has refused what is no number
    message = await receive()
    if message["type"] == "http.request" and not message.get("more_body", False):
        body: bytes = message["body"]
        if len(body) <= max_bytes:
            return body
    return await _read_chunks(scope, receive, message, max_bytes)


async def _read_chunks(scope: Scope, receive: Receive, message: Message, max_bytes: int) -> bytes:
    parts: list[bytes] = []
    size = 0
    while True:
        if message["type"] != "http.request":
            raise DisconnectedError
        parts.append(message["body"])
        size += len(parts[-1])
        check_size(size, max_bytes)
        if not message.get("more_body", False):
            # one copy; that of a large one takes milliseconds, and needs the interpreter for none of them
            return b"".join(parts) if size <= JOINED_BYTES else await asyncio.to_thread(b"".join, parts)
        marks = scope.get("state", {})
        if marks.get(CROWDED):
            raise CrowdedError
        if marks.get(EXPIRED):
            raise SlowClientError("the body did not arrive in time")
        message = await receive()


def check_json(headers: Headers) -> None:
    """Whether the body says it is JSON in UTF-8, as it is; one without a content type is taken as JSON.

    Raises: UnsupportedMediaError.
    """
    if headers.get(b"content-type") != b"application/json" or b"content-encoding" in headers:
        check_media(headers, (b"application/json",))


def check_media(headers: Headers, expected: tuple[bytes, ...]) -> None:
    """Whether the body's media type is one of `expected`, or not stated; text in UTF-8, nothing compressed.

    Raises: UnsupportedMediaError.
    """
    media, *parameters = (part.strip() for part in headers.get(b"content-type", expected[0]).lower().split(b";"))
    charsets = [
        value.strip(b'"') for name, _, value in (part.partition(b"=") for part in parameters) if name == b"charset"
    ]
    if media not in expected or any(charset not in (b"utf-8", b"utf8") for charset in charsets):
        known = b" or ".join(expected).decode()
        raise UnsupportedMediaError(f"the content type is not supported, expected {known} in UTF-8")
    if headers.get(b"content-encoding", b"identity") != b"identity":
        raise UnsupportedMediaError("the content encoding is not supported, expected none")
