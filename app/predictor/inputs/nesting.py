"""How deep a body may be nested: the same on every Python, whose own limits differ by a factor of ten."""

import re
from itertools import accumulate, islice
from typing import Any

MOST_LEVELS = 500  # of arrays and objects in each other
NESTED = (dict, list)
TOO_DEEP = "the body is nested too deeply"


def refuse_depth(body: bytes, data: Any) -> None:
    """Raises: RecursionError if `data`, decoded from `body`, is nested too deeply, as Python 3.11's decoder does."""
    if body.count(b"[") + body.count(b"{") <= MOST_LEVELS:
        return
    pending = [data]
    for _ in range(MOST_LEVELS - 1):  # level by level: no depth is too much for that
        pending = [one for one in _list_inner(pending) if one]  # an empty one counts on the last level only
        if not pending:
            return
    if _list_inner(pending):
        raise RecursionError


def is_deep(body: bytes, brackets: int) -> bool:
    """Whether the first `brackets` of a body open too many levels, without decoding it; those in strings count, too."""
    steps = (1 if bracket in (b"[", b"{") else -1 for bracket in map(re.Match.group, re.finditer(rb"[][{}]", body)))
    return any(depth > MOST_LEVELS for depth in accumulate(islice(steps, brackets)))


def _list_inner(outer: list[Any]) -> list[Any]:
    """The arrays and objects that stand in some arrays and objects, of which only the first may be another value."""
    nested = (value.values() if isinstance(value, dict) else value for value in outer if isinstance(value, NESTED))
    return [one for values in nested for one in values if isinstance(one, NESTED)]
