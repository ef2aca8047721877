"""The JSON array of a large tensor, cut into smaller arrays, so that no decoder holds the interpreter for long."""

import re
from collections.abc import Iterator

from app.predictor.http.errors import TooLargeError
from app.predictor.inputs.pieces import PIECE_BYTES, skip_blanks

# only repeats of one character may be possessive: Python 3.11.2 ends a possessive repeat of a group in the wrong place
_TEXT = rb"\"[^\"\\]*+(?:\\.[^\"\\]*+)*\""
_PLAIN = rb"[^\"\[\],]*+"
_INSIDE = rb"[^\"\[\]]*+"
_ITEM = rb"%b(?:%b%b)*(?:\[%b(?:%b%b)*\]%b)?" % (_PLAIN, _TEXT, _PLAIN, _INSIDE, _TEXT, _INSIDE, _PLAIN)
_ITEMS = re.compile(rb"(?:%b,)*" % _ITEM, re.DOTALL)  # a value, or an array of values, and the comma behind it


def cut_array(data: bytes) -> Iterator[bytes]:
    """A JSON array of values, or of arrays of values, as several arrays; `data` is known to be JSON without blanks
    around it.

    Raises: TooLargeError for an item longer than a piece.
    """
    place, end = 1, len(data) - 1
    has_texts = b'"' in data
    while end - place > PIECE_BYTES:
        cut = place if has_texts else _find_numbers_end(data, place, end)
        if cut <= place:
            cut = _find_texts_end(data, place)
        if cut <= place:
            raise TooLargeError(f"a value is larger than the {PIECE_BYTES} bytes allowed")
        yield b"[%b]" % data[place:cut]
        place = cut + 1
    yield b"[%b]" % data[place:end]


def _find_texts_end(data: bytes, place: int) -> int:
    """Where the last comma between two items stands in the next piece; at most `place` if there is none."""
    match = _ITEMS.match(data, place, place + PIECE_BYTES)
    return match.end() - 1 if match else place


def _find_numbers_end(data: bytes, place: int, end: int) -> int:
    """The same where no text can hide a comma or a bracket."""
    closing = data.rfind(b"]", place, place + PIECE_BYTES)
    if closing < 0:
        return data.rfind(b",", place, place + PIECE_BYTES) if data.find(b"[", place, place + PIECE_BYTES) < 0 else -1
    comma = skip_blanks(data, closing + 1)
    return comma if comma < end else -1
