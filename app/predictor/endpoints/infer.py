"""The Open Inference Protocol V2: metadata and inference, with the binary tensor extension."""

import re
from collections.abc import Awaitable, Sequence
from functools import partial
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from app.predictor.admission.batch_threads import BatchThreads
from app.predictor.counters import Counters
from app.predictor.endpoints.replies import EncodedResponse, Reply
from app.predictor.http.body import LOOP_BODY_BYTES, QUICK_BODY_BYTES, SMALL_BODY_BYTES, Headers, check_media
from app.predictor.http.errors import BadRequestError, TooLargeError
from app.predictor.inputs.pieces import count_until
from app.predictor.inputs.rows import refuse_repeated_names
from app.predictor.inputs.tensor_checks import check_datatype, check_parameters, locate_cell, locate_column
from app.predictor.inputs.tensor_order import find_row, find_sooner, name_first
from app.predictor.inputs.tensors import (
    NUMBER_TYPES,
    NotQuickError,
    Numbers,
    Request,
    Strings,
    Tensor,
    count_names,
    decode_request,
    has_data,
    is_nested,
    leave_out_data,
    read_numbers,
    read_strings,
)
from app.predictor.inputs.validation import TableBounds, check_numbers
from app.predictor.inputs.warned import list_warnings
from app.predictor.responses.rendering import JSON_TYPE
from app.predictor.scoring.model import ReadyTable, Scored, ServedModel
from contract.compute.engine import FEW_ROWS, Margins
from contract.compute.scoring import Scores
from contract.errors import RowError
from contract.intake.values import find_first, settle_categories
from contract.schema import Column, Manifest

ROUTE = "/v2/models/{name}/infer"
MATRIX = "rows"  # one tensor of all columns, categories as codes
MATRIX_NAME = f'"{MATRIX}"'.encode()
SHAPE = b'"shape"'
_FIRST_DIMENSION = re.compile(rb"\s*:\s*\[\s*([0-9]{1,9})\b")
NAME_WITHIN = 256  # bytes in which the name of a matrix usually stands
HEADER_LENGTH = b"inference-header-content-length"
LENGTH_DIGITS = 18
OTHER_VALUES = 4096  # names, shapes and parameters
OBJECTS = 1024  # inputs, outputs and parameters
VALUE_BYTES = 48  # of a value in JSON with the blanks around it, on average
EXTENSIONS = ["binary_tensor_data"]
MATRIX_RANK = 2


def infer_paths(manifest: Manifest) -> tuple[str, str]:
    """The two paths that infer with this model."""
    model = f"/v2/models/{manifest.name}"
    return f"{model}/infer", f"{model}/versions/{manifest.version}/infer"


def describe_model(manifest: Manifest) -> dict[str, Any]:
    """The protocol's model metadata; -1 is any number of rows."""
    outputs = [{"name": "score", "datatype": "FP64", "shape": [-1]}]
    if manifest.threshold is not None:
        outputs.append({"name": "decision", "datatype": "BOOL", "shape": [-1]})
    columns = manifest.schema.columns
    inputs = [{"name": column.name, "datatype": _datatype(column), "shape": [-1]} for column in columns]
    return {
        "name": manifest.name,
        "versions": [manifest.version],
        "platform": "xgboost",
        "inputs": inputs,
        "outputs": outputs,
    }


def _datatype(column: Column) -> str:
    return {"category": "BYTES", "integer": "INT64", "number": "FP64"}[column.type]


def column_values(column: Column) -> int:
    """At most so many commas stand in the JSON of one value of a column, with the one behind it."""
    return 1 + count_most(column, ",")


def count_most(column: Column, sign: str) -> int:
    """How often a sign stands in one value of a column at most."""
    return max((name.count(sign) for name in column.categories or ()), default=0)


class TensorTable(msgspec.Struct, frozen=True, gc=False):
    """The columns of a request: numbers as arrays, categories as strings or, from a matrix, as codes."""

    columns: dict[str, Numbers | Strings]
    is_encoded: bool
    rows: int


class Inferrer:
    """Answers inference requests for one loaded model."""

    def __init__(self, threads: BatchThreads, counters: Counters, model: ServedModel, max_rows: int) -> None:
        self._threads = threads
        self._counters = counters
        self.max_rows = max_rows
        self.model = model
        self.columns = {column.name: column for column in model.manifest.schema.columns}
        self.bounds = TableBounds(model.manifest.schema.columns)
        self.outputs = [output["name"] for output in describe_model(model.manifest)["outputs"]]

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

    def respond(self, headers: Headers, body: bytes, request_id: str) -> Reply | Awaitable[Reply]:
        """JSON bytes, or an EncodedResponse with binary tensors; awaited for many rows.

        Raises: UnsupportedMediaError, BadRequestError, RowError, NotServingError, ScoringError.
        """
        check_media(headers, (b"application/json", b"application/octet-stream"))
        stated = headers.get(HEADER_LENGTH)
        if len(body) > LOOP_BODY_BYTES:
            return self._answer_large(self._threads.run(self._work, body, stated))
        if len(body) > SMALL_BODY_BYTES:
            self._threads.check_room()  # before its rows are read
        try:
            request, table = self.read(body, stated, is_quick=len(body) > QUICK_BODY_BYTES)
        except NotQuickError:  # most likely to be refused: what exactly is wrong takes long to find
            return self._answer_large(self._threads.run(self._work, body, stated))
        prepared = self.prepare(table)
        if table.rows > FEW_ROWS:
            margins = self._threads.run(self.model.engine.compute_many, prepared.matrix)
            return self._answer_many(request, prepared, margins)
        scored = self.model.score_prepared(prepared)
        return self._finish(scored, self.render(request, scored))

    async def _answer_many(self, request: Request, prepared: ReadyTable, margins: Awaitable[Margins]) -> Reply:
        scored = self.model.score_margins(prepared, await margins)
        return self._finish(scored, self.render(request, scored))

    async def _answer_large(self, work: Awaitable[tuple[Scored, Reply]]) -> Reply:
        scored, reply = await work
        return self._finish(scored, reply)

    def _work(self, body: bytes, stated: bytes | None) -> tuple[Scored, Reply]:
        request, table = self.read(body, stated)
        scored = self.model.score_prepared(self.prepare(table))
        return scored, self.render(request, scored)

    def _finish(self, scored: Scored, reply: Reply) -> Reply:
        self.model.add_traffic(scored)
        self._counters.count_rows(len(scored.scores), scored.positive)
        answer = EncodedResponse(reply, [JSON_TYPE]) if isinstance(reply, bytes) else reply
        return msgspec.structs.replace(answer, rows=len(scored.scores))

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
        found: dict[str, Numbers | Strings] = {}
        rows = tensors[0].shape[0] if tensors and tensors[0].shape else 0
        self._check_most(rows)
        refused: list[RowError] = []
        for index, (tensor, raw) in enumerate(zip(tensors, parts, strict=True)):
            path = f"inputs[{index}]"
            column = self.columns.get(tensor.name)
            if column is None:
                message = f"{path}.name is unknown, expected one of {', '.join(self.columns)}"
                raise RowError("unknown_field", message, f"{path}.name")
            if tensor.name in found:
                raise BadRequestError(f"{path}.name is that of an input before it", "repeated_name", f"{path}.name")
            if tensor.shape not in ([rows], [rows, 1]):
                message = f"{path}.shape ({column.name}) is not that of the others, expected [{rows}] or [{rows}, 1]"
                raise RowError("wrong_shape", message, f"{path}.shape")
            try:
                found[column.name] = self._read_column(column, tensor, raw, path)
            except RowError as error:
                if find_row(error) is None:
                    raise
                found[column.name] = []
                refused.append(find_sooner(partial(self._read_column, column, path=path), tensor, raw, error))
        if missing := [name for name in self.columns if name not in found]:
            raise RowError("missing_field", f"the input {missing[0]} is missing", "inputs")
        if refused:
            raise name_first(refused)
        self._check_count(rows)
        return TensorTable(found, is_encoded=False, rows=rows)

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
        numbers = read_numbers(tensor, raw, path)
        check_numbers(column, numbers)
        return numbers

    def _read_matrix(self, tensor: Tensor, raw: memoryview | None) -> TensorTable:
        if len(tensor.shape) != MATRIX_RANK or tensor.shape[1] != len(self.columns):
            message = f"inputs[0].shape ({MATRIX}) is not [rows, {len(self.columns)}], as many columns as the model has"
            raise RowError("wrong_shape", message, "inputs[0].shape")
        check_datatype(tensor.datatype, MATRIX, tuple(NUMBER_TYPES), "inputs[0]")
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

    def prepare(self, table: TensorTable) -> ReadyTable:
        if table.is_encoded:
            return self.model.prepare_encoded(table.columns)  # type: ignore[arg-type]
        return self.model.prepare_columns(table.columns)

    def _output(self, name: str, scores: Scores) -> NDArray[Any]:
        """Scores, or decisions where there is a threshold."""
        threshold = self.model.threshold
        return scores if name == "score" or threshold is None else scores >= threshold

    def render(self, request: Request, scored: Scored) -> Reply:
        """The protocol's answer, with the outputs that were asked for, as they were asked for."""
        wanted = {output.name: _wants_binary(output.parameters) for output in request.outputs or ()}
        if not wanted:
            wanted = dict.fromkeys(self.outputs, _wants_binary(request.parameters, "binary_data_output"))
        outputs: list[dict[str, Any]] = []
        binary = []
        for name, as_bytes in wanted.items():
            values = self._output(name, scored.scores)
            kind = "FP64" if name == "score" else "BOOL"
            output: dict[str, Any] = {"name": name, "shape": [len(values)], "datatype": kind}
            if as_bytes:
                binary.append(values.tobytes())
                output["parameters"] = {"binary_data_size": len(binary[-1])}
            else:
                output["data"] = values.tolist()
            outputs.append(output)
        answer: dict[str, Any] = {"model_name": self.model.manifest.name, "model_version": self.model.manifest.version}
        if isinstance(request.id, str):
            answer["id"] = request.id
        if scored.unknown:  # the protocol's parameters are texts, numbers and booleans
            warnings = msgspec.json.encode(list_warnings(scored.unknown, is_many=True)).decode()
            answer["parameters"] = {"warnings": warnings}
        content = msgspec.json.encode({**answer, "outputs": outputs})
        if not binary:
            return content
        length = (HEADER_LENGTH, b"%d" % len(content))
        return EncodedResponse(content + b"".join(binary), [(b"content-type", b"application/octet-stream"), length])


def _name_field(name: str, row: int) -> str:
    return f"{name}[{row}]"


def _wants_binary(parameters: Any, name: str = "binary_data") -> bool:
    return bool(parameters) and parameters.get(name) is True


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
