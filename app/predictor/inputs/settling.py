"""Decoded categories to what is encoded: blanks around them are not part of them, and which are declared is checked."""

from collections.abc import Sequence
from typing import Any

from contract.intake.values import check_value, find_first, settle_categories, settle_value
from contract.schema import Column, Value


def settle_row(columns: Sequence[Column], row: tuple[Value, ...]) -> tuple[Value, ...]:
    """One row's values, in the order of the columns.

    Raises: RowError for a category that is missing or not declared, where the schema does not allow it.
    """
    for column, value in zip(columns, row, strict=True):
        if (problem := check_value(column, value, column.name)) is not None:
            raise problem
    return tuple(settle_value(column, value) for column, value in zip(columns, row, strict=True))


def settle_columns(columns: Sequence[Column], table: dict[str, Any]) -> dict[str, Any]:
    """The same of many rows by column; names a refused one as `rows[3].<column>`."""
    settled = {
        column.name: settle_categories(column, table[column.name], _name_field)
        for column in columns
        if column.type == "category"
    }
    if (problem := find_first([problems for _, problems in settled.values()])) is not None:
        raise problem
    return table | {name: values for name, (values, _) in settled.items()}


def _name_field(name: str, row: int) -> str:
    return f"rows[{row}].{name}"
