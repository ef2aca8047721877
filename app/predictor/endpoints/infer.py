"""The Open Inference Protocol V2: inference, with the binary tensor extension."""

from collections.abc import Awaitable
from typing import Any

import msgspec
from numpy.typing import NDArray

from app.predictor.admission.batch_threads import BatchThreads
from app.predictor.counters import Counters
from app.predictor.endpoints.infer_metadata import list_outputs
from app.predictor.endpoints.replies import EncodedResponse, Reply
from app.predictor.http.body import LOOP_BODY_BYTES, QUICK_BODY_BYTES, SMALL_BODY_BYTES, Headers, check_media
from app.predictor.inputs.tensor_reader import TensorReader, TensorTable
from app.predictor.inputs.tensor_request import NotQuickError, Request
from app.predictor.inputs.warned import list_warnings
from app.predictor.prediction_log.log import PredictionLog
from app.predictor.responses.rendering import JSON_TYPE
from app.predictor.scoring.model import ReadyTable, Scored, ServedModel
from contract.compute.engine import FEW_ROWS, Margins
from contract.compute.scoring import Scores
from contract.schema import Manifest

ROUTE = "/v2/models/{name}/infer"
HEADER_LENGTH = b"inference-header-content-length"


def infer_paths(manifest: Manifest) -> tuple[str, str]:
    """The two paths that infer with this model."""
    model = f"/v2/models/{manifest.name}"
    return f"{model}/infer", f"{model}/versions/{manifest.version}/infer"


class Inferrer:
    """Answers inference requests for one loaded model."""

    def __init__(
        self,
        threads: BatchThreads,
        counters: Counters,
        model: ServedModel,
        max_rows: int,
        log: PredictionLog | None = None,
    ) -> None:
        self._threads = threads
        self._log = log
        self._counters = counters
        self.model = model
        self.outputs = [output["name"] for output in list_outputs(model.manifest)]
        self.reader = TensorReader(model.manifest.schema.columns, self.outputs, max_rows)

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
            request, table = self.reader.read(body, stated, is_quick=len(body) > QUICK_BODY_BYTES)
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
        request, table = self.reader.read(body, stated)
        scored = self.model.score_prepared(self.prepare(table))
        return scored, self.render(request, scored)

    def _finish(self, scored: Scored, reply: Reply) -> Reply:
        self.model.add_traffic(scored)
        self._counters.batches += 1
        if self._log is not None:
            self._log.add(self._log.choose_rows(scored, self.model.decide_many(scored.scores), None))
        answer = EncodedResponse(reply, [JSON_TYPE]) if isinstance(reply, bytes) else reply
        return msgspec.structs.replace(answer, rows=len(scored.scores))

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


def _wants_binary(parameters: Any, name: str = "binary_data") -> bool:
    return bool(parameters) and parameters.get(name) is True
