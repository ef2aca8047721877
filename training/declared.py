"""What a dataset file itself says of values, held against the columns it declares."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from app.contract.cells import trim_text
from app.contract.schema import Column
from app.contract.values import check_value


def find_blank_problems(names: Iterable[tuple[str, str]]) -> Iterator[str]:
    """Of texts, each with the place that holds it, those that no cell can equal: blanks around a cell are cut off."""
    for place, text in names:
        if trim_text(text) != text:
            yield f"{place} is {text!r}, which no cell can equal: blanks around a cell, or a blank one, mean nothing"


def find_value_problems(columns: Sequence[Column], rows: Iterable[tuple[str, Mapping[str, Any]]]) -> Iterator[str]:
    """Of rows, whole or in part, each with the place that holds it, the values that their columns refuse."""
    declared = {column.name: column for column in columns}
    for place, row in rows:
        for name, value in row.items():
            if name in declared and (problem := check_value(declared[name], value, name)) is not None:
                yield f"{place}: {problem}"
