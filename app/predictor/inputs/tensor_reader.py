"""Inference requests of the Open Inference Protocol V2 as columns, every value checked against the schema."""

import re
from collections.abc import Sequence
from functools import partial

import msgspec
import numpy as np
from numpy.typing import NDArray

from app.predictor.http.body import LOOP_BODY_BYTES, SMALL_BODY_BYTES
from app.predictor.http.errors import BadRequestError, TooLargeError
from app.predictor.inputs.halves import check_halves
from app.predictor.inputs.json_values import refuse_repeated_names
from app.predictor.inputs.pieces import count_until
from app.predictor.inputs.tensor_checks import check_datatype, check_parameters, locate_cell, locate_column
from app.predictor.inputs.tensor_order import find_row, find_sooner, name_first
from app.predictor.inputs.tensor_request import (
    NotQuickError,
    Request,
    Tensor,
    count_names,
    decode_request,
    has_data,
    is_nested,
    leave_out_data,
)
from app.predictor.inputs.tensors import NUMBER_TYPES, Numbers, Strings, read_numbers, read_strings
from app.predictor.inputs.validation import TableBounds, check_numbers
from contract.errors import RowError
from contract.intake.values import find_first, settle_categories
from contract.schema import Column

MATRIX = "rows"  # one tensor of all columns, categories as codes
MATRIX_NAME = f'"{MATRIX}"'.encode()
SHAPE = b'"shape"'
_FIRST_DIMENSION = re.compile(rb"\s*:\s*\[\s*([0-9]{1,9})\b")
NAME_WITHIN = 256  # bytes in which the name of a matrix usually stands
LENGTH_DIGITS = 18
OTHER_VALUES = 4096  # names, shapes and parameters
OBJECTS = 1024  # inputs, outputs and parameters
VALUE_BYTES = 48  # of a value in JSON with the blanks around it, on average
MATRIX_RANK = 2


class TensorTable(msgspec.Struct, frozen=True, gc=False):
    """The columns of a request: numbers as arrays, categories as strings or, from a matrix, as codes."""

    columns: dict[str, Numbers | Strings]
    is_encoded: bool
    rows: int


class TensorReader:
    """Reads the requests for one model; `outputs` are the names that a request may ask for."""

    def __init__(self, columns: Sequence[Column], outputs: Sequence[str], max_rows: int) -> None:
        self.columns = {column.name: column for column in columns}
        self.bounds = TableBounds(columns)
        self.outputs = outputs
        self.max_rows = max_rows

    def count_rows(self, body: bytes) -> int:
        """How many rows the body's shapes tell of at most; an answered request has as many as every one tells."""
        limit, most, place = self.max_rows, 0, 0
        for _ in range(len(self.columns) + 1):
            place = body.find(SHAPE, place) + len(SHAPE)
            if place < len(SHAPE):
                break
            dimension = _FIRST_DIMENSION.match(body, place, place + NAME_WITHIN)
            most = max(most, int(dimension[1]) if dimension else limit)
        return min(most or limit, limit)

    def read(self, body: bytes, stated: bytes | None, *, is_quick: bool = False) -> tuple[Request, TensorTable]:
        """The request and its values, all checked against the schema.

        Raises: RowError, BadRequestError, TooLargeError; NotQuickError if `is_quick` and something is not as usual.
        """
        length = len(body) if stated is None else _parse_length(stated, len(body))
        content = body[:length]
        if length > SMALL_BODY_BYTES:
            self._check_extent(content)
        may_be_matrix = length <= LOOP_BODY_BYTES and MATRIX_NAME in content[:NAME_WITHIN]
        request = decode_request(content, is_numbers=may_be_matrix, is_quick=is_quick)
        if content.count(b":") != count_names(request):
            if is_quick:
                raise NotQuickError
            refuse_repeated_names(leave_out_data(content, request))
        for index, output in enumerate(request.outputs or ()):
            if output.name not in self.outputs:
                field = f"outputs[{index}].name"
                raise RowError("unknown_field", f"{field} is unknown, expected {' or '.join(self.outputs)}", field)
        check_parameters(request)
        parts = _split_binary(request.inputs, memoryview(body)[length:])
        if len(request.inputs) == 1 and request.inputs[0].name == MATRIX and MATRIX not in self.columns:
            return request, self._read_matrix(request.inputs[0], parts[0])
        return request, self._read_columns(request.inputs, parts)

    def _read_columns(self, tensors: Sequence[Tensor], parts: list[memoryview | None]) -> TensorTable:
        columns: dict[str, Numbers | Strings] = {}
        rows = tensors[0].shape[0] if tensors and tensors[0].shape else 0
        self._check_most(rows)
        refused: list[RowError] = []
        for index, (tensor, raw) in enumerate(zip(tensors, parts, strict=True)):
            path = f"inputs[{index}]"
            column = self.columns.get(tensor.name)
            if column is None:
                message = f"{path}.name is unknown, expected one of {', '.join(self.columns)}"
                raise RowError("unknown_field", message, f"{path}.name")
            if tensor.name in columns:
                raise BadRequestError(f"{path}.name is that of an input before it", "repeated_name", f"{path}.name")
            if tensor.shape not in ([rows], [rows, 1]):
                message = f"{path}.shape ({column.name}) is not that of the others, expected [{rows}] or [{rows}, 1]"
                raise RowError("wrong_shape", message, f"{path}.shape")
            try:
                columns[column.name] = self._read_column(column, tensor, raw, path)
            except RowError as error:
                if find_row(error) is None:
                    raise
                columns[column.name] = []
                refused.append(find_sooner(partial(self._read_column, column, path=path), tensor, raw, error))
        if missing := [name for name in self.columns if name not in columns]:
            raise RowError("missing_field", f"the input {missing[0]} is missing", "inputs")
        if refused:
            raise name_first(refused)
        self._check_count(rows)
        return TensorTable(columns, is_encoded=False, rows=rows)

    def _read_column(self, column: Column, tensor: Tensor, raw: memoryview | None, path: str) -> Numbers | Strings:
        try:
            return self._read_values(column, tensor, raw, path)
        except RowError as error:
            raise locate_column(error, column, f"{path}.data") from None

    def _read_values(self, column: Column, tensor: Tensor, raw: memoryview | None, path: str) -> Numbers | Strings:
        if column.type == "category":
            check_datatype(tensor.datatype, column.name, ("BYTES",), path)
            strings, problems = settle_categories(column, read_strings(tensor, raw, path), _name_field)
            if (problem := find_first([problems])) is not None:
                raise problem
            return strings  # type: ignore[return-value]
        check_datatype(tensor.datatype, column.name, tuple(NUMBER_TYPES), path)
        check_halves(tensor.datatype, (column,), path)
        numbers = read_numbers(tensor, raw, path)
        check_numbers(column, numbers)
        return numbers

    def _read_matrix(self, tensor: Tensor, raw: memoryview | None) -> TensorTable:
        if len(tensor.shape) != MATRIX_RANK or tensor.shape[1] != len(self.columns):
            message = f"inputs[0].shape ({MATRIX}) is not [rows, {len(self.columns)}], as many columns as the model has"
            raise RowError("wrong_shape", message, "inputs[0].shape")
        check_datatype(tensor.datatype, MATRIX, tuple(NUMBER_TYPES), "inputs[0]")
        check_halves(tensor.datatype, self.columns.values(), "inputs[0]")
        rows = tensor.shape[0]
        self._check_count(rows)
        try:
            table = self._read_table(tensor, raw)
        except RowError as error:
            raise find_sooner(self._read_table, tensor, raw, error, len(self.columns)) from None
        return TensorTable(dict(zip(self.columns, table, strict=True)), is_encoded=True, rows=rows)

    def _read_table(self, tensor: Tensor, raw: memoryview | None) -> NDArray[np.float64]:
        """Shape (columns, rows)."""
        table = np.ascontiguousarray(read_numbers(tensor, raw, "inputs[0]").reshape(tensor.shape).T)
        if not self.bounds.hold(table):
            self._refuse_cells(table, is_nested(tensor))
        return table

    def _refuse_cells(self, table: NDArray[np.float64], nested: bool) -> None:
        refused = []
        for place, (column, values) in enumerate(zip(self.columns.values(), table, strict=True)):
            try:
                check_numbers(column, values)
            except RowError as error:
                refused.append(locate_cell(error, column, place, len(self.columns), nested))
        if refused:
            raise min(refused, key=lambda error: find_row(error, 1 if nested else len(self.columns)) or 0)

    def _check_extent(self, content: bytes) -> None:
        """Whether JSON this large may be decoded at all.

        Raises: RowError, TooLargeError for more values, or more bytes, than a request of as many rows as are allowed.
        """
        limit = self.max_rows
        braces = limit * sum(count_most(column, "{") for column in self.columns.values())
        if count_until(content, b"{", braces + OBJECTS) > braces + OBJECTS:
            raise TooLargeError(f"the request has more objects than the {OBJECTS} allowed")
        values = limit * sum(column_values(column) for column in self.columns.values()) + OTHER_VALUES
        if len(content) > LOOP_BODY_BYTES + values * VALUE_BYTES:
            message = (
                f"the JSON is larger than the {LOOP_BODY_BYTES + values * VALUE_BYTES} bytes that {limit} rows may have"
            )
            raise TooLargeError(message)
        if count_until(content, b",", values) > values:
            raise RowError("too_many_rows", f"the request has more values than the {limit} rows allowed", "inputs")

    def _check_most(self, rows: int) -> None:
        limit = self.max_rows
        if rows > limit:
            raise RowError("too_many_rows", f"the request has more rows than the {limit} allowed", "inputs")

    def _check_count(self, rows: int) -> None:
        self._check_most(rows)
        if rows == 0:
            raise RowError("no_rows", "the request has no rows, expected at least one", "inputs")


def column_values(column: Column) -> int:
    """At most so many commas stand in the JSON of one value of a column, with the one behind it."""
    return 1 + count_most(column, ",")


def count_most(column: Column, sign: str) -> int:
    """How often a sign stands in one value of a column at most."""
    return max((name.count(sign) for name in column.categories or ()), default=0)


def _name_field(name: str, row: int) -> str:
    return f"{name}[{row}]"


def _parse_length(stated: bytes, size: int) -> int:
    if not stated.isdigit() or len(stated) > LENGTH_DIGITS or int(stated) > size:
        raise BadRequestError("Inference-Header-Content-Length is not a length within the body", "malformed_tensor")
    return int(stated)


def _split_binary(tensors: Sequence[Tensor], rest: memoryview) -> list[memoryview | None]:
    """Each tensor's bytes after the JSON, None for one whose data stand in it."""
    parts: list[memoryview | None] = []
    position = 0
    for index, tensor in enumerate(tensors):
        size = tensor.parameters.get("binary_data_size") if tensor.parameters else None
        if size is None:
            parts.append(None)
            continue
        field = f"inputs[{index}].parameters.binary_data_size"
        if not isinstance(size, int) or isinstance(size, bool) or not 0 <= size <= len(rest) - position:
            raise BadRequestError(f"{field} is not a size within the body", "malformed_tensor", field)
        if has_data(tensor):
            raise BadRequestError(f"{field} stands beside data, expected one of both", "malformed_tensor", field)
        parts.append(rest[position : position + size])
        position += size
    if position != len(rest):
        raise BadRequestError("the body goes on after its last tensor", "malformed_tensor")
    return parts
