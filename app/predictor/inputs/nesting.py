"""How deep a body may be nested: the same on every Python, whose own limits differ by a factor of ten."""

import re
from itertools import accumulate, islice
from typing import Any

MOST_LEVELS = 500  # of arrays and objects in each other
TOO_DEEP = "the body is nested too deeply"


def refuse_depth(body: bytes, data: Any) -> None:
    """Raises: RecursionError if `data`, decoded from `body`, is nested too deeply, as Python 3.11's decoder does."""
    if body.count(b"[") + body.count(b"{") <= MOST_LEVELS:
        return
    found = [data]
    for _ in range(MOST_LEVELS):  # level by level: no depth is too much for that
        found = [one for value in found for one in _list_inner(value)]
    if found:
        raise RecursionError


def is_deep(body: bytes, brackets: int) -> bool:
    """Whether the first `brackets` of a body open too many levels, without decoding it; those in strings count, too."""
    steps = (1 if bracket in (b"[", b"{") else -1 for bracket in map(re.Match.group, re.finditer(rb"[][{}]", body)))
    return any(depth > MOST_LEVELS for depth in accumulate(islice(steps, brackets)))


def _list_inner(value: Any) -> list[Any]:
    """The arrays and objects that stand in an array or object."""
    values = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return [one for one in values if isinstance(one, dict | list)]
