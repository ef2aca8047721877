"""HTTP on the wire: uvicorn's protocol with the deadlines it lacks for slow clients, and a proper end."""

from collections.abc import Callable
from time import perf_counter
from typing import Any

from app.predictor.http.asgi import Receive, Scope, Send
from app.predictor.http.body import ABORT, EXPIRED, STREAM
from app.predictor.http.errors import ApiError
from app.predictor.responses.refusals import Refusals
from app.predictor.responses.rendering import CLOSE, answer_error
from app.predictor.server.metered import MeteredProtocol
from app.predictor.server.parsing import ParsingProtocol
from app.predictor.server.services import ConnectionServices

LINGER_SECONDS = (
    2.0  # closed at once, what the client still sends would be answered by a reset, which loses the refusal
)


class GuardedProtocol(MeteredProtocol, ParsingProtocol):
    """One connection. `waiting_since` is when the server began to wait for the client, 0 while it does not."""

    is_counted = True  # among those of which there may be so many

    def __init__(self, services: ConnectionServices, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.services = services
        self.waiting_since = 0.0
        self.answered_at = 0.0  # when a request was last answered without uvicorn's keep-alive timer
        self.is_over = False  # nothing is parsed any more
        self.refusal: ApiError | None = None  # what ends the connection
        self.refused_path = ""
        self.lingers_since = 0.0  # when that was sent, 0 before
        self.has_ended = False  # the client sends no more, and may still read
        self._common_of: object = None
        self._common = b""

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        self.ending = EndingTransport(self)
        self.waiting_since = self.loop.time()
        if self.is_counted and not self.services.connections.add(self):
            self._turn_away_at_once()

    def _turn_away_at_once(self) -> None:
        """Closes a connection for which there is no room, without waiting for anything."""
        error = self.services.shed("connections")
        self.is_over = True
        answer = answer_error(error, self.services.request_ids.choose_id(None), "", CLOSE)
        self.transport.write(answer.render(self._common_headers()))
        self.transport.close()

    def idle_since(self) -> float | None:
        """Since when it waits for a request's head to be complete; None while a request is under way."""
        if not self._is_idle() or self._has_headers():
            return None
        if self.timeout_keep_alive_task is not None:  # of the server, once it has answered
            return self.timeout_keep_alive_task.when() - self.timeout_keep_alive
        return self.answered_at or self.waiting_since

    def give_way(self) -> None:
        self.services.counters.closed["idle"] += 1
        self.transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self.services.connections.remove(self)
        self.ending.close = self.transport.close  # holds this object no longer

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self.waiting_since = self.loop.time()
        self.answered_at = 0.0
        self.head_bytes = 0

    def on_headers_complete(self) -> None:
        self.check_head()  # before anything looks at it
        self.scope["state"][ABORT] = self.transport.abort
        super().on_headers_complete()
        if not self.is_upgrading:
            self.cycle.transport = self.ending  # type: ignore[assignment]

    def on_message_complete(self) -> None:
        if self.is_upgrading:
            return
        super().on_message_complete()
        self.waiting_since = 0.0

    def data_received(self, data: bytes) -> None:
        if self.is_over:
            return
        self._unset_keepalive_if_required()
        self.feed(data)
        if self.waiting_since and not self.is_over:
            if self._has_headers():
                self.count_framing(len(data))
            else:
                self.count_head(len(data))
                if self.refusal is None and not self.claim_head(len(data)):
                    self.refuse(self.services.shed("bytes"))

    def _has_headers(self) -> bool:
        return self.cycle is not None and self.cycle.scope is self.scope

    def expire(self, now: float) -> None:
        """Ends what has waited too long; called about once a second, `now` is the loop's time."""
        if self.lingers_since:
            if now - self.lingers_since > LINGER_SECONDS:
                self.transport.abort()
            return
        if self.cycle is not None and not self.cycle.response_complete and STREAM in self.cycle.scope["state"]:
            return
        if not self.waiting_since:
            self._expire_idle(now)
            return
        waited = now - self.waiting_since
        if self._has_headers() and waited > self.services.settings.body_timeout_seconds:
            self._expire_body()
        elif not self._has_headers() and waited > self.services.settings.header_timeout_seconds:
            self.services.counters.closed["slow_headers"] += 1
            self.transport.close()

    def _expire_idle(self, now: float) -> None:
        if self.flow.write_paused or (self._is_idle() and self.timeout_keep_alive_task is None):
            since = self.answered_at = self.answered_at or now
            if now - since > self.services.settings.keep_alive_seconds:
                self.transport.close()

    def _is_idle(self) -> bool:
        return self.cycle is None or self.cycle.response_complete

    def _expire_body(self) -> None:
        self.services.counters.closed["slow_body"] += 1
        if self.cycle.response_started:
            self.transport.abort()
            return
        self.waiting_since = 0.0
        self.scope["state"][EXPIRED] = True
        self.cycle.message_event.set()

    def eof_received(self) -> bool:  # type: ignore[override]
        """A client may end its half of the connection once it has sent its requests: they are answered.

        Whether to keep the connection.
        """
        self.has_ended = True
        if self._is_idle() or not self._leave_incomplete():
            return False
        self.waiting_since = 0.0
        if self.refusal is None:
            self.cycle.keep_alive = False
        return True

    def _leave_incomplete(self) -> bool:
        """Ends a request that will not be complete; whether another one before it is still to be answered."""
        if not self.cycle.more_body:
            return True
        self.cycle.disconnected = True
        self.cycle.message_event.set()
        if not self.pipeline:
            return False
        cycle, app = self.pipeline.popleft()  # the newest
        self.pipeline.appendleft((cycle, _end_after(app, self._end)))
        return True

    def _end(self) -> None:
        """Once everything is answered: tells what is left to tell, and closes."""
        if self.refusal is None:
            self.transport.close()
        elif not self.transport.is_closing():
            self._send_refusal(self.refusal)

    def refuse(self, error: ApiError, path: str = "") -> None:
        """Ends the connection with an error, once the requests before are answered.

        It gets the shape, the headers, the counts and the log line of every error.
        """
        self.is_over = True
        self.refusal, self.refused_path = error.with_traceback(None), path
        if self._is_idle():
            if self.waiting_since and self._has_headers():  # answered before its body was complete
                self.linger()
            else:
                self._end()
        elif self._leave_incomplete():
            self.waiting_since = 0.0
        else:
            self._end()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        if self.refusal is not None and not self.lingers_since and self._is_idle():
            self._end()

    def _send_refusal(self, error: ApiError) -> None:
        request_id = self.services.request_ids.choose_id(None)
        start = perf_counter() - (self.loop.time() - self.waiting_since if self.waiting_since else 0.0)
        answer = Refusals(self.services.counters).refuse(error, start, request_id, self.refused_path, CLOSE)
        self.transport.write(answer.render(self._common_headers()))
        self._unset_keepalive_if_required()
        self.linger()

    def linger(self) -> None:
        """Closes once the client has seen the last answer: what it still sends is dropped."""
        if self.has_ended:
            self.transport.close()
            return
        self.is_over = True
        self.lingers_since = self.loop.time()
        self.transport.write_eof()
        self.flow.resume_reading()

    def end_after_answer(self) -> None:
        """Closes behind the last answer, which may have come before the body was complete."""
        if self.waiting_since and self._has_headers():
            self.linger()
        else:
            self.transport.close()

    def _common_headers(self) -> bytes:
        """The server's own header lines; uvicorn makes a new list of them each second."""
        current = self.server_state.default_headers
        if current is not self._common_of:
            self._common_of = current
            self._common = b"".join(b"%b: %b\r\n" % header for header in current if header[0] != b"connection")
        return self._common


class EndingTransport:
    """A transport as a request's cycle needs it, that lets the client read the answer before it is closed."""

    def __init__(self, protocol: GuardedProtocol) -> None:
        self.write = protocol.transport.write
        self.is_closing = protocol.transport.is_closing
        self.close = protocol.end_after_answer


def _end_after(app: Any, end: Callable[[], None]) -> Any:
    """`app`, and then the connection's end."""

    async def run(scope: Scope, receive: Receive, send: Send) -> None:
        await app(scope, receive, send)
        end()

    return run
