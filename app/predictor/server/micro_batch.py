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
    connections are read from in one iteration.
    """

    def __init__(self, compute_margins: Callable[[Sequence[bytes]], Sequence[float]]) -> None:
        self._compute_margins = compute_margins
        self._waiting: list[BatchedConnection] = []
        self._rows: list[tuple[BatchedConnection, PendingRow]] = []
        self._held: deque[BatchedConnection] = deque()
        self._yielding: deque[BatchedConnection] = deque()
        self._served = 0
        self._may_pause = False

    def add(self, connection: BatchedConnection) -> None:
        """Serves a connection at the end of the iteration, once all that received something are known."""
        if not self._waiting:
            connection.loop.call_soon(self.serve)
        self._waiting.append(connection)

    def serve(self) -> None:
        """Serves all that wait."""
        self._may_pause = False
        waiting, self._waiting = self._waiting, []
        waiting.sort(key=_ORDER)
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

    def read_later(self, connection: BatchedConnection) -> None:
        """Lets a connection read on in a later iteration, after those that were added before."""
        if not self._yielding:
            connection.loop.call_soon(self._read_on)
        self._yielding.append(connection)

    def _read_on(self) -> None:
        for _ in range(min(READERS_AT_ONCE, len(self._yielding))):
            connection = self._yielding.popleft()
            try:
                connection.end_yielding()
            except Exception as error:  # one connection's trouble is not the others'
                connection.fail(error)
        if self._yielding:
            self._yielding[0].loop.call_soon(self._read_on)

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
