"""POST /v1/explain: why one row scores as it does, by XGBoost's own SHAP values."""

import math
from typing import Any

import msgspec
import numpy as np

from app.predictor.admission.batch_threads import BatchThreads
from app.predictor.endpoints.predict import ModelVersion
from app.predictor.http.body import QUICK_BODY_BYTES, Headers, check_json
from app.predictor.inputs.rows import RowReader
from app.predictor.inputs.warned import InputWarnings, find_unknown, list_warnings
from app.predictor.scoring.model import ServedModel
from contract.dataset import input_features
from contract.errors import RowError
from contract.schema import ModelSchema, Value

ROUTE = "/v1/explain"

Row = tuple[Value, ...]


class Contribution(msgspec.Struct, gc=False):
    """What one feature adds to the logit (binary) or to the prediction (regression)."""

    feature: str
    value: Value
    contribution: float


class Explanation(msgspec.Struct, kw_only=True, gc=False):
    """`base` and the contributions add up to the logit of the score (binary) or to the score (regression)."""

    model: ModelVersion
    threshold: float | None
    score: float
    decision: bool | None
    base: float
    contributions: list[Contribution]
    warnings: InputWarnings | msgspec.UnsetType = msgspec.UNSET
    request_id: str


def read_one_row(reader: RowReader, body: bytes) -> Row:
    """The values of the only row a body holds.

    Raises: BadRequestError, RowError.
    """
    row = None if reader.is_batch(body) else reader.read_row(body)
    if row is None:
        raise RowError("wrong_shape", "the request has rows, expected one row as an object of named fields", "rows")
    return reader.settle_row(row)


def group_features(schema: ModelSchema) -> dict[str, list[int]]:
    """Places in the model matrix by what a person knows: a column's flags are one, under the column's name."""
    owner = {flag: column.name for column in schema.columns for flag in input_features(column)}
    groups: dict[str, list[int]] = {}
    for index, feature in enumerate(schema.features):
        groups.setdefault(owner.get(feature, feature), []).append(index)
    return groups


class Explainer:
    """Answers for one loaded model. An explained row is a question, not traffic: no drift bin counts it."""

    def __init__(self, threads: BatchThreads, model: ServedModel) -> None:
        self._threads = threads
        self.model = model
        self.reader = RowReader(model.manifest.schema, max_rows=1)
        self._groups = group_features(model.manifest.schema)
        calibration = model.manifest.calibration
        binary = model.manifest.schema.task == "binary"
        self._slope, self._intercept = (calibration.slope, calibration.intercept) if binary else (1.0, 0.0)

    async def respond(self, headers: Headers, body: bytes, request_id: str) -> bytes:
        """The answer's JSON.

        Raises: UnsupportedMediaError, BadRequestError, RowError, NotServingError, ScoringError.
        """
        check_json(headers)
        if len(body) <= QUICK_BODY_BYTES:
            row = read_one_row(self.reader, body)
        else:
            row = await self._threads.run(read_one_row, self.reader, body)
        score = self.model.score_row(row, count=False)
        base, contributions = await self._threads.run(self.explain_row, row)
        manifest = self.model.manifest
        answer = Explanation(
            model=ModelVersion(manifest.name, manifest.version),
            threshold=self.model.threshold,
            score=score,
            decision=self.model.decide(score),
            base=base,
            contributions=contributions,
            warnings=list_warnings(find_unknown(manifest.schema.columns, row)) or msgspec.UNSET,
            request_id=request_id,
        )
        return msgspec.json.encode(answer)

    def explain_row(self, row: Row) -> tuple[float, list[Contribution]]:
        """The base and each feature's share, largest first; base + shares is the calibrated logit.

        Calibration is linear in the margin, so SHAP values on the margin are scaled by its slope.
        """
        plan = self.model.plan
        with np.errstate(all="ignore"):
            values = plan.derive_table(plan.encode_table(dict(zip(self.model.names, ([v] for v in row), strict=True))))
            shares = self.model.engine.reference.explain_matrix(plan.fill_matrix(values))[0].astype(np.float64)
        shown: dict[str, Any] = {name: float(column[0]) for name, column in values.items()}
        shown |= dict(zip(self.model.names, row, strict=True))
        contributions = [
            Contribution(name, _or_none(shown[name]), float(shares[places].sum()) * self._slope)
            for name, places in self._groups.items()
        ]
        contributions.sort(key=lambda one: -abs(one.contribution))
        return float(shares[-1]) * self._slope + self._intercept, contributions


def _or_none(value: Value) -> Value:
    return None if isinstance(value, float) and not math.isfinite(value) else value
