"""What one turn of the event loop brings: who is answered first, and rows that are scored together."""

import time
from asyncio import AbstractEventLoop
from collections import deque
from collections.abc import Callable, Sequence
from operator import attrgetter
from typing import Protocol

from app.predictor.endpoints.base import Begun
from contract.compute.engine import FEW_ROWS

REST_SECONDS = 0.003
READERS_AT_ONCE = 4  # of large bodies, in one turn: each takes up to half a millisecond

_ORDER = attrgetter("served")


class BatchedConnection(Protocol):
    """What waits in a turn; `served` is its place in the order of answers, 0 before the first."""

    served: int

    @property
    def loop(self) -> AbstractEventLoop: ...

    def serve(self) -> None: ...

    def go_on(self) -> None: ...

    def end_rest(self) -> None: ...

    def end(self, begun: Begun, margin: float | Exception) -> None: ...

    def fail(self, error: Exception) -> None: ...


class Turn:
    """What connections brought in one turn of the event loop.

    epoll names those first that it named first before. One whose request arrives a moment after the others' is named
    last in the next turn, so it would wait for everybody twice: that is what the slowest answers under load are.

    The rows of a turn are scored in one call: each costs little more than half of what it costs alone, because the
    trees are still in the processor's cache.

    A turn that did nothing but turn batches away is followed by a rest: each turn takes a core from a batch that is
    being scored, so the next one had better find several.

    What is held of a connection is parsed part by part, one part of one connection a turn, however many there are; of
    large bodies a few connections are read from in a turn.
    """

    def __init__(self, compute_margins: Callable[[Sequence[bytes]], Sequence[float]]) -> None:
        self._compute_margins = compute_margins
        self._waiting: list[BatchedConnection] = []
        self._begun: list[tuple[BatchedConnection, Begun]] = []
        self._held: deque[BatchedConnection] = deque()
        self._resting: deque[BatchedConnection] = deque()
        self._served = 0
        self._may_rest = False

    def add(self, connection: BatchedConnection) -> None:
        """Serves a connection once all are known that brought something."""
        if not self._waiting:
            connection.loop.call_soon(self.serve)
        self._waiting.append(connection)

    def serve(self) -> None:
        """Serves all that wait."""
        self._may_rest = False
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

    def add_held(self, connection: BatchedConnection) -> None:
        """Goes on with a connection in a turn to come, after those that were added before."""
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

    def add_resting(self, connection: BatchedConnection) -> None:
        """Lets a connection read on in a turn to come, after those that were added before."""
        if not self._resting:
            connection.loop.call_soon(self._end_rests)
        self._resting.append(connection)

    def _end_rests(self) -> None:
        for _ in range(min(READERS_AT_ONCE, len(self._resting))):
            connection = self._resting.popleft()
            try:
                connection.end_rest()
            except Exception as error:  # one connection's trouble is not the others'
                connection.fail(error)
        if self._resting:
            self._resting[0].loop.call_soon(self._end_rests)

    def rest_after(self, connection: BatchedConnection) -> None:
        """Rests once this turn is over, unless it brought something else as well."""
        if not self._may_rest:
            self._may_rest = True
            connection.loop.call_soon(self._rest)

    def _rest(self) -> None:
        if self._may_rest and not self._waiting:
            time.sleep(REST_SECONDS)
        self._may_rest = False

    def begin(self, connection: BatchedConnection, begun: Begun) -> None:
        """Takes a row to be scored with the others of its turn."""
        self._begun.append((connection, begun))
        if len(self._begun) == FEW_ROWS:
            self.score()

    def score(self) -> None:
        """Scores the rows that were begun, and ends them in that order."""
        if not self._begun:
            return
        rows, self._begun = self._begun, []
        margins: Sequence[float | Exception]
        try:
            margins = self._compute_margins([begun.unscored.vector for _, begun in rows])
        except Exception as error:  # told to each of them
            margins = [error] * len(rows)
        for (connection, begun), margin in zip(rows, margins, strict=True):
            try:
                connection.end(begun, margin)
            except Exception as error:  # one connection's trouble is not the others'
                connection.fail(error)
