"""An upload of JSON lines as chunks of rows: one object a line, fields beside the schema's are carried."""

from typing import Any

import msgspec

from app.predictor.http.errors import ApiError, BadRequestError
from app.predictor.inputs.chunks import ABSENT, Chunk, Problems
from app.predictor.inputs.json_values import decode_anything, refuse_repeated_names
from contract.errors import RowError
from contract.intake.signatures import recognize
from contract.intake.values import name_type
from contract.schema import ModelSchema

_decode_lines = msgspec.json.Decoder(dict[str, Any]).decode_lines


class NdjsonReader:
    """Takes whole lines of bytes, gives chunks. Blank lines are no rows."""

    max_lines = 2048  # a row that is refused answers with many times its own size
    is_text = False

    def __init__(self, schema: ModelSchema) -> None:
        self._names = [column.name for column in schema.columns]
        self._known = frozenset(self._names)

    def check_head(self, head: bytes) -> None:
        """Raises: BadRequestError if the upload begins as something else than text does."""
        if signature := recognize(head, taken=frozenset({"json", "old-mac"})):
            message = f"the upload is {signature.name}, expected JSON lines in UTF-8, packed in nothing"
            raise BadRequestError(message, "malformed_json")
        if head.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"["):
            message = (
                "the upload is one JSON array, expected JSON lines; send each row as an object on a line of its own"
            )
            raise BadRequestError(message, "malformed_json")

    def read_header(self, lines: bytes, is_last: bool) -> bytes:
        return lines  # there is none

    def read(self, lines: bytes, is_last: bool) -> Chunk | None:
        """The rows of `lines`, which end at a line's end; None if there are none."""
        problems: Problems = {}
        rows = self._read_plain(lines)
        if rows is None:
            rows = [self._read_line(line, place, problems) for place, line in enumerate(_list_lines(lines))]
        if not rows:
            return None
        columns = {name: [row.get(name, ABSENT) for row in rows] for name in self._names}
        return Chunk(rows, columns, problems, self._carry)

    def _carry(self, row: dict[str, Any]) -> dict[str, Any]:
        if len(row) <= len(self._known):
            return {}
        return {name: value for name, value in row.items() if name not in self._known}

    def _read_plain(self, lines: bytes) -> list[dict[str, Any]] | None:
        """The rows if every line is an object without a repeated name, else None."""
        try:
            rows = _decode_lines(lines)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return None
        return rows if lines.count(b":") == sum(map(len, rows)) else None

    def _read_line(self, line: bytes, place: int, problems: Problems) -> dict[str, Any]:
        try:
            row = decode_anything(line)
            refuse_repeated_names(line)
        except ApiError as error:
            problems[place] = RowError(error.code, error.message.replace("body", "line"))
            return {}
        if isinstance(row, dict):
            return row
        problems[place] = RowError("wrong_type", f"a row is {name_type(row)}, expected an object")
        return {}


def _list_lines(lines: bytes) -> list[bytes]:
    return [line for line in lines.split(b"\n") if line.strip()]
