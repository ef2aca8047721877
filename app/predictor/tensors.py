"""Tensors of the Open Inference Protocol V2, as JSON or as bytes, to and from columns."""

import contextlib
import struct
from collections.abc import Callable
from typing import Any, Generic, TypeVar

import msgspec
import numpy as np
from numpy.typing import NDArray

from app.contract.errors import RowError
from app.predictor.errors import BadRequestError
from app.predictor.rows import to_array

# little-endian, as the binary tensor extension demands
NUMBER_TYPES = {
    "FP64": "<f8", "FP32": "<f4", "FP16": "<f2", "INT64": "<i8", "INT32": "<i4", "INT16": "<i2", "INT8": "i1",
    "UINT64": "<u8", "UINT32": "<u4", "UINT16": "<u2", "UINT8": "u1",
}  # fmt: skip
WHOLE_TYPES = frozenset(name for name in NUMBER_TYPES if not name.startswith("FP"))

Numbers = NDArray[np.float64]
Strings = list[str | None]
Parameters = dict[str, bool | int | float | str]
Unset = msgspec.UnsetType


Data = TypeVar("Data", list[float], msgspec.Raw)


class InputTensor(msgspec.Struct, Generic[Data], forbid_unknown_fields=True, gc=False):
    """`Data` is list[float] where the values are decoded with the request, Raw where that is still to be done."""

    name: str
    shape: list[int]
    datatype: str
    parameters: Parameters | Unset = msgspec.UNSET
    data: Data | Unset = msgspec.UNSET


class RequestedOutput(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    name: str
    parameters: Parameters | Unset = msgspec.UNSET


class InferRequest(msgspec.Struct, Generic[Data], forbid_unknown_fields=True, gc=False):
    inputs: list[InputTensor[Data]]
    id: str | Unset = msgspec.UNSET
    parameters: Parameters | Unset = msgspec.UNSET
    outputs: list[RequestedOutput] | Unset = msgspec.UNSET


Request = InferRequest[list[float]] | InferRequest[msgspec.Raw]
Tensor = InputTensor[list[float]] | InputTensor[msgspec.Raw]

_decode_all_numbers = msgspec.json.Decoder(InferRequest[list[float]]).decode
_decode_request = msgspec.json.Decoder(InferRequest[msgspec.Raw]).decode
_decode_numbers = msgspec.json.Decoder(list[float]).decode
_decode_sparse_numbers = msgspec.json.Decoder(list[float | None]).decode
_decode_nested = msgspec.json.Decoder(list[list[float | None]]).decode
_decode_strings = msgspec.json.Decoder(list[str | None]).decode
_decode_nested_strings = msgspec.json.Decoder(list[list[str | None]]).decode


def decode_request(content: bytes, is_numbers: bool = False) -> Request:
    """The JSON part of an inference request; `is_numbers` tries first whether all its data are numbers.

    Raises: BadRequestError if it is no JSON or repeats a name, RowError if it is not of this shape.
    """
    if is_numbers:
        with contextlib.suppress(msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return _decode_all_numbers(content)
    try:
        return _decode_request(content)
    except msgspec.ValidationError:
        raise RowError("wrong_type", "the request does not follow the Open Inference Protocol V2") from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise BadRequestError("the body is not JSON") from None


def count_names(request: Request) -> int:
    """Names the objects of a decoded request hold, were none repeated."""
    parts = [request, *request.inputs, *(request.outputs or ())]
    present = sum(getattr(part, field) is not msgspec.UNSET for part in parts for field in part.__struct_fields__)
    return present + sum(len(getattr(part, "parameters", None) or ()) for part in parts)


def read_numbers(tensor: Tensor, raw: memoryview | None) -> Numbers:
    """A tensor's values in one row, float64; null is NaN.

    Raises: RowError if data and shape or data and type do not agree.
    """
    size = count_elements(tensor)
    if raw is not None:
        kind = np.dtype(NUMBER_TYPES[tensor.datatype])
        if raw.nbytes != size * kind.itemsize:
            raise _wrong_size(tensor)
        return np.frombuffer(raw, kind).astype(np.float64)
    found = _read_json(tensor, _decode_numbers, _decode_sparse_numbers, _decode_nested)
    try:
        values = to_array(found, len(found))
    except struct.error:  # null
        values = np.array(found, dtype=np.float64)
    if len(values) != size:
        raise _wrong_size(tensor)
    if tensor.datatype in WHOLE_TYPES and not np.array_equal(np.rint(values), values, equal_nan=True):
        raise RowError("not_whole", f"a tensor of {tensor.datatype} holds a number that is not whole", "inputs")
    return values


def read_strings(tensor: Tensor, raw: memoryview | None) -> Strings:
    """A BYTES tensor's values in one row.

    Raises: RowError.
    """
    size = count_elements(tensor)
    values = _split_strings(raw) if raw is not None else _read_json(tensor, _decode_strings, _decode_nested_strings)
    if len(values) != size:
        raise _wrong_size(tensor)
    return values


def count_elements(tensor: Tensor) -> int:
    """Raises: RowError if a dimension is negative or there is none."""
    size = 1
    for dimension in tensor.shape:
        size *= dimension
    if not tensor.shape or min(tensor.shape) < 0:
        raise RowError("wrong_shape", "a tensor's shape is empty or negative, expected [rows] or [rows, 1]", "inputs")
    return size


def _read_json(tensor: Tensor, *decoders: Callable[[Any], list[Any]]) -> list[Any]:
    """The first decoder that takes the data; nested lists are flattened."""
    if isinstance(tensor.data, list):
        return tensor.data
    if not isinstance(tensor.data, msgspec.Raw):
        raise RowError("missing_field", "a tensor has neither data nor binary_data_size", "inputs")
    for decode in decoders:
        try:
            values = decode(tensor.data)
        except (msgspec.DecodeError, UnicodeDecodeError):
            continue
        if values and isinstance(values[0], list):
            return [value for row in values for value in row]
        return values
    raise RowError("wrong_type", "a tensor's data does not follow its datatype", "inputs")


def _split_strings(raw: memoryview) -> Strings:
    """Strings of the binary extension: a length of four bytes before each."""
    values: Strings = []
    position = 0
    try:
        while position < len(raw):
            (length,) = struct.unpack_from("<I", raw, position)
            end = position + 4 + length
            if end > len(raw):
                raise RowError("wrong_shape", "a BYTES tensor ends inside a string", "inputs")
            values.append(str(raw[position + 4 : end], "utf-8"))
            position = end
    except (struct.error, UnicodeDecodeError):
        raise RowError("wrong_type", "a BYTES tensor is not a sequence of UTF-8 strings", "inputs") from None
    return values


def _wrong_size(tensor: Tensor) -> RowError:
    return RowError("wrong_shape", "a tensor's data has not as many values as its shape says", "inputs")
