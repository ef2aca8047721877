"""What an answer says of values that were taken although training never saw them."""

from collections.abc import Iterable, Mapping
from typing import Annotated

import msgspec
from msgspec import Meta

from contract.schema import Column, Value

UNKNOWN_CATEGORY = "unknown_category"

Unknown = Mapping[str, list[int]]  # by column, the rows from 0


class InputWarning(msgspec.Struct, gc=False):
    code: str
    field: str
    row: Annotated[int, Meta(description="Of many rows, from 0")] | msgspec.UnsetType = msgspec.UNSET


InputWarnings = Annotated[
    list[InputWarning],
    Meta(description="Values that were taken although training never saw them; only where there are some"),
]


def list_warnings(unknown: Unknown, is_many: bool = False) -> list[InputWarning]:
    """One entry for each value, in the order of the rows; of many rows it says which, from 0 as in an error."""
    places = sorted((row, order, name) for order, (name, rows) in enumerate(unknown.items()) for row in rows)
    if not is_many:
        return [InputWarning(UNKNOWN_CATEGORY, name) for _, _, name in places]
    return [InputWarning(UNKNOWN_CATEGORY, f"rows[{row}].{name}", row) for row, _, name in places]


def render_warnings(unknown: Unknown, is_many: bool = False) -> bytes:
    """As a part of an object in JSON, its comma included; nothing where there is nothing to say."""
    return b',"warnings":%b' % msgspec.json.encode(list_warnings(unknown, is_many)) if unknown else b""


def find_unknown(columns: Iterable[Column], row: Iterable[Value]) -> dict[str, list[int]]:
    """What there is to say of one row whose values are settled."""
    return {
        column.name: [0]
        for column, value in zip(columns, row, strict=True)
        if column.type == "category" and value is not None and value not in column.categories
    }
