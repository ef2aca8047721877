"""What an answer says of values that were taken although training never saw them."""

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from contract.schema import Column, Value

UNKNOWN_CATEGORY = "unknown_category"

Unknown = Mapping[str, list[int]]  # by column, the rows from 0


def list_warnings(unknown: Unknown, is_many: bool = False) -> list[dict[str, Any]]:
    """One entry for each value, in the order of the rows; of many rows it says which, from 0 as in an error."""
    found = sorted((row, order, name) for order, (name, rows) in enumerate(unknown.items()) for row in rows)
    if not is_many:
        return [{"code": UNKNOWN_CATEGORY, "field": name} for _, _, name in found]
    return [{"code": UNKNOWN_CATEGORY, "field": f"rows[{row}].{name}", "row": row} for row, _, name in found]


def tell_unknown(unknown: Unknown) -> dict[str, Any]:
    """What an answer about one row says of it, if there is anything to say."""
    return {"warnings": list_warnings(unknown)} if unknown else {}


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
