"""Which columns FP16 holds: bytes of it would silently be another row where it does not."""

from collections.abc import Iterable

from contract.errors import RowError
from contract.intake.values import describe_column
from contract.schema import Column

HALF_WHOLES, HALF_LEAST, HALF_MOST = 2**11, 2.0**-24, 65504.0


def check_halves(datatype: str, columns: Iterable[Column], path: str) -> None:
    """Whether FP16 can hold what the column may be: else the bytes would be scored as another row than was measured.

    Raises: RowError.
    """
    if datatype != "FP16":
        return
    for column in columns:
        if not are_halves(column):
            field, takes = f"{path}.datatype", describe_column(column)
            takes += "" if column.step is None else f" in steps of {column.step:g}"
            message = f"{field} ({column.name}) is FP16, which does not hold every value of it, {takes}; send FP64"
            raise RowError("wrong_type", message, field)


def are_halves(column: Column) -> bool:
    """Whether every value from minimum to maximum by the step is a number of FP16: 11 bits, down to 2 ** -24."""
    if column.type == "category":
        return len(column.categories) <= HALF_WHOLES
    step = 1.0 if column.step is None and column.type == "integer" else column.step
    low, high = column.minimum, column.maximum
    if step is None or low is None or high is None:
        return False
    # every value is a multiple of the largest power of two that divides both the step and where they begin
    parts = max(float(number).as_integer_ratio()[1] for number in (step, low))
    wholes = int(step * parts) | int(abs(low) * parts)
    unit = (wholes & -wholes) / parts
    return unit >= HALF_LEAST and max(abs(low), abs(high)) <= min(HALF_WHOLES * unit, HALF_MOST)
