"""Micro-batches: what arrives in one iteration of the event loop is answered in order and scored in one call."""

import time
from asyncio import AbstractEventLoop
from collections import deque
from collections.abc import Callable, Sequence
from operator import attrgetter
from typing import Protocol

from app.predictor.endpoints.base import PendingRow
from contract.compute.engine import FEW_ROWS

PAUSE_SECONDS = 0.003
READERS_AT_ONCE = 4  # of large bodies, in one iteration: each takes up to half a millisecond
REQUESTS_AT_ONCE = 32  # of those that arrive with others, or with many bytes, in one iteration
CONNECTIONS_AT_ONCE = 128  # that brought what is usual, in one iteration
POSTPONED = 256  # connections at most: behind so many, one would wait for a second
REFUSALS_AT_ONCE = 16  # of those above it, in one iteration

_ORDER = attrgetter("served")


class BatchedConnection(Protocol):
    """A connection with something to parse; `served` is its place in the order of answers, 0 before the first."""

    served: int

    @property
    def loop(self) -> AbstractEventLoop: ...

    def serve(self) -> None: ...

    def go_on(self) -> None: ...

    def end_yielding(self) -> None: ...

    def finish_row(self, row: PendingRow, margin: float | Exception) -> None: ...

    def fail(self, error: Exception) -> None: ...


class MicroBatcher:
    """Serves what connections received in one iteration of the event loop.

    Order: the connection that was answered longest ago comes first. epoll lists ready connections in the order of its
    last list, so one whose request arrives a moment after the others' would be last twice in a row; those were the
    slowest answers under load.

    Scoring: the rows of an iteration are scored in one call. Each costs little more than half of what it costs alone,
    because the trees are still in the processor's cache.

    Pause: after an iteration that only rejected batches, sleep 3 ms. Each iteration pre-empts a thread that scores a
    batch, so the next one should find several requests.

    Fairness: pipelined requests are parsed part by part, one part of one connection an iteration; of large bodies a few
    connections are read from in one iteration. However many connections bring something in the same iteration, it
    ends soon: those that were answered last wait for the next, and so do those that bring much at once.
    """

    def __init__(self, compute_margins: Callable[[Sequence[bytes]], Sequence[float]]) -> None:
        self._compute_margins = compute_margins
        self._waiting: list[BatchedConnection] = []
        self._rows: list[tuple[BatchedConnection, PendingRow]] = []
        self._held: deque[BatchedConnection] = deque()
        self._yielding: deque[BatchedConnection] = deque()
        self._postponed: deque[BatchedConnection] = deque()
        self._refused: deque[BatchedConnection] = deque()
        self._parsed = 0  # requests in this iteration, of REQUESTS_AT_ONCE
        self._served = 0
        self._may_pause = False

    def add(self, connection: BatchedConnection) -> None:
        """Serves a connection at the end of the iteration, once all that received something are known."""
        if not self._waiting:
            connection.loop.call_soon(self.serve)
        self._waiting.append(connection)

    def serve(self) -> None:
        """Serves all that wait, or the first of many."""
        self._may_pause = False
        waiting, self._waiting = self._waiting, []
        waiting.sort(key=_ORDER)
        if len(waiting) > CONNECTIONS_AT_ONCE:
            self._waiting = waiting[CONNECTIONS_AT_ONCE:]
            del waiting[CONNECTIONS_AT_ONCE:]
            self._waiting[0].loop.call_soon(self.serve)
        for connection in waiting:
            self._served += 1
            connection.served = self._served
            try:
                connection.serve()
            except Exception as error:  # one connection's trouble is not the others'
                connection.fail(error)
        self.score()

    def parse_later(self, connection: BatchedConnection) -> None:
        """Parses more of a connection in a later iteration, after those that were added before."""
        if not self._held:
            connection.loop.call_soon(self._go_on)
        self._held.append(connection)

    def _go_on(self) -> None:
        connection = self._held.popleft()
        if self._held:
            self._held[0].loop.call_soon(self._go_on)
        try:
            connection.go_on()
        except Exception as error:  # one connection's trouble is not the others'
            connection.fail(error)
        self.score()

    def may_parse(self, connection: BatchedConnection, requests: int) -> bool:
        """Whether so many requests that arrived together may be parsed now; else the connection is to be postponed."""
        if self._postponed or self._parsed + requests > REQUESTS_AT_ONCE:
            return False
        if not self._parsed:
            connection.loop.call_soon(self._forget_parsed)
        self._parsed += requests
        return True

    def _forget_parsed(self) -> None:
        self._parsed = 0

    def may_postpone(self) -> bool:
        return len(self._postponed) < POSTPONED

    def postpone(self, connection: BatchedConnection) -> None:
        """Parses what a connection brought in a later iteration, after those that were postponed before."""
        if not self._postponed:
            connection.loop.call_soon(self._parse_postponed)
        self._postponed.append(connection)

    def _parse_postponed(self) -> None:
        self._call_some(self._postponed, lambda connection: connection.go_on(), self._parse_postponed)
        self.score()

    def refuse_later(self, connection: BatchedConnection) -> None:
        """Lets a connection that could not be postponed refuse what it brought, in a later iteration."""
        if not self._refused:
            connection.loop.call_soon(self._refuse_some)
        self._refused.append(connection)

    def _refuse_some(self) -> None:
        self._call_some(self._refused, lambda connection: connection.go_on(), self._refuse_some, REFUSALS_AT_ONCE)

    def read_later(self, connection: BatchedConnection) -> None:
        """Lets a connection read on in a later iteration, after those that were added before."""
        if not self._yielding:
            connection.loop.call_soon(self._read_on)
        self._yielding.append(connection)

    def _read_on(self) -> None:
        self._call_some(self._yielding, lambda connection: connection.end_yielding(), self._read_on)

    def _call_some(
        self,
        connections: deque[BatchedConnection],
        call: Callable[[BatchedConnection], None],
        again: Callable[[], None],
        most: int = READERS_AT_ONCE,
    ) -> None:
        """Calls the first of them now, and those behind them in the next iteration."""
        for _ in range(min(most, len(connections))):
            connection = connections.popleft()
            try:
                call(connection)
            except Exception as error:  # one connection's trouble is not the others'
                connection.fail(error)
        if connections:
            connections[0].loop.call_soon(again)

    def pause_after(self, connection: BatchedConnection) -> None:
        """Pauses once this iteration is over, unless something else arrived in it as well."""
        if not self._may_pause:
            self._may_pause = True
            connection.loop.call_soon(self._pause)

    def _pause(self) -> None:
        if self._may_pause and not self._waiting:
            time.sleep(PAUSE_SECONDS)
        self._may_pause = False

    def add_row(self, connection: BatchedConnection, row: PendingRow) -> None:
        """Takes a row to be scored with the others of its iteration."""
        self._rows.append((connection, row))
        if len(self._rows) == FEW_ROWS:
            self.score()

    def score(self) -> None:
        """Scores the rows that were added, and answers them in that order."""
        if not self._rows:
            return
        rows, self._rows = self._rows, []
        margins: Sequence[float | Exception]
        try:
            margins = self._compute_margins([row.unscored.vector for _, row in rows])
        except Exception as error:  # it is the answer to each of them
            margins = [error] * len(rows)
        for (connection, row), margin in zip(rows, margins, strict=True):
            try:
                connection.finish_row(row, margin)
            except Exception as error:  # one connection's trouble is not the others'
                connection.fail(error)
