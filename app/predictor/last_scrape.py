"""What was counted since a scraper last came: whatever is left when the process ends, nobody ever sees."""

from collections.abc import Mapping

from app.predictor.lifecycle import Lifecycle
from app.predictor.receipts.outcomes import FeedbackSums

HEADER = "x-prometheus-scrape-timeout-seconds"  # sent by Prometheus, its agents and what scrapes as they do


def is_scrape(headers: Mapping[str, str]) -> bool:
    """Whether a scraper asks, and not a person or the page."""
    return HEADER in headers


class LastScrape:
    """Rows and outcomes counted, now and when a scraper that was answered had asked."""

    def __init__(self, lifecycle: Lifecycle, feedback: FeedbackSums) -> None:
        self._lifecycle = lifecycle
        self._feedback = feedback
        self._seen: int | None = None  # None before the first scrape

    def count(self) -> int:
        """Rows answered and outcomes taken so far."""
        if not self._lifecycle.has_model:
            return 0
        outcomes = sum(sum(sums.outcomes.values()) for sums in self._feedback.versions.values())
        return self._lifecycle.model.traffic.rows + outcomes

    async def mark(self, counted: int) -> None:
        """A scraper has been answered that asked when so many were counted."""
        self._seen = max(counted, self._seen or 0)

    def count_unseen(self) -> int:
        """Rows and outcomes since then; 0 where no scraper ever came, since none is to be expected."""
        return 0 if self._seen is None else self.count() - self._seen
