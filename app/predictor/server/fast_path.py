"""The shortest way: a small request that arrived whole is answered where it is parsed, without a task.

What arrives is parsed at the end of the event loop's iteration, so that the order of answers is ours to choose and the
rows that came together are scored together.

Everything else (slow, large, pipelined behind another, another route) goes the ASGI way of uvicorn; only a batch that
finds no room is refused here, by its headers, and its body is dropped as it arrives.
"""

from collections.abc import Mapping
from typing import Any

from app.predictor.endpoints.base import Endpoint, PendingRow
from app.predictor.endpoints.replies import PendingReply
from app.predictor.http.asgi import AsgiApp, Receive, Scope, Send
from app.predictor.http.body import SMALL_BODY_BYTES
from app.predictor.http.errors import ApiError
from app.predictor.server.micro_batch import MicroBatcher
from app.predictor.server.pipelining import PacedProtocol


class DirectProtocol(PacedProtocol):
    """One connection. `direct` is the endpoint of the request that is being parsed, if it may answer at once."""

    def __init__(
        self, endpoints: Mapping[bytes, Endpoint], micro_batcher: MicroBatcher, *args: Any, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.endpoints = endpoints
        self.micro_batcher = micro_batcher
        self.served = 0
        self.unread = b""  # what arrived in this iteration of the event loop and is not parsed yet
        self.direct: Endpoint | None = None
        self.direct_body = b""
        self.awaits_margin = False  # the answer waits until the rows of this iteration are scored
        self.is_refused = False  # the answer is sent, what is left of the body is not looked at
        self.is_kept = True  # the client wants to ask again on this connection
        self.is_last = False  # the answer says so; a SIGTERM between the answer and its end must not change it

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        # an answer is sent when it is written, not when the iteration is over: its client may already ask again
        transport.set_write_buffer_limits(high=0)

    def on_message_begin(self) -> None:
        if self.awaits_margin:  # a pipelined request: the one before it is answered first
            self.micro_batcher.score()
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        endpoint = self.endpoints.get(self.url)
        if endpoint is None or not self._may_answer():
            super().on_headers_complete()
            return
        if self.may_be_long:
            self.check_head()
        refusal = endpoint.shed_now(self.headers, self._common_headers())
        if refusal is None:
            self.direct = endpoint
            self.direct_body = b""
        else:
            self.is_refused = True
            self.is_kept = self.parser.should_keep_alive()
            self._write(refusal)
            self.micro_batcher.pause_after(self)

    def _may_answer(self) -> bool:
        return (
            self._is_idle()
            and not self.expect_100_continue
            and not self.flow.write_paused
            and not self.transport.is_closing()
            and not self.parser.should_upgrade()
            and self.parser.get_method() == b"POST"
            and self.parser.get_http_version() == "1.1"
            and self.has_host()
        )

    def _has_headers(self) -> bool:
        return self.direct is not None or self.is_refused or super()._has_headers()

    def on_body(self, body: bytes) -> None:
        if self.direct is not None:
            self.direct_body += body
        elif not self.is_refused:
            super().on_body(body)

    def on_message_complete(self) -> None:
        endpoint = self.direct
        if self.is_refused:
            self.is_refused = False
            self.forget_framing()
            self._end_request()
            return
        if endpoint is None:
            super().on_message_complete()
            return
        body, self.direct_body = self.direct_body, b""  # an idle connection keeps none
        answer = endpoint.answer_now(self.headers, body, self._common_headers())
        if isinstance(answer, PendingReply):
            del body
            self._hand_over(_finish_later(endpoint, answer))
            super().on_message_complete()
            return
        self.direct = None
        self.is_kept = self.parser.should_keep_alive()  # the parser does not know it any more after this call
        if isinstance(answer, PendingRow):
            self.awaits_margin = True
            self.waiting_since = 0.0
            self.micro_batcher.add_row(self, answer)
            return
        self._write(answer)
        self._end_request()

    def finish_row(self, row: PendingRow, margin: float | Exception) -> None:
        """Answers a row once it is scored."""
        self.awaits_margin = False
        self._write(row.endpoint.finish_row(row, margin, self._common_headers()))
        self._end_request()

    def _write(self, answer: bytes) -> None:
        self.is_last = self.services.lifecycle.is_draining or not self.is_kept
        closing = b"\r\nconnection: close\r\n"
        self.transport.write(answer.replace(b"\r\n", closing, 1) if self.is_last else answer)

    def _end_request(self) -> None:
        self.waiting_since = 0.0
        self.answered_at = self.loop.time()
        self.server_state.total_requests += 1
        if self.is_last:
            self.transport.close()

    def _expire_body(self) -> None:
        if not self.is_refused:
            super()._expire_body()
            return
        self.services.counters.closed["slow_body"] += 1
        self.transport.close()

    def data_received(self, data: bytes) -> None:
        if self.unread or len(data) > SMALL_BODY_BYTES:
            if len(self.unread) + len(data) <= SMALL_BODY_BYTES:
                self.unread += data
                return
            self.serve()
            self.pace(data)
            self.micro_batcher.score()
            return
        self.unread = data
        self.micro_batcher.add(self)

    def serve(self) -> None:
        """Parses what arrived in this iteration, if that was not done yet."""
        if self.unread:
            data, self.unread = self.unread, b""
            if not self.transport.is_closing():
                self.pace(data)

    def fail(self, error: Exception) -> None:
        """Ends the connection; the loop's handler logs why, as of an error that `data_received` itself raises."""
        self.loop.call_exception_handler({"message": "a connection failed", "exception": error, "protocol": self})
        self.transport.abort()

    # what ends a connection comes after what arrived before it

    def idle_since(self) -> float | None:
        return None if self.unread or self.awaits_margin else super().idle_since()

    def _settle(self) -> None:
        self.serve()
        self.micro_batcher.score()

    def eof_received(self) -> bool:  # type: ignore[override]
        self._settle()
        return super().eof_received()

    def refuse(self, error: ApiError, path: str = "") -> None:
        self.direct = None
        self.micro_batcher.score()
        super().refuse(error, path)

    def expire(self, now: float) -> None:
        self._settle()
        super().expire(now)

    def timeout_keep_alive_handler(self) -> None:
        if not self.unread:
            super().timeout_keep_alive_handler()

    def shutdown(self) -> None:
        self._settle()
        super().shutdown()

    def call_later(self) -> None:
        self.micro_batcher.parse_later(self)

    def may_parse(self, requests: int) -> bool:
        return self.micro_batcher.may_parse(self, requests)

    def may_postpone(self) -> bool:
        return self.micro_batcher.may_postpone()

    def postpone(self, *, is_refused: bool) -> None:
        if is_refused:
            self.micro_batcher.refuse_later(self)
        else:
            self.micro_batcher.postpone(self)

    def yield_reading(self) -> None:
        self.micro_batcher.read_later(self)

    def parse(self, data: bytes) -> None:
        super().data_received(data)
        if self.direct is not None:  # the rest of the body is still to come
            self._hand_over(self.app)

    def _hand_over(self, app: AsgiApp) -> None:
        """Goes on the ASGI way from where the headers were complete, with `app` to answer."""
        self.direct = None
        usual, self.app = self.app, app
        try:
            super().on_headers_complete()
        except ApiError as error:
            self.refuse(error, self.url.decode("latin-1"))
            return
        finally:
            self.app = usual
        body, self.direct_body = self.direct_body, b""
        if body:
            super().on_body(body)


class ServiceProtocol(DirectProtocol):
    """A connection of the port for probes and metrics alone."""

    is_counted = False


def _finish_later(endpoint: Endpoint, pending: PendingReply) -> AsgiApp:
    async def finish(scope: Scope, receive: Receive, send: Send) -> None:
        await endpoint.finish(pending, send)

    return finish
