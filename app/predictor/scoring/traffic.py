"""What the served rows were: how many fell in each reference bin, what was decided, and the sums of their scores.

Prometheus sums all of it over replicas: drift comes of the bins, expected precision, recall and cost of the sums. A row
is counted once, in the cell of its slices; what is said of all rows, or of a slice, is the sum over its cells.
"""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping
from operator import add
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from app.predictor.counters import DECISIONS, DecisionSums
from app.predictor.scoring.bin_layout import SCORE, BinCounts, BinLayout, Values
from contract.compute.scoring import Scores
from contract.compute.slicing import Slicing
from contract.schema import Manifest
from contract.slices import name_slice

Decided = dict[bool | None, DecisionSums]

_NUMBERED = (False, True, None)  # decisions, as many rows number them


class Cell:
    """The rows of one combination of slices: `counts` as the layout has them, and sums by decision."""

    __slots__ = ("counts", "decided")

    def __init__(self, size: int) -> None:
        self.counts = [0] * size
        self.decided: Decided = {decision: DecisionSums() for decision in DECISIONS}

    def add(self, other: "Cell") -> None:
        self.counts = list(map(add, self.counts, other.counts))
        for decision, sums in other.decided.items():
            self.decided[decision].add(sums)


class CellCounts(NamedTuple):
    """What many rows add to one cell: `counts` as the layout has them; the others by decision, as _NUMBERED."""

    place: int
    counts: list[int]
    rows: list[int]
    scores: list[float]
    variance: list[float]


class TrafficSums(NamedTuple):
    """What was counted up to a moment: of all rows, and of each slice by its name."""

    total: Cell
    slices: tuple[tuple[str, Cell], ...]


class TrafficCounts:
    """The cells; only the event loop's thread changes them."""

    def __init__(self, manifest: Manifest) -> None:
        self.reference = manifest.reference
        self.layout = BinLayout(manifest)
        self.slicing = Slicing(manifest.slices)
        self.cells: dict[int, Cell] = {}  # those that a row was in
        self._threshold = manifest.threshold
        # of the usual row: edges and start of a number, start alone where a category's code is its bin
        self._numbers = [(one.name, one.edges, one.start) for one in self.layout.numbers if one.name != SCORE]
        self._codes = [(one.name, one.start) for one in self.layout.codes]
        self._score = (self.layout.features[SCORE].edges, self.layout.features[SCORE].start)

    def count_row(self, values: Mapping[str, float], score: float, decision: bool | None) -> None:
        """Adds a row without missing values."""
        place = self.slicing.find_cell(values)
        cell = self.cells.get(place) or self._open(place)
        counts = cell.counts
        for name, edges, start in self._numbers:
            counts[start + bisect_right(edges, values[name])] += 1
        for name, start in self._codes:
            counts[start + int(values[name])] += 1
        edges, start = self._score
        counts[start + bisect_right(edges, score)] += 1
        sums = cell.decided[decision]
        sums.rows += 1
        sums.scores += score
        sums.variance += score * (1.0 - score)

    def _open(self, place: int) -> Cell:
        return self.cells.setdefault(place, Cell(self.layout.size))

    def count_table(self, values: Values, scores: Scores) -> list[CellCounts]:
        """Counts of many rows, to be added by `add_counts`; changes nothing."""
        cells, lines = self._find_lines(values, len(scores))
        places = self.layout.find_places(values, scores, lines * self.layout.size)
        decided = self._number_decisions(scores) + len(_NUMBERED) * lines

        def count(places: NDArray[np.intp], size: int, weights: Scores | None = None) -> Any:
            return np.bincount(places, weights, len(cells) * size).reshape(len(cells), size).tolist()

        size = len(_NUMBERED)
        sums = (count(decided, size, weights) for weights in (None, scores, scores * (1.0 - scores)))
        return list(map(CellCounts, cells.tolist(), count(places.ravel(), self.layout.size), *sums))

    def _number_decisions(self, scores: Scores) -> NDArray[np.intp]:
        if self._threshold is None:
            return np.full(len(scores), _NUMBERED.index(None))
        return (scores >= self._threshold).astype(np.intp)

    def _find_lines(self, values: Values, rows: int) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        """The cells that rows are in, and the place of each row's among them, shape (rows,)."""
        found = self.slicing.find_cells(values, rows)
        is_there = np.bincount(found) > 0
        return np.flatnonzero(is_there), (np.cumsum(is_there) - 1)[found]

    def add_counts(self, counted: list[CellCounts]) -> None:
        for one in counted:
            cell = self.cells.get(one.place) or self._open(one.place)
            cell.counts = list(map(add, cell.counts, one.counts))
            for decision, rows, scores, variance in zip(_NUMBERED, one.rows, one.scores, one.variance, strict=True):
                of_decision = cell.decided[decision]
                of_decision.rows += rows
                of_decision.scores += scores
                of_decision.variance += variance

    @property
    def rows(self) -> int:
        return sum(sums.rows for cell in self.cells.values() for sums in cell.decided.values())

    def sum_all(self) -> Cell:
        """Of all rows."""
        return self._sum(self.cells.values())

    @property
    def counts(self) -> BinCounts:
        """Of all rows by feature, in the bins of the reference."""
        return self.layout.fold(self.sum_all().counts)

    def count_outside(self, total: Cell | None = None) -> dict[str, int]:
        """Rows below or above the reference's range, by feature; without those whose range is not known.

        `total`: of all rows, where it was summed already.
        """
        counts = (total or self.sum_all()).counts
        features = self.layout.features.values()
        return {feature.name: feature.count_outside(counts) for feature in features if feature.has_range}

    def sum_cells(self) -> TrafficSums:
        return TrafficSums(self.sum_all(), tuple(self.sum_slices()))

    def sum_slices(self) -> Iterator[tuple[str, Cell]]:
        """Of each slice by its name, those without rows too."""
        members: dict[tuple[int, int], list[Cell]] = {
            (place, own): [] for place, column in enumerate(self.slicing.columns) for own in range(len(column.slices))
        }
        for number, cell in self.cells.items():
            for one in self.slicing.list_slices(number):
                members[one].append(cell)
        for (place, own), cells in members.items():
            yield name_slice(self.slicing.columns[place], own), self._sum(cells)

    def _sum(self, cells: Iterable[Cell]) -> Cell:
        total = Cell(self.layout.size)
        for cell in cells:
            total.add(cell)
        return total
