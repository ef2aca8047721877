"""Which value a column takes, and why another is refused: every route and training judge a value by this."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from contract.errors import RowError
from contract.intake.cells import trim_text
from contract.schema import Column

LARGEST = 3.4028234663852886e38  # of float32, in which the model computes
MAX_NAMED = 20  # categories in a message


def column_bounds(column: Column) -> tuple[float, float]:
    """The least and the greatest value that is possible, both allowed."""
    low = -LARGEST if column.minimum is None else column.minimum
    high = LARGEST if column.maximum is None else column.maximum
    return low, high


def settle_value(column: Column, value: Any) -> Any:
    """The value without what means nothing: blanks around a category, and an empty one is missing."""
    return trim_text(value) if column.type == "category" and isinstance(value, str) else value


def check_value(column: Column, value: Any, field: str) -> RowError | None:
    """Why `value`, as JSON has it, is refused, or None; a number is never a string, a boolean never a number."""
    value = settle_value(column, value)
    expected = f"expected {describe_column(column)}"
    if value is None:
        return None if column.nullable else RowError("missing_value", f"{field} is missing, {expected}", field)
    if column.type == "category":
        if not isinstance(value, str):
            return RowError("wrong_type", f"{field} is {name_type(value)}, {expected}", field)
        return check_category(column, value, field)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return RowError("wrong_type", f"{field} is {name_type(value)}, {expected}", field)
    return check_number(column, value, field)


def check_number(column: Column, value: float, field: str) -> RowError | None:
    """Why a number is refused, or None."""
    expected = f"expected {describe_column(column)}"
    low, high = column_bounds(column)
    if value < low:
        return RowError("below_minimum", f"{field} is too small, {expected}", field)
    if value > high:
        return RowError("above_maximum", f"{field} is too large, {expected}", field)
    if column.type == "integer" and value % 1:
        return RowError("not_whole", f"{field} is not a whole number, {expected}", field)
    return None


def check_category(column: Column, value: str, field: str) -> RowError | None:
    """Why a trimmed text is refused, or None."""
    if value in column.categories or column.unknown == "missing":
        return None
    expected = f"expected {describe_column(column)}"
    alike = value.casefold() in {category.casefold() for category in column.categories}
    what = "is a known category but for upper and lower case" if alike else "is not a known category"
    return RowError("unknown_category", f"{field} {what}, {expected}", field)


def settle_categories(
    column: Column, values: Sequence[Any], name_field: Callable[[str, int], str]
) -> tuple[Sequence[Any], dict[int, RowError]]:
    """The values of many rows ready to encode, and what is wrong with those that are refused, by their place."""
    if set(column.categories).issuperset(values):
        return values, {}
    settled = [settle_value(column, value) for value in values]
    problems = {}
    for place, value in enumerate(settled):
        if (problem := check_value(column, value, name_field(column.name, place))) is not None:
            problems[place] = problem
    return settled, problems


def describe_column(column: Column) -> str:
    """What a column takes, in words: `a number from 0 to 200 (Nm)`."""
    if column.type == "category":
        return f"one of {name_categories(column.categories)}" + (" or null" if column.nullable else "")
    kind = {"number": "a number", "integer": "a whole number"}[column.type]
    if column.minimum is not None and column.maximum is not None:
        kind += f" from {column.minimum:g} to {column.maximum:g}"
    elif column.minimum is not None:
        kind += f" of at least {column.minimum:g}"
    elif column.maximum is not None:
        kind += f" of at most {column.maximum:g}"
    return kind + (f" ({column.unit})" if column.unit else "") + (" or null" if column.nullable else "")


def name_categories(categories: Sequence[str]) -> str:
    """The categories as a text holds them, the first of many."""
    more = len(categories) - MAX_NAMED
    return ", ".join(categories[:MAX_NAMED]) + (f" and {more} more" if more > 0 else "")


def name_type(value: Any) -> str:
    """The JSON name of a decoded value's type."""
    if value is None:
        return "null"
    kinds = {
        bool: "a boolean",
        str: "a string",
        list: "an array",
        dict: "an object",
        int: "a number",
        float: "a number",
    }
    return kinds[type(value)]


def find_first(problems: Iterable[dict[int, RowError]]) -> RowError | None:
    """Of the problems of several columns, each by row, the one that a reader of the rows meets first."""
    places = [(row, order, problem) for order, rows in enumerate(problems) for row, problem in rows.items()]
    return min(places, key=lambda entry: entry[:2])[2] if places else None
