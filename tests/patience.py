"""How tests wait: for what they wait for, and never for a time.

A busy machine is slow and that is no failure, so the one limit here only ends a test that hangs.
"""

import time
from collections.abc import Callable
from typing import TypeVar

LAST_RESORT_SECONDS = 180
POLL_SECONDS = 0.02

Found = TypeVar("Found")


def wait_until(holds: Callable[[], Found], what: str = "what is waited for") -> Found:
    """The first true answer of `holds`, which is asked again and again.

    Raises: AssertionError with `what` after LAST_RESORT_SECONDS.
    """
    deadline = time.monotonic() + LAST_RESORT_SECONDS
    while not (found := holds()):
        assert time.monotonic() < deadline, f"{what} did not come true in {LAST_RESORT_SECONDS} s"
        time.sleep(POLL_SECONDS)
    return found
