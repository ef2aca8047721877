"""How many connections there are: where there is no room for one more, those give way that nothing is done for."""

import resource
from time import monotonic
from typing import Protocol

SHARE = 16  # at most this part of all gives way at once, since finding them takes a look at each
PATIENCE_SECONDS = 2.0  # so long nobody gives way
LOOK_SECONDS = 0.1  # at most so often
OTHER_FILES = 128  # libraries, spools, probes


def limit_connections(most: int) -> int:
    """As many, or what the files that the process may open leave room for."""
    files, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return most if files == resource.RLIM_INFINITY else max(1, min(most, files - OTHER_FILES))


class OpenConnection(Protocol):
    """What is open. `idle_since` is the loop's time since when nothing is done for it, None while something is."""

    def idle_since(self) -> float | None: ...

    def give_way(self) -> None: ...


class Connections:
    """Those of one port. For one thread."""

    def __init__(self, most: int | None) -> None:
        """`most` is None where there may be any number."""
        self.most = most
        self._held: dict[OpenConnection, None] = {}
        self._looked = 0.0

    def __len__(self) -> int:
        return len(self._held)

    def add(self, connection: OpenConnection) -> bool:
        """Whether there is room; those that are idle for the longest give way for it."""
        if self.most is not None and len(self._held) >= self.most:
            self._make_room(self.most)
            if len(self._held) >= self.most:
                return False
        self._held[connection] = None
        return True

    def remove(self, connection: OpenConnection) -> None:
        """Of one that was added or not."""
        self._held.pop(connection, None)

    def _make_room(self, most: int) -> None:
        now = monotonic()  # as the loop's
        if now - self._looked < LOOK_SECONDS:
            return
        self._looked = now
        waiting = [(since, place) for place, one in enumerate(self._held) if (since := one.idle_since()) is not None]
        waiting.sort()
        held = list(self._held)
        for since, place in waiting[: max(1, most // SHARE)]:
            if since > now - PATIENCE_SECONDS:
                break
            self.remove(held[place])
            held[place].give_way()
