"""A POST route of the model as a raw ASGI callable: limits, body and errors around one answering function.

FastAPI declares the same routes for the document; a request bypasses it, which saves most of its time. Every
exception becomes an answer in `Route.refuse`, whichever way the request came.
"""

import asyncio
from time import perf_counter

import msgspec
from uvicorn.protocols.http.httptools_impl import STATUS_LINE

from app.predictor.admission.batch_threads import BatchThreads
from app.predictor.auth.access import Charge
from app.predictor.endpoints.replies import (
    CountRows,
    EncodedResponse,
    PendingReply,
    Reply,
    Respond,
    UnscoredRow,
    count_one,
)
from app.predictor.endpoints.route import Route, RouteServices
from app.predictor.http.asgi import Receive, Scope, Send
from app.predictor.http.body import SMALL_BODY_BYTES, Headers, check_size, read_body
from app.predictor.http.errors import RETRY_AFTER_SECONDS, ApiError, DisconnectedError, explain_shed, render_error
from app.predictor.http.header_fields import join_repeated
from app.predictor.http.request_ids import HEADER
from app.predictor.responses.rendering import JSON_TYPE, HeaderList, HttpAnswer, render_row
from app.predictor.scoring.model import ServedModel

FULL_LINES = b"content-type: application/json\r\nretry-after: %d\r\n" % RETRY_AFTER_SECONDS
ID_PLACE = "ID"  # no message has these two letters


class PendingRow(msgspec.Struct, frozen=True, gc=False):
    """An answer that lacks its row's margin: what `Endpoint.finish_row` needs to give it."""

    endpoint: "Endpoint"
    unscored: UnscoredRow
    start: float
    request_id: str
    charge: Charge | None


class Endpoint(Route):
    """Serves one route; `respond(headers, body, request_id)` gives the JSON bytes or an EncodedResponse.

    Called as an ASGI application it reads the body itself. `answer_now` is for a server that has the whole
    request at hand, and gives the whole HTTP response; `finish_row` gives it where other rows are scored with this one.
    """

    def __init__(
        self,
        services: RouteServices,
        threads: BatchThreads,
        model: ServedModel,
        route: str,
        respond: Respond,
        scope: str = "predict",
        max_bytes: int | None = None,
        count_rows: CountRows = count_one,
    ) -> None:
        """`count_rows` gives how many rows a body has at most, exactly for one that is answered, without reading it."""
        super().__init__(services, route, scope)
        self._threads = threads
        self._model = model
        self._count_rows = count_rows
        self.respond = respond
        self._takes_batches = max_bytes is None
        largest = services.settings.max_body_bytes
        self._max_bytes = min(largest, max_bytes or largest)
        self._full = explain_shed("batches")
        self._full_body = render_error(self._full, ID_PLACE, route).split(ID_PLACE.encode())

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        start = perf_counter()
        headers = dict(scope["headers"])
        request_id = self._choose_id(headers.get(HEADER))
        charge = None
        try:
            charge = self._admit(headers, self.scope)
            if self._takes_batches and is_large(headers):
                self._threads.check_room()  # sooner than the body of one that will be turned away is read
        except Exception as error:  # the last line before the server
            await self.refuse(error, start, request_id).send(send)
            return
        reply = self._read_and_respond(scope, headers, receive, request_id, charge)
        await self.finish(PendingReply(reply, start, request_id, charge), send)

    async def _read_and_respond(
        self, scope: Scope, headers: Headers, receive: Receive, request_id: str, charge: Charge | None
    ) -> Reply:
        body = await read_body(scope, headers, receive, self._max_bytes)
        self._reserve(charge, body)
        reply = self.respond(headers, body, request_id)
        del body  # nothing keeps it once it is read
        if isinstance(reply, UnscoredRow):
            return reply.render(*self._model.engine.compute_margins([reply.vector]))
        return reply if isinstance(reply, bytes | EncodedResponse) else await reply

    async def finish(self, pending: PendingReply, send: Send) -> None:
        """Waits for a pending reply and sends it."""
        start, request_id = pending.start, pending.request_id
        try:
            with self._admission.waiting():
                reply = await pending.reply
        except DisconnectedError:
            self.count_client_gone(start, request_id)
        except (Exception, asyncio.CancelledError) as error:  # the last line before the server
            await self.refuse(error, start, request_id).send(send)
        else:
            await self._succeed(reply, start, request_id, pending.charge).send(send)
        finally:
            _forgive(pending.charge)

    def _succeed(self, reply: Reply, start: float, request_id: str, charge: Charge | None) -> HttpAnswer:
        answer = EncodedResponse(reply, [JSON_TYPE]) if isinstance(reply, bytes) else reply
        self.count_success(start, request_id, charge, answer.rows)
        return HttpAnswer(200, answer.headers, answer.body, request_id)

    def _reserve(self, charge: Charge | None, body: bytes) -> None:
        """Raises: RateLimitedError."""
        if charge is not None and charge.caller.is_limited_by_rows:
            charge.reserve(self._count_rows(body))

    def answer_now(self, given: HeaderList, body: bytes, common: bytes) -> bytes | PendingRow | PendingReply:
        """The response to a complete request, its head and `common` header lines included, or what it waits for."""
        start = perf_counter()
        headers = dict(given)
        request_id = self._choose_id(headers.get(HEADER))
        charge = None
        try:
            if len(headers) < len(given):
                headers = dict(join_repeated(given))
            charge = self._admit(headers, self.scope)
            check_size(len(body), self._max_bytes)
            self._reserve(charge, body)
            reply = self.respond(headers, body, request_id)
        except Exception as error:  # the last line before the server
            _forgive(charge)
            return self.refuse(error, start, request_id).render(common)
        if isinstance(reply, UnscoredRow):
            return PendingRow(self, reply, start, request_id, charge)
        if isinstance(reply, bytes):
            self.count_success(start, request_id, charge, 1)
            return render_row(reply, request_id, common)
        if isinstance(reply, EncodedResponse):
            return self._succeed(reply, start, request_id, charge).render(common)
        return PendingReply(reply, start, request_id, charge)

    def finish_row(self, pending: PendingRow, margin: float | Exception, common: bytes) -> bytes:
        """The response that `answer_now` left pending; the margin may be why there is none."""
        try:
            if isinstance(margin, Exception):
                raise margin
            body = pending.unscored.render(margin)
        except Exception as error:  # the last line before the server
            _forgive(pending.charge)
            return self.refuse(error, pending.start, pending.request_id).render(common)
        self.count_success(pending.start, pending.request_id, pending.charge, 1)
        return render_row(body, pending.request_id, common)

    def shed_now(self, given: HeaderList, common: bytes) -> bytes | None:
        """The whole refusal of a batch for which there is no room, from its headers alone; None if it may come."""
        if not self._takes_batches or self._threads.has_room():
            return None
        start, headers = perf_counter(), dict(given)
        if not is_large(headers):
            return None
        request_id = self._choose_id(headers.get(HEADER))
        try:
            self._admit(headers, self.scope)
        except ApiError as refusal:
            return self.refuse(refusal, start, request_id).render(common)
        self.counters.shed["batches"] += 1
        self.count_refusal(self._full, start, request_id)
        return self._render_full(request_id.encode(), common)

    def _render_full(self, request_id: bytes, common: bytes) -> bytes:
        """As `refuse`, prepared: in a flood of batches there is nothing that happens more often."""
        before, after = self._full_body
        size = len(before) + len(request_id) + len(after)
        head = (STATUS_LINE[self._full.status], common, FULL_LINES, size, request_id)
        return b"%b%b%bcontent-length: %d\r\nx-request-id: %b\r\n\r\n%b%b%b" % (*head, before, request_id, after)


def _forgive(charge: Charge | None) -> None:
    """Gives back what was taken for rows that were not answered; nothing once it is settled."""
    if charge is not None and charge.taken:
        charge.settle(0)


def is_large(headers: Headers) -> bool:
    """Whether the body that is announced is a batch's."""
    return int(headers.get(b"content-length", b"0")) > SMALL_BODY_BYTES
