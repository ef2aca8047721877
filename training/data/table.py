"""Validated data, in time order, as training sees it."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from contract.compute.plan import FeaturePlan, Matrix
from contract.dataset import Dataset
from contract.intake.formulas import quote_formula
from contract.schema import TrainingData


@dataclass(frozen=True)
class Table:
    """Rows that passed validation.

    `frame` holds the raw columns under their raw names with checked types, sorted by the dataset's
    order column, index 0..rows-1. `origin` says in plain words where the rows came from.
    `sha256` is over the values, so CSV and Parquet of the same rows have the same.
    """

    dataset: Dataset
    frame: pd.DataFrame
    origin: str
    sha256: str
    notes: tuple[str, ...] = ()  # what a person should know of these rows

    def __len__(self) -> int:
        return len(self.frame)

    @cached_property
    def plan(self) -> FeaturePlan:
        return FeaturePlan(self.dataset.schema)

    @cached_property
    def target(self) -> NDArray[np.float64]:
        """Shape (rows,): 1 for the positive value and 0 otherwise, or the number to predict."""
        raw = self.frame[self.dataset.target.source]
        if self.dataset.task == "binary":
            return np.asarray(raw == self.dataset.target.positive, dtype=np.float64)
        return np.asarray(raw, dtype=np.float64)

    @cached_property
    def inputs(self) -> dict[str, NDArray[np.object_] | NDArray[np.float64]]:
        """The raw values of the schema's columns by their names, each of shape (rows,)."""
        return {column.name: self.frame[column.source].to_numpy() for column in self.dataset.columns}

    @cached_property
    def values(self) -> dict[str, NDArray[np.float64]]:
        """Encoded columns and derived features by name, each of shape (rows,)."""
        return self.plan.derive_table(self.plan.encode_table(self.inputs))

    @cached_property
    def matrix(self) -> Matrix:
        """The model matrix, float32 of shape (rows, features)."""
        return self.plan.fill_matrix(self.values)

    @cached_property
    def groups(self) -> NDArray[np.int64]:
        """Shape (rows,): rows with the same number belong together, each row its own without a group rule."""
        group = self.dataset.group
        if group is None:
            return np.arange(len(self), dtype=np.int64)
        if group.falls is not None:
            falls = np.diff(self.values[group.falls], prepend=self.values[group.falls][:1]) < 0
            return np.cumsum(falls).astype(np.int64)
        return pd.factorize(self.frame[group.by])[0].astype(np.int64)

    def take(self, rows: NDArray[np.intp]) -> "Table":
        """The same table with only these rows; the fingerprint stays the whole's."""
        return Table(self.dataset, self.frame.iloc[rows].reset_index(drop=True), self.origin, self.sha256, self.notes)

    def describe(self) -> TrainingData:
        """What a bundle says of the data it comes from."""
        return TrainingData(
            dataset=self.dataset.name,
            sha256=self.sha256,
            rows=len(self),
            positives=int(self.target.sum()) if self.dataset.task == "binary" else None,
            origin=self.origin,
        )


def write_rows(table: Table, path: Path) -> int:
    """Writes the rows as CSV; how many cells got an apostrophe, since a spreadsheet would run them."""
    safe = table.frame.map(lambda value: quote_formula(value) if isinstance(value, str) else value)
    safe.to_csv(path, index=False)
    texts = table.frame.select_dtypes(object)
    return int((safe[texts.columns] != texts)[texts.notna()].to_numpy(dtype=bool).sum()) if len(texts.columns) else 0
