"""A chunk of an upload as rows and columns, each value held against the schema, row by row where one is refused."""

from collections.abc import Callable, Sequence
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from contract.errors import RowError
from contract.intake.cells import parse_cell
from contract.intake.values import check_value, column_bounds, describe_column, settle_value
from contract.schema import Column, ModelSchema

ABSENT: Any = object()  # no value at all where a null could have stood

Values = list[Any] | NDArray[np.float64]
Problems = dict[int, RowError]  # by the row's place in its chunk


class Chunk(msgspec.Struct, gc=False):
    """Rows that stand together in an upload. `rows` are as uploaded; a broken one holds what could be read.

    `columns` has the schema's columns, each as long as `rows`; `carried` gives the values beside them.
    """

    rows: Sequence[Any]
    columns: dict[str, list[Any]]
    problems: Problems
    carried: Callable[[Any], dict[str, Any]] | None


class Checked(msgspec.Struct, gc=False):
    """Values of the rows that may be scored, and why the others may not."""

    columns: dict[str, Values]
    good: list[int]
    problems: Problems


def check_chunk(schema: ModelSchema, chunk: Chunk, is_text: bool) -> Checked:
    """Holds every value against the schema; `is_text` where they are cells of text, else they are as JSON has them."""
    problems = dict(chunk.problems)
    checked = {
        column.name: check_column(column, chunk.columns[column.name], is_text, problems) for column in schema.columns
    }
    if not problems:
        return Checked(checked, list(range(len(chunk.rows))), problems)
    good = [index for index in range(len(chunk.rows)) if index not in problems]
    kept: dict[str, Values] = {
        name: values[good] if isinstance(values, np.ndarray) else [values[index] for index in good]
        for name, values in checked.items()
    }
    return Checked(kept, good, problems)


def check_column(column: Column, values: list[Any], is_text: bool, problems: Problems) -> Values:
    """The column's values, ready to score; adds a problem for each that is refused and has none yet."""
    if column.type == "category":
        if are_declared(column, values):
            return values
    elif (numbers := take_numbers(column, values, is_text)) is not None:
        return numbers
    settled = [settle_text(column, value) if is_text else settle_value(column, value) for value in values]
    for place, value in enumerate(settled):
        if place not in problems and (problem := find_problem(column, value)) is not None:
            problems[place] = problem
    if column.type == "category":
        return settled
    # what was refused is not scored: any number may stand for it
    refused = dict.fromkeys(problems, np.nan)
    return np.array([refused.get(i, np.nan if value is None else value) for i, value in enumerate(settled)], np.float64)


def are_declared(column: Column, values: list[Any]) -> bool:
    """Whether every value is one of the column's categories: the usual case, at C speed."""
    try:
        return set(column.categories).issuperset(values)
    except TypeError:  # an array or an object of JSON
        return False


def take_numbers(column: Column, values: list[Any], is_text: bool) -> NDArray[np.float64] | None:
    """All values as float64 if every one is a number the column takes, else None: the usual case, at C speed."""
    try:
        if is_text:
            joined = "".join(values)
            if "_" in joined or not joined.isascii():  # float() takes 1_000 and other scripts' digits
                return None
            numbers = np.fromiter(map(float, values), np.float64, len(values))
        elif set(map(type, values)) <= {int, float}:
            numbers = np.fromiter(values, np.float64, len(values))
        else:
            return None
    except (ValueError, OverflowError):
        return None
    low, high = column_bounds(column)
    if not (numbers.min(initial=high) >= low and numbers.max(initial=low) <= high):  # also refuses nan and inf
        return None
    if column.type == "integer" and not np.array_equal(np.rint(numbers), numbers):
        return None
    return numbers


def settle_text(column: Column, cell: Any) -> Any:
    return cell if cell is ABSENT else parse_cell(column, cell)


def find_problem(column: Column, value: Any) -> RowError | None:
    if value is ABSENT:
        return RowError("missing_field", f"{column.name} is missing, expected {describe_column(column)}", column.name)
    return check_value(column, value, column.name)
