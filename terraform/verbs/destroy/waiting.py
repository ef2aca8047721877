"""Waiting for something to go, within bounds."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

T = TypeVar("T")


@dataclass(frozen=True)
class Patience:
    """How long a step may take, and how long it rests between two looks."""

    seconds: float
    pause_seconds: float = 10
    sleep: Callable[[float], None] = time.sleep
    clock: Callable[[], float] = time.monotonic

    def wait_until_gone(self, look: Callable[[], Sequence[T]]) -> Sequence[T]:
        """Looks until nothing is found; what is still there at the end."""
        end = self.clock() + self.seconds
        while (found := look()) and self.clock() + self.pause_seconds <= end:
            self.sleep(self.pause_seconds)
        return found
