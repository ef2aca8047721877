"""What an answering function gives: JSON, a body with headers, a row that still needs its margin, or one to await."""

from collections.abc import Awaitable, Callable

import msgspec

from app.predictor.auth.access import Charge
from app.predictor.http.body import Headers
from app.predictor.responses.rendering import HeaderList


class EncodedResponse(msgspec.Struct, frozen=True, gc=False):
    """A body that is not plain JSON, or not of one row, with the headers it needs."""

    body: bytes
    headers: HeaderList
    rows: int = 1


class UnscoredRow(msgspec.Struct, frozen=True, gc=False):
    """A row that is ready for the model: its features as `Engine.pack` gives them, and its JSON from their margin."""

    vector: bytes
    render: Callable[[float], bytes]


Reply = bytes | EncodedResponse
Respond = Callable[[Headers, bytes, str], Reply | UnscoredRow | Awaitable[Reply]]
CountRows = Callable[[bytes], int]


class PendingReply(msgspec.Struct, frozen=True, gc=False):
    """An answer that is not ready: what `Endpoint.finish` needs to give it."""

    reply: Awaitable[Reply]
    start: float
    request_id: str
    charge: Charge | None


def count_one(body: bytes) -> int:
    """Of a route that takes one row."""
    return 1
