"""What a reader of the rows meets first of all that is wrong with cells of tensors, as the other routes name it."""

import re
from collections.abc import Callable
from typing import Any

import msgspec
import numpy as np

from app.predictor.inputs.json_values import decode_anything
from app.predictor.inputs.tensor_request import Tensor, is_nested
from app.predictor.inputs.tensors import NUMBER_TYPES
from contract.errors import RowError

Part = memoryview | None
Read = Callable[[Tensor, Part], Any]

_CELL = re.compile(r"inputs\[\d+\]\.data\[(\d+)\]")


def find_row(error: RowError, width: int = 1) -> int | None:
    """The row of the cell that is refused, of flat data with `width` values a row; None if it is no cell."""
    match = _CELL.match(error.field or "")
    return int(match[1]) // width if match else None


def find_sooner(read: Read, tensor: Tensor, raw: Part, error: RowError, width: int = 1) -> RowError:
    """What `read` refuses of rows before that of `error`, if anything: values are decoded before they are judged."""
    flat = 1 if is_nested(tensor) else width
    while (row := find_row(error, flat)) and (head := _take_rows(tensor, raw, row, width)) is not None:
        try:
            read(*head)
        except RowError as sooner:
            error = sooner
        else:
            break
    return error


def name_first(refused: list[RowError]) -> RowError:
    """Of the cells refused, one a column in the columns' order."""
    return min(refused, key=lambda error: find_row(error) or 0)


def _take_rows(tensor: Tensor, raw: Part, rows: int, width: int) -> tuple[Tensor, Part] | None:
    """The tensor cut to its first rows; None where that cannot be done."""
    shape = [rows, *tensor.shape[1:]]
    if raw is not None:
        if tensor.datatype not in NUMBER_TYPES:
            return None
        return msgspec.structs.replace(tensor, shape=shape), raw[
            : rows * width * np.dtype(NUMBER_TYPES[tensor.datatype]).itemsize
        ]
    if isinstance(tensor.data, list):
        return msgspec.structs.replace(tensor, shape=shape, data=tensor.data[: rows * width]), None
    try:
        values = decode_anything(bytes(tensor.data))  # type: ignore[arg-type]
        data = msgspec.Raw(msgspec.json.encode(values[: rows if is_nested(tensor) else rows * width]))
    except (OverflowError, TypeError):  # a whole number that JSON's writer here cannot hold
        return None
    return msgspec.structs.replace(tensor, shape=shape, data=data), None
