"""From a request's JSON to values: strict decoders built from the bundle's schema when it is loaded."""

import re
import struct
from collections.abc import Callable, Iterable
from functools import lru_cache
from operator import attrgetter
from typing import Annotated, Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from app.predictor.http.body import SMALL_BODY_BYTES
from app.predictor.inputs.json_values import decode_anything, refuse_repeated_names
from app.predictor.inputs.pieces import PIECE_BYTES, refuse_json, skip_blanks
from app.predictor.inputs.row_pieces import DECODING_ERRORS, RowPieces
from app.predictor.inputs.settling import settle_columns, settle_row
from app.predictor.inputs.validation import find_problem
from contract.errors import RowError
from contract.intake.values import column_bounds
from contract.schema import Column, ModelSchema, Value

_BATCH_OPENING = re.compile(rb'\s*\{\s*"rows"\s*:\s*\[')

Columns = dict[str, list[Any] | NDArray[np.float64]]


def value_type(column: Column) -> Any:
    """The type msgspec holds a value against; 1551.0 is a whole number, as in JSON Schema. A category is any string."""
    if column.type == "category":
        kind: Any = str
    else:
        low, high = column_bounds(column)
        step = 1 if column.type == "integer" else None
        kind = Annotated[float, msgspec.Meta(ge=low, le=high, multiple_of=step)]
    return kind | None if column.nullable else kind


class RowReader:
    """Decodes one row or many, and says exactly what is wrong with what it refuses."""

    def __init__(self, schema: ModelSchema, max_rows: int) -> None:
        self.schema = schema
        self.names = tuple(column.name for column in schema.columns)
        self.max_rows = max_rows
        fields = [(f"f{index}", value_type(column)) for index, column in enumerate(schema.columns)]
        renamed = {f"f{index}": name for index, name in enumerate(self.names)}  # a column's name may be no identifier
        row = msgspec.defstruct("Row", fields, rename=renamed, forbid_unknown_fields=True, gc=False)
        rows = msgspec.defstruct("Rows", [("rows", list[row])], forbid_unknown_fields=True, gc=False)  # type: ignore[valid-type]
        row_list: Any = list[row]  # type: ignore[valid-type]
        self._decode_list: Callable[[bytes], list[Any]] = msgspec.json.Decoder(row_list).decode
        self._pieces = RowPieces(self._read_many, self._read_one, self._check_most)
        self._decode_row: Callable[[bytes], Any] = msgspec.json.Decoder(row).decode
        self._decode_rows: Callable[[bytes], Any] = msgspec.json.Decoder(rows).decode
        self._getters = [attrgetter(f"f{index}") for index in range(len(fields))]
        self._declared = [
            (column.name, frozenset(column.categories)) for column in schema.columns if column.type == "category"
        ]

    def is_batch(self, body: bytes) -> bool:
        """Whether the body opens as {"rows": [...]}; one that hides it is found by `read_row`."""
        return _BATCH_OPENING.match(body, 0, SMALL_BODY_BYTES) is not None

    def read_row(self, body: bytes) -> tuple[Value, ...] | None:
        """The values of one row in the schema's order, or None if the body holds rows.

        Its categories may be any text: `settle_row` is for a row with one that is not declared.

        Raises: BadRequestError, RowError.
        """
        try:
            row = self._decode_row(body)
        except DECODING_ERRORS:
            data = decode_anything(body)
            if self._holds_rows(data):
                return None
            raise find_problem(self.schema, data, "") from None
        if body.count(b":") != len(self.names):
            refuse_repeated_names(body)
        return msgspec.structs.astuple(row)

    def try_row(self, body: bytes) -> tuple[Value, ...] | None:
        """As `read_row`; None also for what has to be looked at more closely, which takes long.

        Raises: BadRequestError.
        """
        try:
            row = self._decode_row(body)
        except DECODING_ERRORS:
            return None
        if body.count(b":") != len(self.names):
            refuse_repeated_names(body)
        return msgspec.structs.astuple(row)

    def read_rows(self, body: bytes) -> Columns:
        """The values of all rows by column; of a large body piece by piece, so it is for a thread beside the loop's.

        Raises: BadRequestError, RowError, also if there are more than `max_rows`; TooLargeError for one large row.
        """
        if len(body) > SMALL_BODY_BYTES and self.is_batch(body):
            return self._to_columns(self._read_pieces(body))
        columns = self.try_rows(body)
        if columns is None:
            raise self._explain(body) from None
        return columns

    def try_rows(self, body: bytes) -> Columns | None:
        """As `read_rows`, in one go; None if that has to be looked at more closely.

        Raises: BadRequestError, RowError.
        """
        try:
            rows = self._decode_rows(body).rows
        except DECODING_ERRORS:
            return None
        self._check_count(len(rows))
        if body.count(b":") != len(self.names) * len(rows) + 1:
            refuse_repeated_names(body)
        return self._to_columns(rows)

    def settle_row(self, row: tuple[Value, ...]) -> tuple[Value, ...]:
        """What `read_row` gave as it is encoded.

        Raises: RowError.
        """
        return settle_row(self.schema.columns, row)

    def _to_columns(self, rows: list[Any]) -> Columns:
        columns: Columns = {name: self._gather(rows, index) for index, name in enumerate(self.names)}
        if all(declared.issuperset(columns[name]) for name, declared in self._declared):
            return columns  # the usual case: there is nothing to settle
        return settle_columns(self.schema.columns, columns)

    def _read_pieces(self, body: bytes) -> list[Any]:
        opening = _BATCH_OPENING.match(body, 0, SMALL_BODY_BYTES)
        rows, end = self._pieces.read(body, opening.end() if opening else 0)
        self._check_count(len(rows))
        self._check_end(body, skip_blanks(body, end))
        return rows

    def _read_many(self, array: bytes) -> list[Any]:
        rows = self._decode_list(array)
        if array.count(b":") != len(self.names) * len(rows):
            refuse_repeated_names(array)
        return rows

    def _read_one(self, body: bytes, index: int, place: int) -> Any:
        try:
            row = self._decode_row(body)
        except DECODING_ERRORS:
            raise self._explain_row(body, index, place) from None  # kept in no variable: its traceback keeps the frame
        if body.count(b":") != len(self.names):
            refuse_repeated_names(body)
        return row

    def _explain_row(self, body: bytes, index: int, place: int) -> RowError:
        problem = find_problem(self.schema, decode_anything(body, place), f"rows[{index}]")
        if problem.code == "invalid_row":
            refuse_repeated_names(body)
        return problem

    def _check_end(self, body: bytes, place: int) -> None:
        """Whether nothing stands behind the rows but the end of the object that holds them."""
        mark = body[place : place + 1]
        if mark == b"}" and (place := skip_blanks(body, place + 1)) == len(body):
            return
        if mark != b",":
            raise refuse_json(place)
        if len(body) - place > PIECE_BYTES:
            raise RowError("unknown_field", "the body goes on after its rows, expected rows alone", "rows")
        rest = b'{"rows":[]' + body[place:]
        data = decode_anything(rest, place - len(b'{"rows":[]'))
        refuse_repeated_names(rest)
        raise RowError("unknown_field", f"{len(data) - 1} unknown field(s) beside rows", "rows")

    def _gather(self, rows: list[Any], index: int) -> list[Any] | NDArray[np.float64]:
        """One column of decoded rows."""
        values = map(self._getters[index], rows)
        column = self.schema.columns[index]
        if column.type == "category" or column.nullable:
            return list(values)
        return to_array(values, len(rows))

    def _holds_rows(self, data: Any) -> bool:
        return isinstance(data, dict) and isinstance(data.get("rows"), list) and "rows" not in self.names

    def _check_most(self, count: int) -> None:
        if count > self.max_rows:
            raise RowError("too_many_rows", f"the request has more rows than the {self.max_rows} allowed", "rows")

    def _check_count(self, count: int) -> None:
        self._check_most(count)
        if count == 0:
            raise RowError("no_rows", "the request has no rows, expected at least one", "rows")

    def _explain(self, body: bytes) -> Exception:
        data = decode_anything(body)
        if not self._holds_rows(data):
            return find_problem(self.schema, data, "")
        if unknown := data.keys() - {"rows"}:
            return RowError("unknown_field", f"{len(unknown)} unknown field(s) beside rows", "rows")
        self._check_count(len(data["rows"]))
        for index, row in enumerate(data["rows"]):
            problem = find_problem(self.schema, row, f"rows[{index}]")
            if problem.code != "invalid_row":
                return problem
        return RowError("invalid_row", "a row does not follow the schema", "rows")


def to_array(values: Iterable[float], size: int) -> NDArray[np.float64]:
    """Numbers as an array of shape (size,), in a quarter of the time that numpy takes for a list.

    Raises: struct.error if one is no number.
    """
    return np.frombuffer(_find_packer(size)(*values))


@lru_cache(maxsize=16)
def _find_packer(size: int) -> Callable[..., bytes]:
    return struct.Struct(f"{size}d").pack  # struct.pack would copy all of its arguments
