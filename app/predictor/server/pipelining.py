"""Requests that were sent without waiting for answers: a few at a time, so that no client's are all that is served.

What is parsed of a request holds a hundred times the bytes of a short one, and uvicorn parses all that it read. So it
is with a body in chunks of a byte each: what was read of it at once would take the event loop for 50 ms. What many
connections bring in the same iteration is bounded likewise: what is above it waits for a later one.
"""

import math
from typing import Any

from app.predictor.admission.room import Claim
from app.predictor.inputs.pieces import has_more
from app.predictor.server.paced_flow import PacedFlow
from app.predictor.server.protocol import GuardedProtocol
from app.predictor.server.request_bounds import BODY_BYTES, REQUESTS_AT_ONCE, find_end, measure_request

USUAL_REQUESTS = 2  # in what arrives at once; one whose client or proxy names itself "…/1.1" looks like two
FEW_BYTES = 4 * 1024  # however they are chunked
MOST_LINES = 256  # of more bytes than that
CHUNKED_BYTES = 1024  # of a body with more lines

LARGE_BYTES = 64 * 1024  # arrived at once: then others come before more is read of it


class PacedProtocol(GuardedProtocol):
    """One connection. What is not parsed yet is held, counted among the bytes in flight, and nothing more is read."""

    flow: PacedFlow

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._held = b""
        self._at = 0  # of it, what is parsed
        self._is_postponed = False  # nothing of it was looked at yet
        self._is_crowded = False  # there was no room for it, nothing of it is kept
        self._held_claim: Claim | None = None
        self._ends_behind = False  # the client sends no more than what is held
        self._is_called = False
        self._body_left = 0  # bytes of a request that are still to come, 0 if not known

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        self.flow = PacedFlow(transport)

    def parse(self, data: bytes) -> None:
        """Parses what holds a few requests at most, and answers those that can be at once."""
        raise NotImplementedError

    def call_later(self) -> None:
        """Calls `go_on` in a later iteration of the event loop."""
        raise NotImplementedError

    def may_parse(self, requests: int) -> bool:
        """Whether so many requests may still be parsed in this iteration of the event loop, beside the usual ones."""
        raise NotImplementedError

    def may_postpone(self) -> bool:
        """Whether not too many others were postponed already."""
        raise NotImplementedError

    def postpone(self, *, is_refused: bool) -> None:
        """Calls `go_on` in a later iteration, after the others that were postponed, or that are refused."""
        raise NotImplementedError

    def pace(self, data: bytes) -> None:
        """Parses what arrived, or the first of it, or nothing yet."""
        if self.flow.is_holding:  # what the transport had read before it was paused
            if not self._is_crowded:
                self._held, self._at = self._held[self._at :] + data, 0
                self._claim_held(len(self._held))
        elif len(data) > FEW_BYTES:
            if self.is_over or len(data) <= self._body_left or self.may_parse(REQUESTS_AT_ONCE):
                self._pace_large(data)
            else:
                self._postpone(data)
        elif (requests := data.count(b"/1.")) <= USUAL_REQUESTS:
            self.parse(data)
        elif self.may_parse(min(requests, REQUESTS_AT_ONCE)):
            self._pace_requests(data)
        else:
            self._postpone(data)

    def _postpone(self, data: bytes) -> None:
        """Keeps what arrived for a later iteration; without room for it, refuses it then."""
        self.flow.is_holding = self._is_postponed = True
        self.flow.pause_reading()
        if self.may_postpone():
            self._held_claim = self.services.bytes_in_flight.claim(self._peer, len(data), self._cut)
        self._is_crowded = self._held_claim is None
        self._held, self._at = b"" if self._is_crowded else data, 0
        self.postpone(is_refused=self._is_crowded)

    def _pace_postponed(self) -> None:
        """As if it had just arrived."""
        data, self._held = self._held, b""
        self._is_postponed = False
        if self._is_crowded:
            self._is_crowded = False
            self.refuse(self.services.shed("bytes"))
        elif not self._is_done(data):
            self._pace_large(data)
        if not self._held:
            self._forget_held()

    def _pace_requests(self, data: bytes) -> None:
        """Parses the first of the requests that arrived together, where they may be many."""
        if not has_more(data, b"/", REQUESTS_AT_ONCE) or data.count(b"/1.") <= REQUESTS_AT_ONCE:
            self.parse(data)
        else:
            self._held, self._at = data, 0
            self._go_on()

    def _pace_large(self, data: bytes) -> None:
        """The same of many bytes, in which nothing is looked for where they can only be a body's."""
        if len(data) > LARGE_BYTES:
            self.flow.start_yielding()
            self.yield_reading()
        if self.is_over or len(data) <= self._body_left:
            self.parse(data)
        elif (size := self._measure_request(data)) >= len(data):
            self._body_left = size
            self.parse(data)  # what of it is still to come is counted there
            if size == len(data):
                self._body_left = 0
        elif len(data) > FEW_BYTES and self._has_small_chunks(data):
            self._held, self._at = data, 0
            self._hold()
        else:
            self._pace_requests(data)

    def _measure_request(self, data: bytes) -> int:
        """Bytes of the request that begins here, with a body of stated length; 0 for anything else."""
        if self.head_bytes or (self.waiting_since and self._has_headers()):
            return 0
        return measure_request(data)

    def count_framing(self, size: int) -> None:
        super().count_framing(size)
        self._body_left = max(0, self._body_left - size)

    def forget_framing(self) -> None:
        super().forget_framing()
        self._body_left = 0

    def _has_small_chunks(self, data: bytes) -> bool:
        """Whether many chunks may stand in what arrived."""
        if not has_more(data, b"\n", MOST_LINES) or data.count(b"\r\n") <= MOST_LINES:
            return False
        is_chunked = self.framing_bytes is not None and self.framing_bytes > -math.inf
        return is_chunked or self.head_bytes > 0 or b"chunked" in data.lower()

    def _go_on(self) -> None:
        """Parses the next requests, and the body of the last of them."""
        is_chunked = self._held.count(b"\r\n", self._at, self._at + BODY_BYTES) > MOST_LINES
        end = min(find_end(self._held, self._at), self._at + (CHUNKED_BYTES if is_chunked else BODY_BYTES))
        while not self._is_done(self._held):
            part, self._at = self._held[self._at : end], end
            self.parse(part)
            if is_chunked or not (self.waiting_since and self._has_headers()):
                break
            end = self._at + BODY_BYTES
        if self._is_done(self._held):
            self._forget_held()
        else:
            self._hold()

    def _hold(self) -> None:
        """Keeps what is not parsed yet, and reads nothing more meanwhile."""
        self.flow.is_holding = True
        self.flow.pause_reading()
        self._claim_held(len(self._held) - self._at)
        self._call_soon()

    def _is_done(self, held: bytes) -> bool:
        return self._at >= len(held) or self.is_over or self.transport.is_closing()

    def _call_soon(self) -> None:
        """Goes on in the next iteration, unless requests still wait for their answers: then after them."""
        if not self._is_called and not self.pipeline:
            self._is_called = True
            self.call_later()

    def yield_reading(self) -> None:
        """Calls `end_yielding` in a later iteration of the event loop, after those that yield already."""
        raise NotImplementedError

    def end_yielding(self) -> None:
        self.flow.end_yielding()

    def go_on(self) -> None:
        self._is_called = False
        if not self.flow.is_holding or self.pipeline:
            return
        if self._is_postponed:
            self._pace_postponed()
        else:
            self._go_on()

    def _claim_held(self, size: int) -> None:
        """Cuts a connection whose bytes do not fit."""
        room = self.services.bytes_in_flight
        if self._held_claim is None:
            self._held_claim = room.claim(self._peer, size, self._cut)
        elif size > self._held_claim.size and not room.grow(self._held_claim, size - self._held_claim.size):
            self._held_claim = None
        if self._held_claim is None:
            self._cut()

    def _forget_held(self) -> None:
        self._held, self._at = b"", 0
        if self._held_claim is not None:
            self.services.bytes_in_flight.release(self._held_claim)
            self._held_claim = None
        if not self.flow.is_holding:
            return
        self.flow.is_holding = False
        if not self.pipeline:
            self.flow.resume_reading()
        if self._ends_behind and not self.transport.is_closing() and not super().eof_received():
            self.transport.close()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        if self.flow.is_holding:
            self._call_soon()

    def eof_received(self) -> bool:  # type: ignore[override]
        if self.flow.is_holding:
            self._ends_behind = True
            return True
        return super().eof_received()

    def expire(self, now: float) -> None:
        if self.flow.is_holding and not self.lingers_since:  # it is not the client who is waited for
            self._expire_idle(now)
        else:
            super().expire(now)

    def timeout_keep_alive_handler(self) -> None:
        if not self.flow.is_holding:
            super().timeout_keep_alive_handler()

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self._ends_behind = False
        self._forget_held()
