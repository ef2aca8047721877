"""What stands between the cells of a table's first line, if it is not a comma."""

import csv
from collections.abc import Collection

from contract.intake.headers import COMMENT, SEPARATOR_LINE

SEPARATORS = {";": "semicolons", "\t": "tabs", "|": "vertical bars"}
WAY = "save it as CSV with commas between the cells and points in the numbers (1.5)"


def find_separator(line: str, names: Collection[str] = ()) -> str | None:
    """The name of what separates the cells of the header `line`, None if it may be the comma.

    Another one counts if it gives more of the `names` that are looked for, or, where none are given, if a comma
    leaves one cell.
    """
    if line.casefold().startswith((SEPARATOR_LINE, COMMENT)):
        return None  # no header at all
    by_comma = _split(line, ",")
    for separator, name in SEPARATORS.items():
        cells = _split(line, separator)
        if len(cells) < 2:
            continue
        if names and len(cells & set(names)) > len(by_comma & set(names)):
            return name
        if not names and len(by_comma) == 1:
            return name
    return None


def describe_separator(name: str) -> str:
    """The message behind the file's name."""
    return f"has {name} between its cells, expected commas; {WAY}"


def _split(line: str, separator: str) -> set[str]:
    try:
        cells = next(csv.reader([line], delimiter=separator), [])
    except csv.Error:
        return set()
    return {cell.strip() for cell in cells}
