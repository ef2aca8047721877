"""What a cell of text means, the same in training, in an upload and in a request.

Blanks around it (Unicode's white space) are not part of it, and nothing is left of an empty one: it is missing.
A number has ASCII digits and at most one point and one exponent: no nan, inf, underscore, hexadecimal or comma.
A category is the text itself, compared exactly.
"""

import re
from collections.abc import Mapping, Sequence

from contract.schema import Column, Value

_NUMBER = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")


def trim_text(text: str) -> str | None:
    """The text without the blanks around it, None if that leaves nothing."""
    return text.strip() or None


def parse_number(text: str) -> float | None:
    """The number that a trimmed text writes, infinite if no float64 is that large; None if it writes none."""
    return float(text) if _NUMBER.fullmatch(text) else None


def parse_cell(column: Column, text: str) -> Value:
    """A cell as JSON would have it: None if missing, a number for a column of numbers if it is one, else the text."""
    trimmed = trim_text(text)
    if trimmed is None or column.type == "category":
        return trimmed
    number = parse_number(trimmed)
    return trimmed if number is None else number


def may_be_values(columns: Mapping[int, Column], cells: Sequence[str]) -> bool:
    """Whether the cells at these places are numbers, declared categories or missing, and not all of them missing."""
    values = [(column, parse_cell(column, cells[place])) for place, column in columns.items()]
    fits = all(
        value is None or (value in column.categories if column.type == "category" else isinstance(value, float))
        for column, value in values
    )
    return fits and (not values or any(value is not None for _, value in values))
