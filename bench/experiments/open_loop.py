"""What the experiments do with a load that does not wait for answers."""

import time
from statistics import quantiles

import uvloop

from app.monitor.load.open_loop import OpenLoop, Reply


def send_load(port: int, request: bytes, rate: float, seconds: float) -> tuple[list[Reply], float]:
    """All replies and the seconds until the last; on uvloop, so that the load generator is the last to be full."""
    start = time.monotonic()
    replies = uvloop.run(OpenLoop(port, request).run(rate, seconds))
    return replies, time.monotonic() - start


def percentile_99(seconds: list[float]) -> float:
    """NaN without values."""
    if len(seconds) < 2:
        return seconds[0] if seconds else float("nan")
    return quantiles(seconds, n=100, method="inclusive")[98]
