"""HTTP on the wire: uvicorn's protocol with the deadlines it lacks for clients that send too slowly."""

from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from app.predictor.body import ABORT, EXPIRED, STREAM
from app.predictor.endpoint import CLOSE, JSON_TYPE, UNMATCHED, render_response
from app.predictor.errors import BadRequestError, render_error
from app.predictor.logs import log_request
from app.predictor.state import ServingState

MAX_HEADER_BYTES = 64 * 1024


class GuardedProtocol(HttpToolsProtocol):
    """One connection. `waiting_since` is when the server began to wait for the client, 0 while it does not."""

    def __init__(self, state: ServingState, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.state = state
        self.waiting_since = 0.0
        self.header_bytes = 0
        self.answered_at = 0.0  # when a request was last answered without uvicorn's keep-alive timer
        self._common_of: object = None
        self._common = b""

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        self.waiting_since = self.loop.time()

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self.waiting_since = self.loop.time()
        self.answered_at = 0.0
        self.header_bytes = 0

    def on_headers_complete(self) -> None:
        self.scope["state"][ABORT] = self.transport.abort
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        super().on_message_complete()
        self.waiting_since = 0.0

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self.waiting_since and not self._has_headers():
            self.header_bytes += len(data)
            if self.header_bytes > MAX_HEADER_BYTES:
                self.transport.close()

    def _has_headers(self) -> bool:
        return self.cycle is not None and self.cycle.scope is self.scope

    def expire(self, now: float) -> None:
        """Ends what has waited too long; called about once a second, `now` is the loop's time."""
        if self.cycle is not None and not self.cycle.response_complete and STREAM in self.cycle.scope["state"]:
            return
        if not self.waiting_since:
            self._expire_idle(now)
            return
        waited = now - self.waiting_since
        if self._has_headers() and waited > self.state.settings.body_timeout_seconds:
            self._expire_body()
        elif not self._has_headers() and waited > self.state.settings.header_timeout_seconds:
            self.state.counters.closed["slow_headers"] += 1
            self.transport.close()

    def _expire_idle(self, now: float) -> None:
        if self.flow.write_paused or (self._is_idle() and self.timeout_keep_alive_task is None):
            since = self.answered_at = self.answered_at or now
            if now - since > self.state.settings.keep_alive_seconds:
                self.transport.close()

    def _is_idle(self) -> bool:
        return self.cycle is None or self.cycle.response_complete

    def _expire_body(self) -> None:
        self.state.counters.closed["slow_body"] += 1
        if self.cycle.response_started:
            self.transport.abort()
            return
        self.waiting_since = 0.0
        self.scope["state"][EXPIRED] = True
        self.cycle.message_event.set()

    def send_400_response(self, msg: str) -> None:
        """What is not HTTP gets the shape, the headers, the counts and the log line of every error."""
        error = BadRequestError("the request is not valid HTTP", "malformed_http")
        request_id = self.state.request_ids.choose_id(None)
        seconds = self.loop.time() - self.waiting_since if self.waiting_since else 0.0
        self.state.counters.count_rejection(error.code)
        self.state.counters.duration_cell(UNMATCHED, error.status).observe(seconds)
        log_request(UNMATCHED, error.status, seconds, request_id, code=error.code)
        body = render_error(error, request_id, "")
        head = [JSON_TYPE, CLOSE]
        self.transport.write(render_response(error.status, head, request_id, self._common_headers(), body))
        self.transport.close()

    def _common_headers(self) -> bytes:
        """The server's own header lines; uvicorn makes a new list of them each second."""
        current = self.server_state.default_headers
        if current is not self._common_of:
            self._common_of = current
            self._common = b"".join(b"%b: %b\r\n" % header for header in current if header[0] != b"connection")
        return self._common
