"""The values of a tensor of the Open Inference Protocol V2, from JSON or from bytes."""

import struct
import sys
from collections.abc import Callable
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from app.predictor.http.body import SMALL_BODY_BYTES
from app.predictor.inputs.array_pieces import cut_array
from app.predictor.inputs.json_values import decode_anything
from app.predictor.inputs.pieces import PIECE_BYTES
from app.predictor.inputs.rows import to_array
from app.predictor.inputs.tensor_checks import explain_mismatch
from app.predictor.inputs.tensor_request import Tensor, has_data, is_nested
from contract.errors import RowError

# little-endian, as the binary tensor extension demands
NUMBER_TYPES = {
    "FP64": "<f8", "FP32": "<f4", "FP16": "<f2", "INT64": "<i8", "INT32": "<i4", "INT16": "<i2", "INT8": "i1",
    "UINT64": "<u8", "UINT32": "<u4", "UINT16": "<u2", "UINT8": "u1",
}  # fmt: skip # a table
WHOLE_TYPES = frozenset(name for name in NUMBER_TYPES if not name.startswith("FP"))

INFINITE = float("inf")

Numbers = NDArray[np.float64]
Strings = list[str | None]

_decode_numbers = msgspec.json.Decoder(list[float | None]).decode
_decode_nested_numbers = msgspec.json.Decoder(list[list[float | None]]).decode
_decode_strings = msgspec.json.Decoder(list[str | None]).decode
_decode_nested_strings = msgspec.json.Decoder(list[list[str | None]]).decode


def read_numbers(tensor: Tensor, raw: memoryview | None, path: str) -> Numbers:
    """A tensor's values in one row, float64; null is NaN. `path` is where the tensor stands.

    Raises: RowError if data and shape or data and type do not agree.
    """
    size = count_elements(tensor, path)
    if raw is not None:
        kind = np.dtype(NUMBER_TYPES[tensor.datatype])
        if raw.nbytes != size * kind.itemsize:
            raise _wrong_size(path)
        return np.frombuffer(raw, kind).astype(np.float64)
    numbers = _read_floats(tensor, path)
    try:
        values = to_array(numbers, len(numbers))  # type: ignore[arg-type]
    except struct.error:  # null
        values = np.array(numbers, dtype=np.float64)
    if len(values) != size:
        raise _wrong_size(path)
    if tensor.datatype in WHOLE_TYPES and not np.array_equal(np.rint(values), values, equal_nan=True):
        field = f"{path}.data[{int((np.rint(values) != values).argmax())}]"
        raise RowError("not_whole", f"{field} is not whole, expected {tensor.datatype}", field)
    return values


def _read_floats(tensor: Tensor, path: str) -> list[float | None]:
    """Numbers in JSON; one that is too large for a float is infinite, so that it is refused as what it is.

    Raises: RowError.
    """
    try:
        return _read_json(tensor, path, _decode_numbers, _decode_nested_numbers)
    except RowError:
        data = bytes(tensor.data) if isinstance(tensor.data, msgspec.Raw) else b""
        if not 0 < len(data) <= SMALL_BODY_BYTES:
            raise
        values = decode_anything(data)
        if not isinstance(values, list) or not all(type(value) in (int, float, type(None)) for value in values):
            raise
        return [_limit(value) for value in values]


def _limit(value: float | None) -> float | None:
    if value is None or abs(value) <= sys.float_info.max:
        return value
    return INFINITE if value > 0 else -INFINITE


def read_strings(tensor: Tensor, raw: memoryview | None, path: str) -> Strings:
    """A BYTES tensor's values in one row. `path` is where the tensor stands.

    Raises: RowError.
    """
    size = count_elements(tensor, path)
    if raw is None:
        values: Strings = _read_json(tensor, path, _decode_strings, _decode_nested_strings)
    else:
        values = _split_strings(raw, path, size)
    if len(values) != size:
        raise _wrong_size(path)
    return values


def count_elements(tensor: Tensor, path: str) -> int:
    """Raises: RowError if a dimension is negative or there is none."""
    size = 1
    for dimension in tensor.shape:
        size *= dimension
    if not tensor.shape or min(tensor.shape) < 0:
        field = f"{path}.shape"
        raise RowError("wrong_shape", f"{field} is empty or negative, expected [rows] or [rows, 1]", field)
    return size


def _read_json(
    tensor: Tensor, path: str, decode_flat: Callable[[Any], list[Any]], decode_nested: Callable[[Any], list[Any]]
) -> list[Any]:
    """The values, of nested data too, in one list.

    Raises: RowError, TooLargeError.
    """
    if isinstance(tensor.data, list):
        return tensor.data
    if not isinstance(tensor.data, msgspec.Raw) or not has_data(tensor):
        raise RowError("missing_field", f"{path} has neither data nor binary_data_size", f"{path}.data")
    decode = decode_nested if is_nested(tensor) else decode_flat
    if len(memoryview(tensor.data)) <= PIECE_BYTES:
        return _flatten(_decode_array(decode, tensor.data, path))
    values: list[Any] = []
    items = 0
    for piece in cut_array(bytes(tensor.data)):
        decoded = _decode_array(decode, piece, path, items)
        items += len(decoded)
        values += _flatten(decoded)
    return values


def _decode_array(decode: Callable[[Any], list[Any]], data: Any, path: str, first: int = 0) -> list[Any]:
    """`first` is the index of the data's first item. Raises: RowError."""
    try:
        return decode(data)
    except msgspec.ValidationError as error:
        raise explain_mismatch(error, f"{path}.data", first) from None
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise RowError("wrong_type", f"{path}.data does not follow its datatype", f"{path}.data") from None


def _flatten(values: list[Any]) -> list[Any]:
    return [value for row in values for value in row] if values and isinstance(values[0], list) else values


def _split_strings(raw: memoryview, path: str, size: int) -> Strings:
    """Strings of the binary extension: a length of four bytes before each. Those beyond `size` are not looked at."""
    values: Strings = []
    position = 0
    try:
        while position < len(raw):
            if len(values) == size:
                raise _wrong_size(path)
            (length,) = struct.unpack_from("<I", raw, position)
            end = position + 4 + length
            if end > len(raw):
                raise RowError("wrong_shape", f"{path} ends inside a string", path)
            values.append(str(raw[position + 4 : end], "utf-8"))
            position = end
    except (struct.error, UnicodeDecodeError):
        raise RowError("wrong_type", f"{path} is not a sequence of UTF-8 strings", path) from None
    return values


def _wrong_size(path: str) -> RowError:
    return RowError("wrong_shape", f"{path}.data has not as many values as its shape says", f"{path}.data")
