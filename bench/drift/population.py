"""Where simulated rows come from: the values of one column of a data set, as if they were all that there are."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from numpy.typing import NDArray

from contract.dataset import Dataset
from training.data.load import load_table
from training.data.sources.source import GENERATOR

Values = NDArray[np.float64]


@dataclass(frozen=True)
class Population:
    """The values of a column, of shape (rows,); rows are drawn from them with replacement."""

    feature: str
    values: Values

    @cached_property
    def deviation(self) -> float:
        return float(np.std(self.values))

    def shift(self, deviations: float) -> Values:
        """The values, moved by so many standard deviations."""
        return self.values + deviations * self.deviation


def load_populations(dataset: Dataset, source: str | None) -> tuple[str, tuple[Population, ...]]:
    """Where the rows come from in words, and the columns of numbers that may alert.

    Raises: InputError, OutsideError.
    """
    with TemporaryDirectory() as folder:
        table = load_table(dataset, source or GENERATOR, Path(folder) / "rejected.csv")
    numbers = [one.name for one in dataset.columns if one.drift == "alert" and one.type != "category"]
    return table.origin, tuple(Population(name, table.values[name]) for name in numbers)
