"""A client that asks for health and for the score of a good row while others attack."""

import contextlib
import http.client
import threading
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from bench.experiments.hostile.attacks import ANSWER_SECONDS
from bench.experiments.hostile.loop_times import Held
from bench.servers import Server

PROBE_SECONDS = 0.02


@dataclass
class Watch:
    """What the server did meanwhile."""

    health: list[float] = field(default_factory=list)  # seconds
    rows: Counter[str] = field(default_factory=Counter)  # good rows by their answer's status
    peak_bytes: int = 0
    began: float = field(default_factory=time.monotonic)
    callback: Held | None = None  # the longest of the event loop's, of a server that is measured inside
    delay: Held | None = None  # the longest time that the loop was late by


@contextlib.contextmanager
def watching(server: Server, row: bytes) -> Iterator[Watch]:
    """Asks again and again, each time on a new connection."""
    watch, is_over = Watch(), threading.Event()

    def run() -> None:
        while not is_over.wait(PROBE_SECONDS):
            watch.peak_bytes = max(watch.peak_bytes, server.resident_bytes())
            start = time.monotonic()
            with contextlib.suppress(OSError, http.client.HTTPException):
                server.ask(server.system.health, None, ANSWER_SECONDS)
            watch.health.append(time.monotonic() - start)
            try:
                watch.rows[str(server.ask(server.system.row.path, row, ANSWER_SECONDS).status)] += 1
            except (OSError, http.client.HTTPException):
                watch.rows["closed"] += 1

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield watch
    finally:
        is_over.set()
        thread.join()
