"""What the predictor counts, as plain numbers: the event loop adds to them, a scrape reads them."""

from bisect import bisect_left
from collections.abc import Iterable, Mapping

from contract.durations import DURATION_BUCKETS

DECISIONS = {True: "true", False: "false", None: "none"}
SHED_REASONS = ("batches", "bytes", "concurrency", "connections", "uploads")
CLOSED_REASONS = ("idle", "slow_body", "slow_headers", "slow_reader")


class DurationCell:
    """Durations of one route and status; a plain list costs a third of a library's histogram."""

    __slots__ = ("counts", "total_seconds")

    def __init__(self) -> None:
        self.counts = [0] * (len(DURATION_BUCKETS) + 1)
        self.total_seconds = 0.0

    def observe(self, seconds: float) -> None:
        self.counts[bisect_left(DURATION_BUCKETS, seconds)] += 1
        self.total_seconds += seconds


class DecisionSums:
    """Rows with the same decision: how many, the sum of their scores p, and that of p(1 - p), their variance."""

    __slots__ = ("rows", "scores", "variance")

    def __init__(self, rows: int = 0, scores: float = 0.0, variance: float = 0.0) -> None:
        self.rows = rows
        self.scores = scores
        self.variance = variance

    def add(self, other: "DecisionSums") -> None:
        self.rows += other.rows
        self.scores += other.scores
        self.variance += other.variance


class Counters:
    """Every count that is not the model's own; only the event loop's thread changes them."""

    def __init__(self, routes: Iterable[str], reasons: Iterable[str], row_reasons: Iterable[str] = ()) -> None:
        """`routes`, `reasons` and `row_reasons` are all values of those labels; each starts at 0."""
        self.batches = 0
        self.dropped_lines = 0
        self.durations = {(route, 200): DurationCell() for route in routes}
        self.rejected = dict.fromkeys(sorted(reasons), 0)
        self.rejected_rows = dict.fromkeys(sorted(row_reasons), 0)
        self.shed = dict.fromkeys(SHED_REASONS, 0)
        self.closed = dict.fromkeys(CLOSED_REASONS, 0)

    def duration_cell(self, route: str, status: int) -> DurationCell:
        """The cell of one route and status; keep it where it is needed often."""
        cell = self.durations.get((route, status))
        if cell is None:
            cell = self.durations[route, status] = DurationCell()
        return cell

    def count_dropped_line(self) -> None:
        self.dropped_lines += 1

    def count_rejection(self, reason: str) -> None:
        self.rejected[reason] = self.rejected.get(reason, 0) + 1

    def count_rejected_rows(self, reasons: Mapping[str, int]) -> None:
        for reason, count in reasons.items():
            self.rejected_rows[reason] = self.rejected_rows.get(reason, 0) + count
