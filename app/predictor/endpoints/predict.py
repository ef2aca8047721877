"""POST /v1/predict: one row or many in, scores and decisions out."""

import functools
from collections.abc import Awaitable, Mapping

import msgspec

from app.predictor.admission.batch_threads import BatchThreads
from app.predictor.counters import Counters
from app.predictor.endpoints.replies import EncodedResponse, Reply, UnscoredRow
from app.predictor.http.body import LOOP_BODY_BYTES, QUICK_BODY_BYTES, SMALL_BODY_BYTES, Headers, check_json
from app.predictor.http.errors import TooLargeError
from app.predictor.inputs.pieces import count_until
from app.predictor.inputs.rows import Columns, RowReader
from app.predictor.inputs.warned import InputWarnings, render_warnings
from app.predictor.prediction_log.entries import TableEntry
from app.predictor.prediction_log.log import PredictionLog
from app.predictor.receipts.outcomes import VersionSums
from app.predictor.receipts.receipts import Receipts, wants_receipts
from app.predictor.responses.rendering import JSON_TYPE
from app.predictor.scoring.model import ReadyTable, Scored, ServedModel
from contract.compute.engine import FEW_ROWS, Margins
from contract.compute.usual_row import ReadyRow
from contract.schema import Value

ROUTE = "/v1/predict"

_DECISIONS = {True: b"true", False: b"false", None: b"null"}


def check_row_size(body: bytes) -> None:
    """Raises: TooLargeError for more than a row may have."""
    if len(body) > SMALL_BODY_BYTES:
        raise TooLargeError(f'a row is larger than the {SMALL_BODY_BYTES} bytes allowed; many stand in {{"rows": [')


class Prediction(msgspec.Struct, gc=False):
    score: float
    decision: bool | None
    receipt: str | msgspec.UnsetType = msgspec.UNSET


class ModelVersion(msgspec.Struct, gc=False):
    name: str
    version: str


class PredictAnswer(msgspec.Struct, kw_only=True, gc=False):
    """What an answer holds; it is put together from parts that are rendered once."""

    model: ModelVersion
    threshold: float | None
    predictions: list[Prediction]
    warnings: InputWarnings | msgspec.UnsetType = msgspec.UNSET
    request_id: str


class RenderedRows(msgspec.Struct, frozen=True, gc=False):
    """The JSON of many predictions, and what of them is logged."""

    body: bytes
    logged: TableEntry | None


class Predictor:
    """Answers for one loaded model; everything that does not change is rendered once."""

    def __init__(
        self,
        threads: BatchThreads,
        counters: Counters,
        model: ServedModel,
        receipts: Receipts,
        sums: VersionSums,
        max_rows: int,
        log: PredictionLog | None = None,
    ) -> None:
        self._threads = threads
        self._counters = counters
        self.model = model
        self.receipts = receipts
        self._sums = sums
        self._log = log
        self.reader = RowReader(model.manifest.schema, max_rows)
        about = {
            "model": {"name": model.manifest.name, "version": model.manifest.version},
            "threshold": model.threshold,
        }
        self._head = msgspec.json.encode(about)[:-1] + b',"predictions":'

    def count_rows(self, body: bytes) -> int:
        """How many rows the body has at most; exactly if it will be answered and no text in it has a brace."""
        if not self.reader.is_batch(body):
            return 1
        return max(1, min(count_until(body, b"{", self.reader.max_rows) - 1, self.reader.max_rows))

    def respond(self, headers: Headers, body: bytes, request_id: str) -> Reply | UnscoredRow | Awaitable[Reply]:
        """The answer's JSON; one row still needs its margin, many rows are awaited.

        Raises: UnsupportedMediaError, BadRequestError, RowError, TooLargeError, NotServingError, ScoringError.
        """
        check_json(headers)
        receipts = self.receipts if wants_receipts(headers) else None
        if not self.reader.is_batch(body):
            check_row_size(body)
            row = self.reader.read_row(body) if len(body) <= QUICK_BODY_BYTES else self.reader.try_row(body)
            if row is not None:
                ready = self.model.ready_row(row)
                if ready is not None:
                    return UnscoredRow(
                        ready.vector, functools.partial(self._answer_margin, ready, request_id, receipts)
                    )
                return self._answer_sparse(self.reader.settle_row(row), request_id, receipts)
        columns = None
        if len(body) <= QUICK_BODY_BYTES:
            columns = self.reader.read_rows(body)
        elif len(body) <= LOOP_BODY_BYTES:
            if len(body) > SMALL_BODY_BYTES:
                self._threads.check_room()  # before its rows are read
            columns = self.reader.try_rows(body)
        if columns is None:  # large, or to be refused: what exactly is wrong takes long to find
            work = self._threads.run(self._score_body, body, receipts)
            return self._answer_large(work, request_id, receipts)
        prepared = self.model.prepare_columns(columns)
        if len(prepared.matrix) > FEW_ROWS:
            margins = self._threads.run(self.model.engine.compute_many, prepared.matrix)
            return self._answer_many(prepared, margins, request_id, receipts)
        scored = self.model.score_prepared(prepared)
        return self._finish_rows(scored, self._render(scored, receipts), request_id, receipts)

    def _answer_sparse(self, row: tuple[Value, ...], request_id: str, receipts: Receipts | None) -> Reply:
        """A row with something missing, unknown or written otherwise than usual."""
        scored = self.model.score_sparse(row)
        warnings = render_warnings(scored.unknown)
        values = {name: column.item() for name, column in scored.values.items()}
        return self._answer_row(float(scored.scores[0]), values, request_id, receipts, warnings)

    def _answer_margin(self, ready: ReadyRow, request_id: str, receipts: Receipts | None, margin: float) -> bytes:
        """Raises: ScoringError."""
        return self._answer_row(self.model.score_margin(ready, margin), ready.values, request_id, receipts)

    def _answer_row(
        self,
        score: float,
        values: Mapping[str, float],
        request_id: str,
        receipts: Receipts | None,
        warnings: bytes = b"",
    ) -> bytes:
        decision = self.model.decide(score)
        issued = None if receipts is None else receipts.issue(score, decision)
        receipt = b"" if issued is None else b',"receipt":"%b"' % issued.encode()
        self._sums.issued += receipts is not None
        if self._log is not None:
            self._log.add_row(values, score, decision, issued)
        return b'%b[{"score":%b,"decision":%b%b}]%b,"request_id":"%b"}' % (
            self._head,
            repr(score).encode(),
            _DECISIONS[decision],
            receipt,
            warnings,
            request_id.encode(),
        )

    async def _answer_many(
        self, prepared: ReadyTable, margins: Awaitable[Margins], request_id: str, receipts: Receipts | None
    ) -> EncodedResponse:
        scored = self.model.score_margins(prepared, await margins)
        return self._finish_rows(scored, self._render(scored, receipts), request_id, receipts)

    async def _answer_large(
        self, work: Awaitable[tuple[Scored, RenderedRows]], request_id: str, receipts: Receipts | None
    ) -> EncodedResponse:
        scored, rendered = await work
        return self._finish_rows(scored, rendered, request_id, receipts)

    def _score_body(self, body: bytes, receipts: Receipts | None) -> tuple[Scored, RenderedRows]:
        if not self.reader.is_batch(body):
            self.reader.read_row(body)  # says what is wrong with it, unless it hides rows
        columns: Columns = self.reader.read_rows(body)
        scored = self.model.score_columns(columns)
        return scored, self._render(scored, receipts)

    def _render(self, scored: Scored, receipts: Receipts | None) -> RenderedRows:
        scores, decisions = scored.scores.tolist(), self.model.decide_many(scored.scores)
        issued = None if receipts is None else list(map(receipts.issue, scores, decisions))
        given = (scores, decisions) if issued is None else (scores, decisions, issued)
        logged = None if self._log is None else self._log.choose_rows(scored, decisions, issued)
        return RenderedRows(msgspec.json.encode(list(map(Prediction, *given))), logged)

    def _finish_rows(
        self, scored: Scored, rendered: RenderedRows, request_id: str, receipts: Receipts | None
    ) -> EncodedResponse:
        if receipts is not None:
            self._sums.issued += len(scored.scores)
        self.model.add_traffic(scored)
        self._counters.batches += 1
        if self._log is not None:
            self._log.add(rendered.logged)
        warnings = render_warnings(scored.unknown, is_many=True)
        body = b'%b%b%b,"request_id":"%b"}' % (self._head, rendered.body, warnings, request_id.encode())
        return EncodedResponse(body, [JSON_TYPE], len(scored.scores))
