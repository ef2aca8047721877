"""Any JSON as Python's values, where the strict decoders refused it: to say exactly what is wrong."""

import json
import re
from typing import Any

import msgspec

from app.predictor.http.errors import EMPTY, BadRequestError
from app.predictor.inputs.nesting import TOO_DEEP, refuse_depth
from app.predictor.inputs.pieces import refuse_json

MAX_DIGITS = 400  # of a whole number, above float64 in any case
TOO_MANY_DIGITS = "Integer value out of range"  # msgspec's words


def decode_anything(body: bytes, place: int = 0) -> Any:
    """Any JSON value; a number too large is infinite. For what is small: all of it becomes objects, in one go.

    `place` is where `body` stands in the request's.

    Raises: BadRequestError if it is empty or no JSON (RFC 8259: NaN and Infinity are none).
    """
    try:
        data = msgspec.json.Decoder(float_hook=float).decode(body)
        refuse_depth(body, data)
        return data
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        if not body.strip():
            raise BadRequestError(EMPTY.format("JSON")) from None
        if str(error).startswith(TOO_MANY_DIGITS):
            return _decode_many_digits(body)
        position = re.search(r"\(byte (\d+)\)", str(error))
        if position:
            raise refuse_json(place + int(position[1])) from None
        raise BadRequestError("the body is not JSON") from None
    except RecursionError:
        raise BadRequestError(TOO_DEEP) from None


def _decode_many_digits(body: bytes) -> Any:
    """JSON with a whole number of more digits than Python converts: it is a number all the same, an infinite one."""
    try:
        return json.loads(body, parse_int=lambda digits: float(digits) if len(digits) > MAX_DIGITS else int(digits))
    except RecursionError:
        raise BadRequestError(TOO_DEEP) from None


def refuse_repeated_names(body: bytes) -> None:
    """Raises: BadRequestError if an object of this JSON has a name twice, which decoders silently take the last of."""

    def check_pairs(pairs: list[tuple[str, Any]]) -> None:
        if len({name for name, _ in pairs}) < len(pairs):
            raise BadRequestError("an object of the body has the same name twice", "repeated_name")

    try:
        json.loads(body, object_pairs_hook=check_pairs, parse_int=float)
    except (ValueError, RecursionError):  # inside of what the decoders skipped
        raise BadRequestError("the body is not JSON") from None
