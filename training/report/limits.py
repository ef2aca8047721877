"""What the readers of report.json take (review/report.py): a report that is written is one that they can read."""

import math
from typing import Any

from cli.errors import InputError

# the same numbers stand in review/report.py, which may import nothing of training; a test compares both at each limit
MAX_BYTES = 4 * 1024 * 1024
MAX_NAME, MAX_LINE = 200, 2000  # characters
MAX_ITEMS = {"checks": 1000, "metrics": 50, "slices": 2000, "drift": 2000}
LARGEST = 1e12  # of a number, on either side of 0

LINES = {"headline", "reproduce", "origin", "found", "expected", "reason", "accepted"}
NAMES = {"created", "revision", "title", "target", "name", "version", "label", "column", "value", "feature"}


def fit_report(content: dict[str, Any]) -> dict[str, Any]:
    """The report with every text as long as its readers take, a cut one with an ellipsis at its end.

    Raises: InputError where cutting would change what is said: too many lines, or a number beyond all use.
    """
    for name, most in MAX_ITEMS.items():
        if (found := len(content.get(name) or ())) > most:
            raise InputError(
                f"the gate's report would have {found:,} {name}, its readers take {most:,}: declare fewer columns, "
                "categories or `slices` in the dataset file"
            )
    for name in ("metrics", "slices", "outcomes", "drift"):
        _check_numbers(content.get(name), name)
    fitted: dict[str, Any] = _cut(content)
    return fitted


def check_size(content: bytes) -> bytes:
    """Raises: InputError."""
    if len(content) > MAX_BYTES:
        raise InputError(
            f"the gate's report would have {len(content):,} bytes, its readers take {MAX_BYTES:,}: declare fewer "
            "columns, categories or `slices` in the dataset file"
        )
    return content


def _cut(value: Any, name: str = "") -> Any:
    if isinstance(value, dict):
        return {key: _cut(part, str(key)) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [_cut(part, name) for part in value]
    most = MAX_LINE if name in LINES else MAX_NAME if name in NAMES else None
    if isinstance(value, str) and most is not None and len(value) > most:
        return value[: most - 1] + "…"
    return value


def _check_numbers(value: Any, place: str) -> None:
    if isinstance(value, dict):
        for key, part in value.items():
            _check_numbers(part, f"{place}.{key}")
    elif isinstance(value, list | tuple):
        for index, part in enumerate(value):
            _check_numbers(part, f"{place}[{index}]")
    elif isinstance(value, float) and not (math.isfinite(value) and abs(value) <= LARGEST):
        raise InputError(
            f"the gate's report has {value:g} at {place}, its readers take numbers up to {LARGEST:g}: give the target "
            "in a larger unit, or look for values that are none"
        )
