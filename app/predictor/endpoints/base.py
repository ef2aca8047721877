"""A POST route as a raw ASGI callable: limits, body, errors, counters and log around one answering function.

FastAPI declares the same routes for the document; a request goes round it, which saves most of its time.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from time import perf_counter

import msgspec
from uvicorn.protocols.http.httptools_impl import STATUS_LINE

from app.predictor.auth.access import Charge
from app.predictor.counters import DurationCell
from app.predictor.http.asgi import Receive, Scope, Send
from app.predictor.http.body import SMALL_BODY_BYTES, Headers, check_size, read_body
from app.predictor.http.errors import (
    RETRY_AFTER_SECONDS,
    ApiError,
    CrowdedError,
    DisconnectedError,
    InvalidInputError,
    MethodNotAllowedError,
    NotServingError,
    RateLimitedError,
    SlowClientError,
    UnauthorizedError,
    explain_shed,
    render_error,
)
from app.predictor.http.header_fields import join_repeated
from app.predictor.http.request_ids import HEADER
from app.predictor.logs import log_event, log_request
from app.predictor.scoring.model import ScoringError
from app.predictor.state import ServingState
from contract.errors import RowError

JSON_TYPE = (b"content-type", b"application/json")
CLOSE = (b"connection", b"close")
FULL_LINES = b"content-type: application/json\r\nretry-after: %d\r\n" % RETRY_AFTER_SECONDS
ID_PLACE = "ID"  # no message has these two letters
UNMATCHED = "unmatched"  # the route of what is on none
OPENING = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n"
CLIENT_GONE = 499  # as nginx counts a request whose client left
# what a flood of requests is told: the counter says enough
UNLOGGED = (UnauthorizedError.status, RateLimitedError.status, NotServingError.status)


HeaderList = list[tuple[bytes, bytes]]


CountRows = Callable[[bytes], int]


def count_one(body: bytes) -> int:
    """Of a route that takes one row."""
    return 1


class EncodedResponse(msgspec.Struct, frozen=True, gc=False):
    """A body that is not plain JSON, or not of one row, with the headers it needs."""

    body: bytes
    headers: HeaderList
    rows: int = 1


class Unscored(msgspec.Struct, frozen=True, gc=False):
    """A row that is ready for the model: its features as `Engine.pack` gives them, and its JSON from their margin."""

    vector: bytes
    render: Callable[[float], bytes]


Reply = bytes | EncodedResponse
Respond = Callable[[Headers, bytes, str], Reply | Unscored | Awaitable[Reply]]


class Pending(msgspec.Struct, frozen=True, gc=False):
    """An answer that is not ready: what `Endpoint.finish` needs to give it."""

    reply: Awaitable[Reply]
    start: float
    request_id: str
    charge: Charge | None


class Begun(msgspec.Struct, frozen=True, gc=False):
    """An answer that lacks its row's margin: what `Endpoint.end_now` needs to give it."""

    endpoint: "Endpoint"
    unscored: Unscored
    start: float
    request_id: str
    charge: Charge | None


class Route:
    """What every POST route counts, admits and answers to an error; `scope` is what an API key must allow."""

    def __init__(self, state: ServingState, route: str, scope: str) -> None:
        self.state = state
        self.route = route
        self.scope = scope
        self._success: DurationCell = state.counters.duration_cell(route, 200)
        self._choose_id = state.request_ids.choose_id
        self._max_concurrency = state.settings.max_concurrency
        self._slow_seconds = 0.0 if state.settings.log_requests else state.settings.slow_request_seconds
        self._access = state.access

    def _admit(self, headers: Headers) -> Charge | None:
        """What the request costs whom, None where no keys are needed.

        Raises: NotServingError, UnauthorizedError, ForbiddenError, RateLimitedError.
        """
        if self.state.admitted >= self._max_concurrency:
            raise self.state.shed("concurrency")
        return None if self._access is None else self._access.admit(headers, self.scope)

    def _explain(self, error: Exception, request_id: str) -> ApiError:
        """What to tell of an exception; one that nobody expected is logged in full and told in brief."""
        translated = self._translate(error, request_id)
        # its traceback holds the frames it came through, and what they hold: the body, rows, often the error itself, a
        # circle that only a collection would find
        error.__traceback__ = error.__context__ = None
        return translated

    def _translate(self, error: Exception, request_id: str) -> ApiError:
        if isinstance(error, ApiError):
            return error
        if isinstance(error, CrowdedError):
            return self.state.shed(error.reason)
        if isinstance(error, RowError):
            return InvalidInputError(str(error), error.code, error.field)
        if isinstance(error, ScoringError):
            return ApiError(str(error), "score_not_finite")
        log_event("request_failed", logging.ERROR, exc_info=True, request_id=request_id, route=self.route)
        return ApiError("something went wrong here, not in the request")

    async def refuse(self, send: Send, error: ApiError, start: float, request_id: str, path: str = "") -> None:
        """Answers with an error; `path` where it is not the route's own."""
        self._count_refusal(start, error, request_id)
        body = render_error(error, request_id, path or self.route)
        await send_response(send, error.status, [JSON_TYPE, *error_headers(error)], request_id, body)

    def _count_success(self, start: float, request_id: str, charge: Charge | None = None, rows: int = 0) -> None:
        if charge is not None:
            charge.settle(rows)
        seconds = perf_counter() - start
        self._success.observe(seconds)
        if seconds >= self._slow_seconds:
            log_request(self.route, 200, seconds, request_id)

    def _count_refusal(self, start: float, error: ApiError, request_id: str) -> None:
        self.state.counters.count_rejection(error.code)
        self._count(start, error.status, request_id, error.code)

    def _count(self, start: float, status: int, request_id: str, code: str = "client_gone") -> None:
        seconds = perf_counter() - start
        self.state.counters.duration_cell(self.route, status).observe(seconds)
        if status not in UNLOGGED:
            log_request(self.route, status, seconds, request_id, code=code)


class Endpoint(Route):
    """Serves one route; `respond(headers, body, request_id)` gives the JSON bytes or an EncodedResponse.

    Called as an ASGI application it reads the body itself. `answer_now` is for a server that has the whole
    request at hand, and gives the whole HTTP response; `end_now` gives it where other rows are scored with this one.
    """

    def __init__(
        self,
        state: ServingState,
        route: str,
        respond: Respond,
        scope: str = "predict",
        max_bytes: int | None = None,
        count_rows: CountRows = count_one,
    ) -> None:
        """`count_rows` gives how many rows a body has at most, exactly for one that is answered, without reading it."""
        super().__init__(state, route, scope)
        self._count_rows = count_rows
        self.respond = respond
        self._takes_batches = max_bytes is None
        self._max_bytes = min(state.settings.max_body_bytes, max_bytes or state.settings.max_body_bytes)
        self._full = explain_shed("batches")
        self._full_body = render_error(self._full, ID_PLACE, route).split(ID_PLACE.encode())

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        start = perf_counter()
        headers = dict(scope["headers"])
        request_id = self._choose_id(headers.get(HEADER))
        charge = None
        try:
            charge = self._admit(headers)
            if self._takes_batches and is_large(headers):
                self.state.check_batches()  # sooner than the body of one that will be turned away is read
            with self.state.admitting():
                body = await read_body(scope, headers, receive, self._max_bytes)
                self._reserve(charge, body)
                reply = self.respond(headers, body, request_id)
                del body  # nothing keeps it once it is read
                if isinstance(reply, Unscored):
                    reply = reply.render(*self.state.compute_margins([reply.vector]))
                elif not isinstance(reply, bytes | EncodedResponse):
                    reply = await reply
        except DisconnectedError:
            self._count(start, CLIENT_GONE, request_id)
        except asyncio.CancelledError:  # the server stops and has waited long enough for the rest of the body
            await self.refuse(send, NotServingError("the server is stopping"), start, request_id)
        except Exception as error:  # the last line before the server
            await self.refuse(send, self._explain(error, request_id), start, request_id)
        else:
            await self._succeed(send, reply, start, request_id, charge)
        finally:
            _forgive(charge)

    def _reserve(self, charge: Charge | None, body: bytes) -> None:
        """Raises: RateLimitedError."""
        if charge is not None and charge.caller.is_limited_by_rows:
            charge.reserve(self._count_rows(body))

    def answer_now(self, given: list[tuple[bytes, bytes]], body: bytes, common: bytes) -> bytes | Begun | Pending:
        """The response to a complete request, its head and `common` header lines included, or what it waits for."""
        start = perf_counter()
        headers = dict(given)
        request_id = self._choose_id(headers.get(HEADER))
        charge = None
        try:
            if len(headers) < len(given):
                headers = dict(join_repeated(given))
            charge = self._admit(headers)
            check_size(len(body), self._max_bytes)
            self._reserve(charge, body)
            reply = self.respond(headers, body, request_id)
        except Exception as error:  # the last line before the server
            _forgive(charge)
            return self._render_refusal(self._explain(error, request_id), start, request_id, common)
        if isinstance(reply, Unscored):
            return Begun(self, reply, start, request_id, charge)
        if isinstance(reply, bytes):
            return self._render_row(reply, start, request_id, charge, common)
        if isinstance(reply, EncodedResponse):
            self._count_success(start, request_id, charge, reply.rows)
            return render_response(200, reply.headers, request_id, common, reply.body)
        return Pending(reply, start, request_id, charge)

    def end_now(self, begun: Begun, margin: float | Exception, common: bytes) -> bytes:
        """The response that `answer_now` began; the margin may be why there is none."""
        start, request_id = begun.start, begun.request_id
        try:
            if isinstance(margin, Exception):
                raise margin
            reply = begun.unscored.render(margin)
        except Exception as error:  # the last line before the server
            _forgive(begun.charge)
            return self._render_refusal(self._explain(error, request_id), start, request_id, common)
        return self._render_row(reply, start, request_id, begun.charge, common)

    def _render_row(self, body: bytes, start: float, request_id: str, charge: Charge | None, common: bytes) -> bytes:
        self._count_success(start, request_id, charge, 1)
        return b"%b%bcontent-length: %d\r\nx-request-id: %b\r\n\r\n%b" % (
            OPENING,
            common,
            len(body),
            request_id.encode(),
            body,
        )

    def shed_now(self, given: list[tuple[bytes, bytes]], common: bytes) -> bytes | None:
        """The whole refusal of a batch for which there is no room, from its headers alone; None if it may come."""
        if not self._takes_batches or self.state.has_room():
            return None
        start, headers = perf_counter(), dict(given)
        if not is_large(headers):
            return None
        request_id = self._choose_id(headers.get(HEADER))
        try:
            self._admit(headers)
        except ApiError as refusal:
            return self._render_refusal(refusal, start, request_id, common)
        self.state.counters.shed["batches"] += 1
        self._count_refusal(start, self._full, request_id)
        return self._render_full(request_id.encode(), common)

    def _render_full(self, request_id: bytes, common: bytes) -> bytes:
        """As `_render_refusal`, prepared: in a flood of batches there is nothing that happens more often."""
        before, after = self._full_body
        size = len(before) + len(request_id) + len(after)
        head = (STATUS_LINE[self._full.status], common, FULL_LINES, size, request_id)
        return b"%b%b%bcontent-length: %d\r\nx-request-id: %b\r\n\r\n%b%b%b" % (*head, before, request_id, after)

    def _render_refusal(self, error: ApiError, start: float, request_id: str, common: bytes) -> bytes:
        self._count_refusal(start, error, request_id)
        body = render_error(error, request_id, self.route)
        return render_response(error.status, [JSON_TYPE, *error_headers(error)], request_id, common, body)

    async def finish(self, pending: Pending, send: Send) -> None:
        """Waits for a pending reply and sends it."""
        try:
            with self.state.admitting():
                reply = await pending.reply
        except asyncio.CancelledError:
            await self.refuse(send, NotServingError("the server is stopping"), pending.start, pending.request_id)
        except Exception as error:  # the last line before the server
            await self.refuse(send, self._explain(error, pending.request_id), pending.start, pending.request_id)
        else:
            await self._succeed(send, reply, pending.start, pending.request_id, pending.charge)
        finally:
            _forgive(pending.charge)

    async def _succeed(self, send: Send, reply: Reply, start: float, request_id: str, charge: Charge | None) -> None:
        answer = EncodedResponse(reply, [JSON_TYPE]) if isinstance(reply, bytes) else reply
        self._count_success(start, request_id, charge, answer.rows)
        await send_response(send, 200, answer.headers, request_id, answer.body)


def _forgive(charge: Charge | None) -> None:
    """Gives back what was taken for rows that were not answered; nothing once it is settled."""
    if charge is not None and charge.taken:
        charge.settle(0)


def is_large(headers: Headers) -> bool:
    """Whether the body that is announced is a batch's."""
    return int(headers.get(b"content-length", b"0")) > SMALL_BODY_BYTES


async def send_response(send: Send, status: int, head: HeaderList, request_id: str, body: bytes) -> None:
    headers = [*head, (b"content-length", b"%d" % len(body)), (HEADER, request_id.encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def render_response(status: int, head: HeaderList, request_id: str, common: bytes, body: bytes) -> bytes:
    """The bytes of a whole HTTP/1.1 response."""
    headers = [*head, (b"content-length", b"%d" % len(body)), (HEADER, request_id.encode())]
    lines = b"".join(b"%b: %b\r\n" % header for header in headers)
    return b"%b%b%b\r\n%b" % (STATUS_LINE[status], common, lines, body)


def error_headers(error: ApiError) -> HeaderList:
    """What a status says beside its body: when to ask again, what is allowed, or that the connection ends."""
    if error.retry_after_seconds is not None:
        return [(b"retry-after", b"%d" % error.retry_after_seconds)]
    if error.status == UnauthorizedError.status:
        return [(b"www-authenticate", b"Bearer")]
    if isinstance(error, MethodNotAllowedError):
        return [(b"allow", error.allow.encode())]
    return [CLOSE] if error.status == SlowClientError.status else []
