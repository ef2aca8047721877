"""POST /v1/sweep: the score of one row as one of its values moves, for a what-if slider."""

from bisect import insort
from typing import Annotated, Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from app.predictor.admission.batch_threads import BatchThreads
from app.predictor.endpoints.explain import Row, read_one_row
from app.predictor.http.body import QUICK_BODY_BYTES, Headers, check_json
from app.predictor.inputs.json_values import decode_anything, refuse_repeated_names
from app.predictor.inputs.rows import RowReader
from app.predictor.inputs.warned import InputWarnings, find_unknown, list_warnings
from app.predictor.scoring.model import ServedModel
from contract.errors import RowError
from contract.intake.values import column_bounds
from contract.schema import Column, Manifest, Value

ROUTE = "/v1/sweep"
MIN_POINTS, DEFAULT_POINTS, MAX_POINTS = 2, 50, 200
MARGIN = 0.1  # of the range seen, added on each side
DIGITS = 9  # enough for any sensor's step, too few for binary noise


class SweepRequest(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    row: msgspec.Raw
    column: str
    points: Annotated[float, msgspec.Meta(multiple_of=1)] = DEFAULT_POINTS  # 50.0 is a whole number, as in JSON Schema


class SweepAnswer(msgspec.Struct, kw_only=True, gc=False):
    """One score a value, in the order of the values."""

    column: str
    unit: str | None
    values: list[Value]
    scores: list[float]
    warnings: InputWarnings | msgspec.UnsetType = msgspec.UNSET
    threshold: float | None
    request_id: str


_decode = msgspec.json.Decoder(SweepRequest).decode


def read_request(body: bytes) -> SweepRequest:
    """Raises: BadRequestError, RowError."""
    try:
        request = _decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        decode_anything(body)
        raise RowError("invalid_row", "expected {row: object, column: string, points: whole number}") from None
    if not MIN_POINTS <= request.points <= MAX_POINTS:
        raise RowError(
            "above_maximum" if request.points > MAX_POINTS else "below_minimum",
            f"points is out of range, expected {MIN_POINTS} to {MAX_POINTS}",
            "points",
        )
    return request


def find_range(manifest: Manifest, column: Column) -> tuple[float, float] | None:
    """What training saw of a column of numbers, widened by MARGIN; None if the bundle does not tell.

    The bundle holds the deciles of the training rows and the golden rows, which reach further.
    """
    golden = [entry.row[column.name] for entry in manifest.golden]
    seen = [*manifest.reference[column.name].edges, *(value for value in golden if isinstance(value, int | float))]
    if not seen:
        return None
    margin = MARGIN * (max(seen) - min(seen))
    return min(seen) - margin, max(seen) + margin


def spread_points(column: Column, low: float, high: float, points: int) -> NDArray[np.float64]:
    """At most `points` possible values from `low` to `high`, on the sensor's steps."""
    step = column.step or (1.0 if column.type == "integer" else None)
    values = np.linspace(low, high, points)
    if step is not None:
        values = np.rint(values / step) * step
    least, greatest = column_bounds(column)
    return np.unique(np.clip(np.round(values, DIGITS), least, greatest))


class Sweeper:
    """Answers for one loaded model; like an explanation it is no traffic."""

    def __init__(self, threads: BatchThreads, model: ServedModel) -> None:
        self._threads = threads
        self.model = model
        self.reader = RowReader(model.manifest.schema, max_rows=1)
        self.columns = {column.name: column for column in model.manifest.schema.columns}

    async def respond(self, headers: Headers, body: bytes, request_id: str) -> bytes:
        """The answer's JSON.

        Raises: UnsupportedMediaError, BadRequestError, RowError, NotServingError, ScoringError.
        """
        check_json(headers)
        if len(body) <= QUICK_BODY_BYTES:
            column, row, points = self.read(body)
        else:
            column, row, points = await self._threads.run(self.read, body)
        values = self.list_values(column, row, points)
        scores = await self._threads.run(self.score_values, row, column.name, values)
        unknown = find_unknown(self.columns.values(), row)
        unknown.pop(column.name, None)  # its own value is in none of the scores
        answer = SweepAnswer(
            column=column.name,
            unit=column.unit,
            values=values,
            scores=scores,
            warnings=list_warnings(unknown) or msgspec.UNSET,
            threshold=self.model.threshold,
            request_id=request_id,
        )
        return msgspec.json.encode(answer)

    def read(self, body: bytes) -> tuple[Column, Row, int]:
        """The column that is varied, the row, and at how many points.

        Raises: BadRequestError, RowError.
        """
        request = read_request(body)
        column = self.columns.get(request.column)
        if column is None:
            raise RowError("unknown_field", f"column is unknown, expected one of {', '.join(self.columns)}", "column")
        row = read_one_row(self.reader, bytes(request.row))
        refuse_repeated_names(body)  # of a body whose every part is known to be JSON
        return column, row, int(request.points)

    def list_values(self, column: Column, row: Row, points: int) -> list[Any]:
        """Categories, or numbers over the range seen and the row's own value, which may be one more than `points`."""
        if column.type == "category":
            return list(column.categories)
        own: Value = row[self.model.names.index(column.name)]
        seen = find_range(self.model.manifest, column)
        low, high = seen if seen is not None else column_bounds(column)
        if isinstance(own, int | float):
            low, high = min(low, own), max(high, own)
        values = spread_points(column, low, high, points).tolist()
        if isinstance(own, int | float) and own not in values:  # off the steps of the sensor, or between two points
            insort(values, float(own))
        return [int(value) for value in values] if column.type == "integer" else values

    def score_values(self, row: Row, name: str, values: list[Any]) -> list[float]:
        """Scores of the row with each value in turn.

        Raises: ScoringError.
        """
        table: dict[str, list[Any]] = {
            own: [value] * len(values) for own, value in zip(self.model.names, row, strict=True)
        }
        return self.model.score_columns(table | {name: values}).scores.tolist()  # type: ignore[no-any-return]
