"""How long to wait before asking GitHub again, from what its answer says of rate limits."""

import time
from collections.abc import Mapping

LIMITED = (403, 429)
UNNAMED_SECONDS = 60.0  # GitHub's advice for a secondary limit that names no time


def limit_wait(status: int, headers: Mapping[str, str], message: str) -> float | None:
    """Seconds until the rate limit ends; None if the answer is about something else.

    Source: docs.github.com, REST API, "Rate limits": retry-after first, then x-ratelimit-reset, then a minute.
    """
    if status not in LIMITED:
        return None
    if (after := headers.get("retry-after", "")).isdecimal():
        return float(after)
    if headers.get("x-ratelimit-remaining") == "0":
        reset = headers.get("x-ratelimit-reset", "")
        return max(float(reset) - time.time(), 0.0) + 1.0 if reset.isdecimal() else UNNAMED_SECONDS
    if status == 429 or "secondary rate limit" in message.lower():
        return UNNAMED_SECONDS
    return None


def backoff_wait(attempt: int) -> float:
    """Seconds before another attempt after a server's error: 1, 2, 4."""
    return float(2**attempt)
