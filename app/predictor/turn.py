"""The order of answers: who was answered longest ago comes first."""

from asyncio import AbstractEventLoop
from operator import attrgetter
from typing import Protocol

_ORDER = attrgetter("served")


class Connection(Protocol):
    """What waits in a turn; `served` is its place in the order of answers, 0 before the first."""

    served: int

    @property
    def loop(self) -> AbstractEventLoop: ...

    def serve(self) -> None: ...

    def fail(self, error: Exception) -> None: ...


class Turn:
    """What connections brought in one turn of the event loop.

    epoll names those first that it named first before. One whose request arrives a moment after the others' is named
    last in the next turn, so it would wait for everybody twice: that is what the slowest answers under load are.
    """

    def __init__(self) -> None:
        self._waiting: list[Connection] = []
        self._served = 0

    def add(self, connection: Connection) -> None:
        """Serves a connection once all are known that brought something."""
        if not self._waiting:
            connection.loop.call_soon(self.serve)
        self._waiting.append(connection)

    def serve(self) -> None:
        """Serves all that wait."""
        waiting, self._waiting = self._waiting, []
        waiting.sort(key=_ORDER)
        for connection in waiting:
            self._served += 1
            connection.served = self._served
            try:
                connection.serve()
            except Exception as error:  # one connection's trouble is not the others'
                connection.fail(error)
