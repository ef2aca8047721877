"""The threads that score many rows, and how many batches may wait for them."""

import asyncio
import contextlib
import os
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from app.predictor.admission.shedding import shed
from app.predictor.counters import Counters

BATCH_NICENESS = 5

Result = TypeVar("Result")


class BatchThreads:
    """Runs work of many rows beside the event loop, in the order of arrival."""

    def __init__(self, counters: Counters, threads: int, max_waiting: int) -> None:
        self._counters = counters
        self._max_waiting = max_waiting
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="batch", initializer=yield_to_loop)
        self.waiting = 0

    def has_room(self) -> bool:
        """Whether one more batch may wait."""
        return self.waiting < self._max_waiting

    def check_room(self) -> None:
        """Raises: NotServingError if too many batches wait already."""
        if not self.has_room():
            raise shed(self._counters, "batches")

    def run(self, work: Callable[..., Result], *given: object) -> "asyncio.Future[Result]":
        """Runs work of many rows in one of the threads; it counts as a waiting batch until it is done.

        Raises: NotServingError, at once, if too many wait already.
        """
        self.check_room()
        result = asyncio.get_running_loop().run_in_executor(self._threads, work, *given)
        self.waiting += 1
        result.add_done_callback(self._end)
        return result

    def _end(self, result: "asyncio.Future[Result]") -> None:
        self.waiting -= 1

    async def run_chunk(self, work: Callable[..., Result], *given: object) -> Result:
        """As `run` for a part of an upload, which was admitted as a whole."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, work, *given)


def yield_to_loop() -> None:
    """Lets the event loop's thread go first where they share a core: what it does is short, and others wait for it."""
    if sys.platform == "linux":  # elsewhere it would be the whole process
        with contextlib.suppress(OSError):
            os.nice(BATCH_NICENESS)
