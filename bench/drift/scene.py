"""One replication: a reference drawn anew, and Poisson arrivals counted by the minute, before and after a shift.

The same law is counted three ways, each as its rules need it: by the reference's bins, by the bins of each of ten
replicas behind random routing, and by cells so narrow that a distance between distributions can be had of them.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from bench.drift.population import Population, Values
from contract.compute.bins import build_bins, measure_ratios

REPLICAS = 10
CELLS_PER_DEVIATION = 20

View = Literal["bins", "replicas", "cells"]
Counts = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Scene:
    """`ratios`: shares of the reference, and of a row before and after the shift; all of shape (bins,) or (cells,).

    `width` is a cell's, in standard deviations of the reference.
    """

    view: View
    reference_rows: int
    ratios: Floats
    before: Floats
    after: Floats
    width: float = 0.0

    def count(self, random: np.random.Generator, rows_per_minute: float, before: int, after: int) -> Counts:
        """Rows of each minute, of shape (minutes, bins), (minutes, cells) or (minutes, replicas, bins)."""
        shares = np.repeat((self.before, self.after), (before, after), axis=0)
        if self.view == "replicas":
            shares = np.repeat(shares[:, np.newaxis] / REPLICAS, REPLICAS, axis=1)
        return random.poisson(rows_per_minute * shares)


def draw_scene(random: np.random.Generator, population: Population, view: View, rows: int, shift: float) -> Scene:
    """A reference of `rows` rows, and traffic that moves by `shift` standard deviations."""
    reference = random.choice(population.values, rows)
    moved = population.shift(shift)
    if view == "cells":
        return _draw_cells(population, reference, moved)
    bins = build_bins(reference, (), "alert")
    before, after = (np.array(measure_ratios(bins, values)) for values in (population.values, moved))
    return Scene(view, rows, np.array(bins.ratios), before, after)


def _draw_cells(population: Population, reference: Values, moved: Values) -> Scene:
    width = population.deviation / CELLS_PER_DEVIATION
    lowest = min(population.values.min(), moved.min())
    size = int((max(population.values.max(), moved.max()) - lowest) / width) + 1

    def share(values: Values) -> Floats:
        cells = ((values - lowest) / width).astype(np.intp)
        return np.bincount(cells, minlength=size) / len(values)

    ratios, before, after = share(reference), share(population.values), share(moved)
    return Scene("cells", len(reference), ratios, before, after, width / float(np.std(reference)))
