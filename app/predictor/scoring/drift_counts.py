"""How many served rows fell in each reference bin: what Prometheus sums over replicas to see drift."""

import math
from bisect import bisect_right
from collections.abc import Mapping
from operator import sub

import numpy as np
from numpy.typing import NDArray

from contract.schema import Manifest, ReferenceBins

SCORE = "score"

BinCounts = dict[str, list[int]]


class TrafficBins:
    """One list of counts for each feature, column and the score; only the event loop's thread changes them."""

    def __init__(self, manifest: Manifest) -> None:
        self.reference = manifest.reference
        self.counts = {name: [0] * len(bins.ratios) for name, bins in manifest.reference.items()}
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

    def count_row(self, values: Mapping[str, float], score: float) -> None:
        """Adds a row without missing values."""
        for name, edges, counts in self._numbers:
            counts[bisect_right(edges, values[name])] += 1
        for name, counts in self._codes:
            counts[int(values[name])] += 1
        edges, counts = self._score
        counts[bisect_right(edges, score)] += 1

    def count_sparse_row(self, values: Mapping[str, float], score: float) -> None:
        """Adds a row that may have missing (NaN) values."""
        for name, bins in self.reference.items():
            self.counts[name][find_bin(bins, score if name == SCORE else values[name])] += 1

    def count_table(self, values: Mapping[str, NDArray[np.float64]], scores: NDArray[np.float64]) -> BinCounts:
        """Counts of many rows, to be added by `add_counts`; changes nothing."""
        table = np.stack([scores if name == SCORE else values[name] for name in self.reference])
        table.sort(axis=1)  # a sort and few searches take half the time of a search for each value
        ordered = zip(self._edges.items(), table, np.isnan(table[:, -1]).tolist(), strict=True)
        return {name: _count_ordered(row, edges, has_missing) for (name, edges), row, has_missing in ordered}

    def add_counts(self, counted: BinCounts) -> None:
        for name, added in counted.items():
            counts = self.counts[name]
            for index, count in enumerate(added):
                counts[index] += count


def _count_ordered(ordered: NDArray[np.float64], edges: NDArray[np.float64], has_missing: bool) -> list[int]:
    """As `contract.compute.bins.count_bins`, of values in order; those missing (NaN) stand last."""
    known = int(np.count_nonzero(~np.isnan(ordered))) if has_missing else len(ordered)
    below = ordered.searchsorted(edges, side="left").tolist()
    starts, ends = [0, *below], [*below, known]
    return [*map(sub, ends, starts), len(ordered) - known]


def find_bin(bins: ReferenceBins, value: float) -> int:
    """The bin of one value, as `contract.compute.bins.assign_bins` finds it for many."""
    if math.isnan(value):
        return len(bins.ratios) - 1
    return int(value) if bins.categories else bisect_right(bins.edges, value)
