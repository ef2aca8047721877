"""Requests turned away to protect the rest: counted by reason, and answered with 503."""

from app.predictor.counters import Counters
from app.predictor.http.errors import NotServingError, explain_shed


def shed(counters: Counters, reason: str) -> NotServingError:
    """Counts a request turned away; the error to raise. `reason` is one of `app.predictor.counters.SHED_REASONS`."""
    counters.shed[reason] += 1
    return explain_shed(reason)
