"""Where each bin of a bundle's reference stands in one flat list of counts.

A number whose reference has a range has two bins more here, below and above it: that a row is out of range is seen in
the same search that finds its bin.
"""

import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from contract.compute.scoring import Scores
from contract.schema import Manifest, ReferenceBins

SCORE = "score"

BinCounts = dict[str, list[int]]
Values = Mapping[str, NDArray[np.float64]]


class FeatureBins(NamedTuple):
    """Bins `start` to `end` of one feature; the last holds what is missing.

    Bin i holds edges[i-1] <= x < edges[i]; of a category x is its code.
    """

    name: str
    edges: tuple[float, ...]
    start: int
    end: int
    has_range: bool

    def fold(self, counts: Sequence[int]) -> list[int]:
        """Of all counts those of this feature, in the bins of the reference."""
        own = list(counts[self.start : self.end])
        if not self.has_range:
            return own
        below, first, *others, above, missing = own
        inner = [first + below, *others]
        inner[-1] += above
        return [*inner, missing]

    def count_outside(self, counts: Sequence[int]) -> int:
        """Of all counts those of this feature that are below or above the reference's range."""
        return counts[self.start] + counts[self.end - 2]


def search_edges(bins: ReferenceBins, is_score: bool) -> tuple[tuple[float, ...], bool]:
    """The edges between which a value is looked up, and whether the first and last are the ends of the range."""
    if bins.categories:
        return tuple(float(code) for code in range(1, len(bins.categories))), False
    if is_score or bins.minimum is None or bins.maximum is None:
        return bins.edges, False
    return (bins.minimum, *bins.edges, math.nextafter(bins.maximum, math.inf)), True


class BinLayout:
    """The features in the reference's order, the score among them."""

    def __init__(self, manifest: Manifest) -> None:
        self.features: dict[str, FeatureBins] = {}
        self.size = 0
        for name, bins in manifest.reference.items():
            edges, has_range = search_edges(bins, name == SCORE)
            end = self.size + len(edges) + 2
            self.features[name] = FeatureBins(name, edges, self.size, end, has_range)
            self.size = end
        categories = {name for name, bins in manifest.reference.items() if bins.categories}
        self.numbers = [feature for feature in self.features.values() if feature.name not in categories]
        self.codes = [feature for feature in self.features.values() if feature.name in categories]
        widest = max(len(feature.edges) for feature in self.numbers)
        padded = [[*feature.edges, *[math.nan] * (widest - len(feature.edges))] for feature in self.numbers]
        self._edges = np.array(padded).T[:, :, np.newaxis].copy()  # (edges, numbers, 1)
        self._step_type = np.min_scalar_type(widest)
        self._starts = np.array([[feature.start] for feature in (*self.numbers, *self.codes)])
        self._missing = np.array([[len(feature.edges) + 1] for feature in self.numbers])

    def find_places(self, values: Values, scores: Scores, first: NDArray[np.intp]) -> NDArray[np.intp]:
        """Where each feature of each row is counted, shape (features, rows); `first` is where a row's list begins."""
        table = np.stack([scores if one.name == SCORE else values[one.name] for one in self.numbers])
        places = np.empty((len(self.features), len(scores)), dtype=np.intp)
        numbers, codes = places[: len(self.numbers)], places[len(self.numbers) :]
        # a comparison with every edge takes less than a search for each value; nothing is above the padding
        numbers[:] = (table >= self._edges).view(np.uint8).sum(axis=0, dtype=self._step_type)
        if (is_missing := np.isnan(table)).any():
            np.copyto(numbers, self._missing, where=is_missing)
        for place, one in zip(codes, self.codes, strict=True):
            code = values[one.name]
            place[:] = np.where(np.isnan(code), len(one.edges) + 1, code)
        places += self._starts
        places += first
        return places

    def fold(self, counts: Sequence[int]) -> BinCounts:
        """All counts by feature, in the bins of the reference."""
        return {name: feature.fold(counts) for name, feature in self.features.items()}
