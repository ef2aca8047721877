"""What the served rows were: how many fell in each reference bin, what was decided, and the sums of their scores.

Prometheus sums all of it over replicas: drift comes of the bins, expected precision, recall and cost of the sums.
"""

from bisect import bisect_right
from collections.abc import Mapping
from operator import sub
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from app.predictor.counters import DECISIONS, DecisionSums
from contract.compute.scoring import Scores
from contract.schema import Manifest

SCORE = "score"

BinCounts = dict[str, list[int]]
Decided = dict[bool | None, DecisionSums]


class TableCounts(NamedTuple):
    """What many rows add to the counters."""

    bins: BinCounts
    decided: Decided


class TrafficCounts:
    """Counts by feature and bin, and sums by decision; only the event loop's thread changes them."""

    def __init__(self, manifest: Manifest) -> None:
        self.reference = manifest.reference
        self.counts = {name: [0] * len(bins.ratios) for name, bins in manifest.reference.items()}
        self.decided: Decided = {decision: DecisionSums() for decision in DECISIONS}
        self._threshold = manifest.threshold
        # the usual row as plain tuples: a name's edges and its list, or its list alone for a category's code
        self._numbers = [
            (name, bins.edges, self.counts[name])
            for name, bins in self.reference.items()
            if not bins.categories and name != SCORE
        ]
        self._codes = [(name, self.counts[name]) for name, bins in self.reference.items() if bins.categories]
        self._edges = {
            name: np.arange(1.0, len(bins.categories)) if bins.categories else np.asarray(bins.edges, dtype=np.float64)
            for name, bins in self.reference.items()
        }
        self._score = (self.reference[SCORE].edges, self.counts[SCORE])

    def count_row(self, values: Mapping[str, float], score: float, decision: bool | None) -> None:
        """Adds a row without missing values."""
        for name, edges, counts in self._numbers:
            counts[bisect_right(edges, values[name])] += 1
        for name, counts in self._codes:
            counts[int(values[name])] += 1
        edges, counts = self._score
        counts[bisect_right(edges, score)] += 1
        sums = self.decided[decision]
        sums.rows += 1
        sums.scores += score
        sums.variance += score * (1.0 - score)

    def count_table(self, values: Mapping[str, NDArray[np.float64]], scores: Scores) -> TableCounts:
        """Counts of many rows, to be added by `add_counts`; changes nothing."""
        table = np.stack([scores if name == SCORE else values[name] for name in self.reference])
        table.sort(axis=1)  # a sort and few searches take half the time of a search for each value
        ordered = zip(self._edges.items(), table, np.isnan(table[:, -1]).tolist(), strict=True)
        bins = {name: _count_ordered(row, edges, has_missing) for (name, edges), row, has_missing in ordered}
        return TableCounts(bins, sum_decisions(scores, self._threshold))

    def add_counts(self, counted: TableCounts) -> None:
        for name, added in counted.bins.items():
            counts = self.counts[name]
            for index, count in enumerate(added):
                counts[index] += count
        for decision, sums in counted.decided.items():
            self.decided[decision].add(sums)


def sum_decisions(scores: Scores, threshold: float | None) -> Decided:
    """Rows of shape (rows,) by their decision, which is None without a threshold."""
    if threshold is None:
        return {None: _sum_scores(scores)}
    is_positive = scores >= threshold
    return {True: _sum_scores(scores[is_positive]), False: _sum_scores(scores[~is_positive])}


def _sum_scores(scores: Scores) -> DecisionSums:
    return DecisionSums(len(scores), float(scores.sum()), float((scores * (1.0 - scores)).sum()))


def _count_ordered(ordered: NDArray[np.float64], edges: NDArray[np.float64], has_missing: bool) -> list[int]:
    """As `contract.compute.bins.count_bins`, of values in order; those missing (NaN) stand last."""
    known = int(np.count_nonzero(~np.isnan(ordered))) if has_missing else len(ordered)
    below = ordered.searchsorted(edges, side="left").tolist()
    starts, ends = [0, *below], [*below, known]
    return [*map(sub, ends, starts), len(ordered) - known]
