"""A connection whose bytes are counted, before they are read where that is possible, and refused where they do not fit.

What is counted: heads that are not complete, bodies, and answers that their client does not take. What is not, is
small: a request that arrives whole is answered before anything else is read.
"""

from functools import partial
from time import perf_counter
from typing import Any
from urllib.parse import unquote_to_bytes

import httptools
from uvicorn._types import ASGI3Application
from uvicorn.protocols.http.flow_control import HIGH_WATER_LIMIT
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from app.predictor.admission.room import Claim
from app.predictor.http.body import CROWDED
from app.predictor.http.request_ids import HEADER
from app.predictor.responses.refusals import UNMATCHED, Refusals
from app.predictor.server.services import ConnectionServices

CLAIM = "lathe.claim"  # of a request, in its scope's state
READ_BYTES = 256 * 1024  # what the event loop reads at once
FLOW_BYTES = HIGH_WATER_LIMIT + READ_BYTES  # what is held of a body that nobody asks for
FREE_HEAD_BYTES = 4 * 1024  # of a head that comes in parts: a probe's is never refused


class MeteredProtocol(HttpToolsProtocol):
    """Claims room among `services.bytes_in_flight` for what one connection holds."""

    services: ConnectionServices

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._head: Claim | None = None
        self._body: Claim | None = None  # of the request whose body is still to come
        self._received = 0  # of that body
        self._is_streamed = False  # whether it is read while it is used
        self._answer: Claim | None = None
        self._running: RequestResponseCycle | None = None  # the request that is being answered

    @property
    def _peer(self) -> str:
        return self.client[0] if self.client else ""

    def claim_head(self, size: int) -> bool:
        """Counts bytes of a head that is not complete; whether they fit."""
        bytes_in_flight = self.services.bytes_in_flight
        if self._head is None:
            if size <= FREE_HEAD_BYTES:
                return True
            self._head = bytes_in_flight.claim(self._peer, size, self.transport.abort)
            return self._head is not None
        return bytes_in_flight.grow(self._head, size)

    def _release_head(self) -> None:
        if self._head is not None:
            self.services.bytes_in_flight.release(self._head)
            self._head = None

    def on_headers_complete(self) -> None:
        self._release_head()
        self._is_streamed = bool(self.services.streamed) and find_path(self.url) in self.services.streamed
        announced = self._announced_bytes()
        if announced:
            claim = self._body = self.services.bytes_in_flight.claim(self._peer, announced)
            self._received = 0
            self.scope["state"][CLAIM] = claim
            self.scope["state"][CROWDED] = claim is None
        try:
            super().on_headers_complete()
        finally:
            is_started = self.cycle is not None and self.cycle.scope is self.scope
            if not is_started:  # the head is refused, or parsed once more
                self._release(self.scope)
                self._body = None
        if self._body is not None and not self._is_streamed:
            self._body.give_way = partial(_give_way, self.cycle)

    def _announced_bytes(self) -> int:
        """What will be held of the body, 0 without one; a chunked one grows as it arrives."""
        size, is_chunked = 0, False
        for name, value in self.headers:
            if name == b"content-length":
                size = int(value)
            elif name == b"transfer-encoding":
                is_chunked = True
        if is_chunked or size > self.services.settings.max_body_bytes or self._is_streamed:
            return min(size or FLOW_BYTES, FLOW_BYTES)
        return size

    def on_body(self, body: bytes) -> None:
        super().on_body(body)
        claim = self._body
        if claim is None or self.cycle.response_complete:
            return
        self._received += len(body)
        more = self._received - claim.size
        if more > 0 and not self._is_streamed and not self.services.bytes_in_flight.grow(claim, more):
            _give_way(self.cycle)

    def on_message_complete(self) -> None:
        super().on_message_complete()
        if self._body is not None:
            self._body.give_way = None  # the client has done its part
            self._body = None

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: ASGI3Application) -> None:
        self._running = cycle
        marks = cycle.scope["state"]
        if CLAIM in marks:
            app = self._turn_away if marks[CROWDED] else app
            super()._start_asgi_task(cycle, self._holding(cycle, app))
        else:
            super()._start_asgi_task(cycle, app)

    def _holding(self, cycle: RequestResponseCycle, app: ASGI3Application) -> ASGI3Application:
        """`app`, after which nothing is kept of the body; not sooner, though the client may be gone before."""

        async def hold(scope: Any, receive: Any, send: Any) -> None:
            try:
                await app(scope, receive, send)
            finally:
                cycle.body = bytearray()
                self._release(scope)

        return hold

    def _release(self, scope: Any) -> None:
        claim = scope["state"].get(CLAIM)
        if claim is not None:
            self.services.bytes_in_flight.release(claim)

    async def _turn_away(self, scope: Any, receive: Any, send: Any) -> None:
        """Refuses a body that does not fit, by its head; what arrives of it is dropped."""
        start, path = perf_counter(), scope["path"]
        counters = self.services.counters
        refusals = Refusals(counters, path if (path, 200) in counters.durations else UNMATCHED)
        request_id = self.services.request_ids.choose_id(dict(scope["headers"]).get(HEADER))
        await refusals.refuse(self.services.shed("bytes"), start, request_id, path).send(send)

    # answers that their client does not take: uvicorn's transport calls these

    def pause_writing(self) -> None:
        super().pause_writing()
        waiting = self.transport.get_write_buffer_size()
        if self._answer is None and waiting:
            self._answer = self.services.bytes_in_flight.claim(self._peer, waiting, self._cut)
            if self._answer is None:
                self._cut()

    def resume_writing(self) -> None:
        super().resume_writing()
        self._release_answer()

    def _release_answer(self) -> None:
        if self._answer is not None:
            self.services.bytes_in_flight.release(self._answer)
            self._answer = None

    def _cut(self) -> None:
        self.services.counters.closed["slow_reader"] += 1
        self.transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        if self._running is not None and not self._running.response_complete:
            self._running.disconnected = True  # uvicorn tells only the newest, which may not have begun
            self._running.message_event.set()
        super().connection_lost(exc)
        self._release_head()
        self._release_answer()
        for cycle, _ in self.pipeline:  # never begun
            self._release(cycle.scope)


def find_path(target: bytes) -> bytes:
    """The path by which a request is routed: without host and query, each escape decoded."""
    path = target.partition(b"?")[0]
    if b"://" in path and not path.startswith(b"/"):
        path = httptools.parse_url(target).path or b"/"
    return unquote_to_bytes(path) if b"%" in path else path


def _give_way(cycle: RequestResponseCycle) -> None:
    """Another request needs the room: ends this one while its body arrives."""
    cycle.scope["state"][CROWDED] = True
    cycle.message_event.set()
