"""Lines of the prediction log, JSON each: what the predictor writes beside its answers, and the monitor reads."""

import msgspec

SUFFIX = ".jsonl"
LEFT_OUT = ("score", "decision", "receipt")  # what may be left out beside columns of the row

# Fibonacci hashing: any share of consecutive numbers is spread evenly over them, whatever period the traffic has
_FACTOR = 0x9E3779B97F4A7C15
_RANGE = 1 << 64


class LoggedPrediction(msgspec.Struct, frozen=True, gc=False, kw_only=True, tag_field="kind", tag="prediction"):
    """A row that was scored.

    `row` is by column as it was scored: null for what was missing or a category that the model does not know. `share`
    of all rows are logged. `receipt` is the receipt's id in hexadecimal. What is left out is not there.
    """

    time: float  # Unix seconds
    model: str
    version: str
    share: float
    row: dict[str, float | str | None]
    score: float | msgspec.UnsetType = msgspec.UNSET
    decision: bool | msgspec.UnsetType | None = msgspec.UNSET
    receipt: str | msgspec.UnsetType = msgspec.UNSET


class LoggedOutcome(msgspec.Struct, frozen=True, gc=False, kw_only=True, tag_field="kind", tag="outcome"):
    """What really happened after the prediction with this receipt: 1 or 0 for an event, else the number."""

    time: float
    model: str
    version: str  # that predicted
    share: float
    receipt: str
    outcome: float


LoggedLine = LoggedPrediction | LoggedOutcome


def bound_share(share: float) -> int:
    """What `is_chosen` compares with for this share of the rows."""
    return round(share * _RANGE)


def is_chosen(number: int, bound: int) -> bool:
    """Whether a row is logged: by the number in its receipt, so that every replica knows it of an outcome."""
    return number * _FACTOR % _RANGE < bound
