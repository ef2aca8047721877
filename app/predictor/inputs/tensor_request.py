"""The JSON of an inference request of the Open Inference Protocol V2, its tensors' data not yet looked at."""

import contextlib
from typing import Any, Generic, TypeVar

import msgspec

from app.predictor.http.body import LOOP_BODY_BYTES, SMALL_BODY_BYTES
from app.predictor.http.errors import BadRequestError, TooLargeError
from app.predictor.inputs.json_values import decode_anything
from app.predictor.inputs.row_pieces import DECODING_ERRORS
from app.predictor.inputs.tensor_checks import explain_mismatch

NULL = b"null"
OPENING_BYTES = 64

Parameters = dict[str, Any]  # only some names mean anything here
Unset = msgspec.UnsetType
Optional = msgspec.UnsetType | None  # the protocol's own types send null for what is not given


Data = TypeVar("Data", list[float], msgspec.Raw)


class InputTensor(msgspec.Struct, Generic[Data], gc=False):
    """`Data` is list[float] where the values are decoded with the request, Raw where that is still to be done."""

    name: str
    shape: list[int]
    datatype: str
    parameters: Parameters | Optional = msgspec.UNSET
    data: Data | Unset = msgspec.UNSET


class RequestedOutput(msgspec.Struct, gc=False):
    name: str
    parameters: Parameters | Optional = msgspec.UNSET


class InferRequest(msgspec.Struct, Generic[Data], gc=False):
    """Members beside these are ignored, as the protocol's other servers do."""

    inputs: list[InputTensor[Data]]
    id: str | Optional = msgspec.UNSET
    parameters: Parameters | Optional = msgspec.UNSET
    outputs: list[RequestedOutput] | Optional = msgspec.UNSET
    model_name: Any = msgspec.UNSET  # KServe's client repeats the path's: counted as a name, not looked at


Request = InferRequest[list[float]] | InferRequest[msgspec.Raw]
Tensor = InputTensor[list[float]] | InputTensor[msgspec.Raw]

_decode_all_numbers = msgspec.json.Decoder(InferRequest[list[float]]).decode
_decode_request = msgspec.json.Decoder(InferRequest[msgspec.Raw]).decode


class NotQuickError(Exception):
    """A request is not as most are, and has to be looked at more closely."""


def decode_request(content: bytes, is_numbers: bool = False, is_quick: bool = False) -> Request:
    """The JSON part of an inference request; `is_numbers` tries first whether all its data are numbers.

    Raises: BadRequestError if it is no JSON, RowError if it is not of this shape; instead of them, or of trying twice,
    NotQuickError if `is_quick`.
    """
    if is_quick:
        try:
            return _decode_all_numbers(content) if is_numbers else _decode_request(content)
        except DECODING_ERRORS:
            raise NotQuickError from None
    if is_numbers:
        with contextlib.suppress(*DECODING_ERRORS):
            return _decode_all_numbers(content)
    try:
        return _decode_request(content)
    except msgspec.ValidationError as error:
        if len(content) <= SMALL_BODY_BYTES:
            decode_anything(content)  # what is no JSON at all may show further on only
        raise explain_mismatch(error) from None
    except DECODING_ERRORS:
        decode_anything(content)  # says why
        raise BadRequestError("the body is not JSON") from None


def count_names(request: Request) -> int:
    """Names the objects of a decoded request hold, were none repeated."""
    parts = [request, *request.inputs, *(request.outputs or ())]
    present = sum(getattr(part, field) is not msgspec.UNSET for part in parts for field in part.__struct_fields__)
    return present + sum(len(getattr(part, "parameters", None) or ()) for part in parts)


def leave_out_data(content: bytes, request: Request) -> bytes:
    """The JSON of a large request without its tensors' data, in which no name can stand.

    Raises: TooLargeError if much else stands in it.
    """
    if len(content) <= LOOP_BODY_BYTES:
        return content
    parts, place = [], 0
    for tensor in request.inputs:
        data = bytes(tensor.data) if isinstance(tensor.data, msgspec.Raw) else b""
        start = content.find(data, place) if data else -1
        if start >= 0:
            parts += [content[place:start], b"0"]
            place = start + len(data)
    rest = b"".join([*parts, content[place:]])
    if len(rest) > LOOP_BODY_BYTES:
        raise TooLargeError(f"the request has more than {LOOP_BODY_BYTES} bytes beside its tensors' data")
    return rest


def has_data(tensor: Tensor) -> bool:
    """Whether values stand in the JSON; null is none."""
    return isinstance(tensor.data, list) or _open_data(tensor) not in (b"", NULL)


def is_nested(tensor: Tensor) -> bool:
    """Whether a tensor's JSON data are arrays of arrays."""
    return _open_data(tensor)[1:].lstrip().startswith(b"[")


def _open_data(tensor: Tensor) -> bytes:
    """How the JSON data open."""
    return bytes(memoryview(tensor.data)[:OPENING_BYTES]) if isinstance(tensor.data, msgspec.Raw) else b""
