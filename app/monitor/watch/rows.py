"""Rows of a dataset with what happened to each, as the predictor takes them."""

import csv
from pathlib import Path
from typing import Any, NamedTuple

from cli.errors import InputError
from contract.schema import Column, ModelSchema

Shifts = dict[str, float]  # by column, what is added to each value


class LabelledRow(NamedTuple):
    """`outcome`: whether the event happened, or the number that was measured."""

    values: dict[str, Any]
    outcome: bool | float


def read_rows(path: Path, schema: ModelSchema) -> list[LabelledRow]:
    """The rows of a CSV such as `make data` writes.

    Raises: InputError if it cannot be read, or a column is missing.
    """
    try:
        with path.open(encoding="utf-8", newline="") as file:
            reader = csv.DictReader(file)
            wanted = [*(column.source for column in schema.columns), schema.target.source]
            if missing := [name for name in wanted if name not in (reader.fieldnames or ())]:
                raise InputError(f"{path} has no column {', '.join(missing)}; write it with `make data`")
            rows = [_read_row(raw, schema) for raw in reader]
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}") from error
    if not rows:
        raise InputError(f"{path} holds no row")
    return rows


def _read_row(raw: dict[str, str], schema: ModelSchema) -> LabelledRow:
    values = {column.name: _read_value(raw[column.source], column) for column in schema.columns}
    outcome = raw[schema.target.source]
    if schema.task == "binary":
        return LabelledRow(values, outcome == str(schema.target.positive))
    return LabelledRow(values, float(outcome))


def _read_value(text: str, column: Column) -> float | str | None:
    if text == "":
        return None
    return text if column.type == "category" else float(text)


def shift_row(row: LabelledRow, shifts: Shifts, schema: ModelSchema) -> LabelledRow:
    """As a sensor that reads too much, within what the schema allows."""
    moved = dict(row.values)
    for column in schema.columns:
        value = moved[column.name]
        if column.name in shifts and isinstance(value, float):
            least = column.minimum if column.minimum is not None else value + shifts[column.name]
            most = column.maximum if column.maximum is not None else value + shifts[column.name]
            moved[column.name] = min(max(value + shifts[column.name], least), most)
    return LabelledRow(moved, row.outcome)


def parse_shifts(texts: list[str], schema: ModelSchema) -> Shifts:
    """From `torque_nm=10`.

    Raises: InputError for a column that is no number, or a value that is none.
    """
    numbers = [column.name for column in schema.columns if column.type != "category"]
    shifts = {}
    for text in texts:
        name, _, value = text.partition("=")
        try:
            shifts[name] = float(value)
        except ValueError as error:
            raise InputError(f"--shift {text!r}: {value!r} is no number, expected COLUMN=AMOUNT") from error
        if name not in numbers:
            raise InputError(
                f"--shift {text!r}: {name!r} is no column of numbers, expected one of {', '.join(numbers)}"
            )
    return shifts
