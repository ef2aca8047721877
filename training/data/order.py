"""The order column as numbers that sort as time runs; what cannot be read so is refused, never sorted as text."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from contract.dataset import Order
from contract.intake.cells import parse_number

Keys = NDArray[np.int64] | NDArray[np.float64]
Marks = NDArray[np.bool_]

_WHOLE = re.compile(r"[+-]?[0-9]{1,19}")
_LARGEST_WHOLE = 2**63 - 1  # in 64 bits; a float would round
_COUNTER = re.compile(r"(.*?)([0-9]{1,18})", re.DOTALL)
_DATE = r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
_TIME = _DATE + r"[T ][0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,9})?)?"
FORMS = {
    "a date in ISO 8601": re.compile(_DATE),
    "a time in ISO 8601 without a zone": re.compile(_TIME),
    "a time in ISO 8601 with a zone": re.compile(_TIME + r" ?(Z|[+-][0-9]{2}(:?[0-9]{2})?)"),
}
NUMBER = "a number"
GUESSED_ROWS = 1000
# what people's exports have, to be proposed; which of two that both fit is right only a person can say
_FORMATS = tuple(
    f"{date}{time}"
    for date in ("%m/%d/%Y", "%d/%m/%Y", "%d.%m.%Y", "%d-%m-%Y", "%m-%d-%Y", "%Y/%m/%d", "%m/%d/%y", "%d.%m.%y",
                 "%d-%b-%Y", "%d %b %Y", "%b %d, %Y", "%d %B %Y", "%B %d, %Y", "%Y-%m", "%Y%m%d", "%Y-%m-%d")
    for time in ("", " %H:%M", " %H:%M:%S", " %I:%M %p", " %I:%M:%S %p", "T%H%M%S", " %H:%M:%S,%f", " %H.%M.%S")
)  # fmt: skip # a table


@dataclass(frozen=True)
class OrderKeys:
    """`keys` of shape (rows,), rising with time; `unreadable` marks those that are no `expected`, and missing ones."""

    keys: Keys
    unreadable: Marks
    expected: str


class UnknownOrderError(ValueError):
    """No way is known to read the column; the message goes behind its name, `row` is the label of its first value."""

    def __init__(self, message: str, row: Any) -> None:
        super().__init__(message)
        self.row = row


def read_order(values: "pd.Series[Any]", order: Order) -> OrderKeys:
    """Numbers that sort as the column's values do in time.

    Raises: UnknownOrderError if most values are of no form that is known or declared.
    """
    if values.dtype != object:
        numbers = values.to_numpy(dtype=np.float64)
        return OrderKeys(numbers, ~np.isfinite(numbers), NUMBER)
    if order.format is not None:
        return _check_share(_read_times(values, order.format, f"a time as {order.format!r} has it"), values, order)
    if order.counter:
        return _check_share(_read_counters(values), values, order)
    return _check_share(max(_read_known(values), key=lambda reading: -int(reading.unreadable.sum())), values, order)


def _check_share(reading: OrderKeys, values: "pd.Series[Any]", order: Order) -> OrderKeys:
    present = values.notna().to_numpy()
    wrong = np.flatnonzero(reading.unreadable & present)
    if 2 * len(wrong) <= np.count_nonzero(present):
        return reading
    row, value = values.index[wrong[0]], values.iloc[wrong[0]]
    declared = order.format is not None or order.counter
    expected = reading.expected if declared else "a number or a date or time in ISO 8601"
    raise UnknownOrderError(f"has {value[:40]!r}, expected {expected}; {_propose(values, order)}", row)


def _read_known(values: "pd.Series[Any]") -> Iterator[OrderKeys]:
    present = values.notna().to_numpy()
    numerals = values[present]
    if all(_WHOLE.fullmatch(value) and abs(int(value)) <= _LARGEST_WHOLE for value in numerals):
        whole = np.zeros(len(values), dtype=np.int64)
        whole[present] = [int(value) for value in numerals]
        yield OrderKeys(whole, ~present, NUMBER)
        return
    numbers = np.array([None if value is None else parse_number(value) for value in values], dtype=np.float64)
    yield OrderKeys(numbers, ~np.isfinite(numbers), NUMBER)
    for expected, form in FORMS.items():
        fits = np.array([value is not None and form.fullmatch(value) is not None for value in values], dtype=np.bool_)
        yield _read_times(values.mask(~fits), "ISO8601", expected)


def _read_times(values: "pd.Series[Any]", form: str, expected: str) -> OrderKeys:
    times = pd.to_datetime(values, format=form, errors="coerce", utc=True)
    keys: NDArray[np.int64] = times.astype("datetime64[ns, UTC]").to_numpy(dtype="datetime64[ns]").view(np.int64)
    return OrderKeys(keys, times.isna().to_numpy(dtype=np.bool_), expected)


def _read_counters(values: "pd.Series[Any]") -> OrderKeys:
    """Of a fixed text with a number behind it, such as W-9 before W-10."""
    matches = [None if value is None else _COUNTER.fullmatch(value) for value in values]
    prefixes = pd.Series([match.group(1) if match else None for match in matches], dtype=object)
    usual = prefixes.mode()
    prefix = usual.iloc[0] if len(usual) else ""
    fits = (prefixes == prefix).to_numpy(dtype=np.bool_)
    keys = np.array([int(match.group(2)) if match else 0 for match in matches], dtype=np.int64)
    return OrderKeys(keys, ~fits, f"{prefix!r} with a whole number behind it")


def _propose(values: "pd.Series[Any]", order: Order) -> str:
    some = values[values.notna()].iloc[:GUESSED_ROWS]
    fitting = [form for form in _FORMATS if not _read_times(some, form, "").unreadable.any()][:2]
    ways = [f'`order: {{column: {order.column}, format: "{form}"}}`' for form in fitting]
    if not fitting and not _read_counters(some).unreadable.any():
        ways = [f"`order: {{column: {order.column}, counter: true}}`"]
    if not ways:
        return "name a column that runs with time as `order` in the dataset file, or none"
    return f"write {' or, if that is what it means, '.join(ways)} into the dataset file"


def count_ties(keys: Keys) -> int:
    """How many rows share their value with another."""
    _, counts = np.unique(keys, return_counts=True)
    return int(counts[counts > 1].sum())


def measure_agreement(keys: Keys, groups: NDArray[Any] | None = None) -> float:
    """The rank correlation of time and the place in the file, from -1 to 1; NaN if time stands still.

    With `groups` of shape (rows,) the ranks may also be those within each, if they agree better.
    """
    ranks = pd.DataFrame({"time": keys, "place": np.arange(len(keys))})
    correlations = [_correlate(ranks.rank())]
    if groups is not None:
        correlations.append(_correlate(ranks.groupby(pd.factorize(groups)[0]).rank()))
    known = [value for value in correlations if not np.isnan(value)]
    return max(known, key=abs) if known else float("nan")


def _correlate(ranks: pd.DataFrame) -> float:
    time, place = ranks["time"].to_numpy(), ranks["place"].to_numpy()
    if np.ptp(time) == 0 or np.ptp(place) == 0:
        return float("nan")
    return float(np.corrcoef(time, place)[0, 1])
