"""What exactly is wrong with a row: the slow, precise look at one that the strict decoders refused."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from contract.errors import RowError
from contract.intake.values import check_number, check_value, column_bounds, describe_column, name_type
from contract.schema import Column, ModelSchema

REASONS = (
    "unknown_field",
    "missing_field",
    "wrong_type",
    "missing_value",
    "unknown_category",
    "not_whole",
    "below_minimum",
    "above_maximum",
    "no_rows",
    "too_many_rows",
    "wrong_shape",
    "invalid_row",
)


def find_problem(schema: ModelSchema, row: Any, place: str) -> RowError:
    """The first reason to refuse a decoded row; `place` is where it stands, empty or such as `rows[3]`.

    The code is `invalid_row` if this finds nothing.
    """
    if not isinstance(row, dict):
        return RowError("wrong_type", f"a row is {name_type(row)}, expected an object", place or None)
    prefix = f"{place}." if place else ""
    for column in schema.columns:
        field = prefix + column.name
        if column.name not in row:
            return RowError("missing_field", f"{field} is missing, expected {describe_column(column)}", field)
        if problem := check_value(column, row[column.name], field):
            return problem
    if unknown := row.keys() - {column.name for column in schema.columns}:
        known = ", ".join(column.name for column in schema.columns)
        return RowError("unknown_field", f"{len(unknown)} unknown field(s), expected only {known}", place or None)
    return RowError("invalid_row", "the row does not follow the schema", place or None)


class TableBounds:
    """What the values of all columns may be, looked at in one go: tables are nearly always right."""

    def __init__(self, columns: Sequence[Column]) -> None:
        bounds = [_number_bounds(column) for column in columns]
        self._low = np.array([low for low, _ in bounds])
        self._high = np.array([high for _, high in bounds])
        self._whole = [index for index, column in enumerate(columns) if column.type != "number"]

    def hold(self, table: NDArray[np.float64]) -> bool:
        """Whether all of a table of shape (columns, rows) is within; if not, `check_numbers` may still allow it."""
        whole = table[self._whole]
        is_within = (table.min(axis=1) >= self._low) & (table.max(axis=1) <= self._high)
        return bool(is_within.all()) and np.array_equal(np.rint(whole), whole)


def _number_bounds(column: Column) -> tuple[float, float]:
    """As `column_bounds`, of a category's codes too."""
    return (0.0, float(len(column.categories) - 1)) if column.type == "category" else column_bounds(column)


def check_numbers(column: Column, values: NDArray[np.float64]) -> None:
    """Holds many values against a column's bounds; categories are codes here, NaN is missing.

    Raises: RowError with the first that is refused.
    """
    low, high = _number_bounds(column)
    whole = column.type == "number" or np.array_equal(np.rint(values), values)
    if whole and len(values) and low <= values.min() and values.max() <= high:
        return
    refused = ~((values >= low) & (values <= high))
    if column.nullable:
        refused &= ~np.isnan(values)
    if column.type != "number":
        with np.errstate(invalid="ignore"):  # infinite
            refused |= np.mod(values, 1) > 0
    if not refused.any():
        return
    row = int(refused.argmax())
    field = f"{column.name}[{row}]"
    value = float(values[row])
    if np.isnan(value):
        raise RowError("missing_value", f"{field} is not a number, expected {describe_column(column)}", field)
    if column.type == "category":
        raise RowError("above_maximum", f"{field} is no code, expected 0 to {high:g}", field)
    raise check_number(column, value, field) or RowError("invalid_row", f"{field} is refused", field)
