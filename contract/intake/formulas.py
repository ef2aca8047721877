"""Cells that a spreadsheet would run as a formula when somebody opens the CSV that we write."""

import re
from collections.abc import Collection, Iterable, Mapping

from contract.intake.cells import parse_number

# https://owasp.org/www-community/attacks/CSV_Injection, with the wide forms that Excel takes as well
_SIGNS = "=+\\-@\uff1d\uff0b\uff0d\uff20"
_PLAIN_SIGNS = "=+-@\t\uff1d\uff0b\uff0d\uff20"
_FORMULA = re.compile(rf"\s*[{_SIGNS}]|[\t\r\n]")
# where a semicolon or a tab separates cells, as in much of Europe, a formula may begin behind one
_PARTS = re.compile(r"([;\t])")
# in CSV that is written already: a sign that is no part of a word or number; it may find too much, never too little;
# one expression for each sign: what begins with one character, and not with any of several, is searched for at C speed
_SUSPECTS = {sign: re.compile(rf"{re.escape(sign)}(?<![\w.].)", re.DOTALL) for sign in _PLAIN_SIGNS}


def quote_formula(cell: str) -> str:
    """The cell with an apostrophe before what would be run, else as it is; a plain number is never a formula."""
    if _FORMULA.match(cell) is None and ";" not in cell and "\t" not in cell:
        return cell
    first, *rest = _PARTS.split(cell)
    # a tab at the beginning is a sign itself
    begins = _is_formula(first) or (not first.strip() and _is_formula(cell))
    return ("'" if begins else "") + first + "".join(f"'{part}" if _is_formula(part) else part for part in rest)


def _is_formula(part: str) -> bool:
    # of blanks alone nothing is run, and an apostrophe would make a missing value text
    return part.strip() not in ("", ";") and _FORMULA.match(part) is not None and parse_number(part.strip()) is None


def quote_formulas(cells: Iterable[str], known: Mapping[int, Collection[str]] | None = None) -> tuple[list[str], int]:
    """The cells of a row, and how many were quoted; `known` are texts by place that are declared, and so left alone."""
    before = list(cells)
    declared = known or {}
    after = [
        cell if place in declared and cell.strip() in declared[place] else quote_formula(cell)
        for place, cell in enumerate(before)
    ]
    return after, sum(one != other for one, other in zip(before, after, strict=True))


def may_hold_formulas(text: str) -> bool:
    """Whether a row of this CSV needs a closer look: the usual ones do not, and to know that costs next to nothing."""
    if '"\r' in text or '"\n' in text:
        return True
    return any(sign in text and suspect.search(text) for sign, suspect in _SUSPECTS.items())
