"""The rows of a large {"rows": [...]}, decoded a piece at a time, so that the first too many or wrong one ends it."""

import json
import re
from collections.abc import Callable
from typing import Any

import msgspec

from app.predictor.http.errors import BadRequestError, TooLargeError
from app.predictor.inputs.nesting import TOO_DEEP
from app.predictor.inputs.pieces import PIECE_BYTES, refuse_json, skip_blanks

Rows = list[Any]
DECODING_ERRORS = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
NEAR_END = 8  # bytes, of which the longest is `false`

_COMMA = re.compile(r"[ \t\n\r]*+,[ \t\n\r]*+")
# only finds where a value ends; every row is decoded strictly afterwards
_find_value = json.JSONDecoder(strict=False, parse_int=float).raw_decode


class RowPieces:
    """Splits the rows of a body; `decode_many` takes an array of rows, `decode_one` a row that it refused and its
    index and place, and gives it or raises why not.
    """

    def __init__(
        self,
        decode_many: Callable[[bytes], Rows],
        decode_one: Callable[[bytes, int, int], Any],
        check_count: Callable[[int], None],
    ) -> None:
        self._decode_many = decode_many
        self._decode_one = decode_one
        self._check_count = check_count

    def read(self, body: bytes, place: int) -> tuple[Rows, int]:
        """The rows of the array that opens before `place`, and the place behind its end.

        Raises: BadRequestError, RowError, TooLargeError.
        """
        rows: Rows = []
        place = skip_blanks(body, place)
        if body[place : place + 1] == b"]":
            return rows, place + 1
        while True:
            piece, place = self._read_piece(body, place, len(rows))
            rows += piece
            self._check_count(len(rows))
            place = skip_blanks(body, place)
            mark = body[place : place + 1]
            if mark == b"]":
                return rows, place + 1
            if mark != b",":
                raise refuse_json(place)
            place = skip_blanks(body, place + 1)

    def _read_piece(self, body: bytes, place: int, index: int) -> tuple[Rows, int]:
        """Some rows from `place` on, at least one, and where they end."""
        stop = min(len(body), place + PIECE_BYTES)
        if stop == len(body):
            stop = body.rfind(b"]", place)  # behind it the object that holds the rows ends as well
        end = body.rfind(b"}", place, max(stop, place)) + 1  # the end of a row, if it stands in no text and no object
        after = skip_blanks(body, end)
        if end and body[after : after + 1] in (b",", b"]"):
            try:
                return self._decode_many(b"[%b]" % body[place:end]), end
            except DECODING_ERRORS:
                pass
        return self._read_singly(body, place, index)

    def _read_singly(self, body: bytes, place: int, index: int) -> tuple[Rows, int]:
        """As `_read_piece`, row by row."""
        text = body[place : place + PIECE_BYTES].decode("latin-1")  # as long as the bytes
        rows: Rows = []
        start = end = 0
        while start < len(text):
            try:
                _, end = _find_value(text, start)
            except (ValueError, RecursionError) as error:
                if rows and place + PIECE_BYTES < len(body):
                    break  # perhaps cut off here, so looked at again as the first of the next piece
                raise self._explain_end(body, place, error) from None
            rows.append(self._decode_one(body[place + start : place + end], index + len(rows), place + start))
            following = _COMMA.match(text, end)
            if following is None:
                break
            start = following.end()
        return rows, place + end

    @staticmethod
    def _explain_end(body: bytes, place: int, error: Exception) -> Exception:
        """Why no row could be found at `place`."""
        if isinstance(error, RecursionError):
            return BadRequestError(TOO_DEEP)
        at = error.pos if isinstance(error, json.JSONDecodeError) else 0
        is_cut = place + PIECE_BYTES < len(body)
        if is_cut and (at >= PIECE_BYTES - NEAR_END or str(error).startswith("Unterminated string")):
            return TooLargeError(f"a row is larger than the {PIECE_BYTES} bytes allowed")
        return refuse_json(place + at)
