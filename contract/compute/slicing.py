"""In which slices of the traffic a row is, by the columns of its bundle."""

from bisect import bisect_right
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from contract.schema import SliceColumn
from contract.slices import count_cells


class Slicing:
    """Numbers the cells: one for each combination of one slice, or none, of every column."""

    def __init__(self, columns: Sequence[SliceColumn]) -> None:
        self.columns = tuple(columns)
        self.cells = count_cells([len(column.slices) for column in columns])
        # a category's code is the place of its slice; after the slices of a column comes none
        self._columns = [(column.name, len(column.slices) + 1, column.edges) for column in columns]

    def find_cell(self, values: Mapping[str, float]) -> int:
        """The cell of one row without missing values."""
        cell = 0
        for name, size, edges in self._columns:
            cell = cell * size + (bisect_right(edges, values[name]) if edges else int(values[name]))
        return cell

    def find_cells(self, values: Mapping[str, NDArray[np.float64]], rows: int) -> NDArray[np.intp]:
        """The cell of each row, shape (rows,); a value that is missing (NaN) is in none of its column's slices."""
        cells = np.zeros(rows, dtype=np.intp)
        for name, size, edges in self._columns:
            column = values[name]
            places = np.searchsorted(edges, column, side="right") if edges else column
            cells = cells * size + np.where(np.isnan(column), size - 1, places).astype(np.intp)
        return cells

    def list_slices(self, cell: int) -> list[tuple[int, int]]:
        """The slices of a cell, each as the place of its column and its own place there."""
        slices = []
        for place in range(len(self._columns) - 1, -1, -1):
            cell, own = divmod(cell, self._columns[place][1])
            if own < self._columns[place][1] - 1:
                slices.append((place, own))
        return slices[::-1]
