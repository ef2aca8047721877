"""The served model: a verified bundle made ready to score one row or many, its self-test included."""

import logging
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from app.predictor.logs import log_event
from app.predictor.scoring.traffic import CellCounts, TrafficCounts
from contract.bundle import INFERENCE_NAME, MODEL_NAME, Bundle, read_bundle
from contract.compute.engine import FEW_ROWS, Engine, Margins
from contract.compute.leaf_rows import make_leaf_rows
from contract.compute.parity import EngineParity, compare_engines
from contract.compute.plan import FeaturePlan, Matrix
from contract.compute.scoring import Scores, calibrate_margins, check_golden_rows, make_calibration, spread_matrix
from contract.compute.usual_row import ReadyRow, UsualRow
from contract.errors import BundleError
from contract.schema import Value
from contract.soundness import check_served

WARM_RUNS = 50
LEAF_TOLERANCE = 1e-5  # sums of the same leaves in another order differ by less
NO_UNKNOWN: Mapping[str, list[int]] = {}


class ScoringError(ArithmeticError):
    """The model gave no finite score."""


class ReadyTable(msgspec.Struct, frozen=True, gc=False):
    """Many rows, encoded and derived: all that scoring and counting them takes."""

    values: Mapping[str, NDArray[np.float64]]
    matrix: Matrix
    unknown: Mapping[str, list[int]]  # the rows in which a column's category is none that training knew


class Scored(msgspec.Struct, frozen=True, gc=False):
    """Scores of many rows, what they were computed from, and what their traffic adds to the counters."""

    values: Mapping[str, NDArray[np.float64]]  # of the columns and the derived features, shape (rows,)
    scores: Scores
    counted: list[CellCounts]
    unknown: Mapping[str, list[int]]


class ServedModel:
    """Scores rows that passed validation."""

    def __init__(self, bundle: Bundle, threads: int) -> None:
        """Raises: BundleError, ContractError if the bundle's parts do not fit together."""
        manifest = bundle.manifest
        self.manifest = manifest
        self.digest = bundle.digest
        self.threshold = manifest.threshold
        self.engine = Engine(bundle, threads)
        self.traffic = TrafficCounts(manifest)
        self.plan = FeaturePlan(manifest.schema)
        self.unknown = {column.name: 0 for column in manifest.schema.columns if column.type == "category"}
        self.names = tuple(column.name for column in manifest.schema.columns)
        self._usual_row = UsualRow(self.plan, self.engine.pack)
        self._calibrate = make_calibration(manifest.calibration, manifest.schema.task)

    def score_row(self, row: Sequence[Value], count: bool = True) -> float:
        """The score of one row, its values in the order of the schema's columns; counts its traffic.

        Raises: ScoringError.
        """
        ready = self.ready_row(row)
        if ready is None:
            return float(self.score_sparse(row, count).scores[0])
        (margin,) = self.engine.compute_margins([ready.vector])
        return self.score_margin(ready, margin, count)

    def ready_row(self, row: Sequence[Value]) -> ReadyRow | None:
        """None for a row with something missing, unknown or overflowing: it goes by `score_sparse`."""
        return self._usual_row.encode(row)

    def score_margin(self, ready: ReadyRow, margin: float, count: bool = True) -> float:
        """The score of a row from its margin; counts its traffic.

        Raises: ScoringError.
        """
        score = self._calibrate(margin)
        if not math.isfinite(score):
            raise ScoringError("the model's score is not finite")
        if count:
            self.traffic.count_row(ready.values, score, self.decide(score))
        return score

    def score_sparse(self, row: Sequence[Value], count: bool = True) -> Scored:
        """The score of one row that goes the way that many rows go.

        Raises: ScoringError.
        """
        scored = self.score_columns({name: [value] for name, value in zip(self.names, row, strict=True)})
        if count:
            self.add_traffic(scored)
        return scored

    def score_columns(self, columns: Mapping[str, Sequence[Any] | NDArray[Any]]) -> Scored:
        """Scores of shape (rows,) from values by column; changes no counter, so any thread may call it.

        Raises: ScoringError.
        """
        return self.score_prepared(self.prepare_columns(columns))

    def prepare_columns(self, columns: Mapping[str, Sequence[Any] | NDArray[Any]]) -> ReadyTable:
        """Rows made ready from values by column."""
        encoded = self.plan.encode_table(columns)
        unknown = {name: rows for name in self.unknown if (rows := self._find_unknown(columns[name], encoded[name]))}
        return self.prepare_encoded(encoded, unknown)

    def prepare_encoded(
        self, encoded: dict[str, NDArray[np.float64]], unknown: Mapping[str, list[int]] = NO_UNKNOWN
    ) -> ReadyTable:
        """As `prepare_columns`, from float64 columns with categories as codes and NaN for missing."""
        with np.errstate(all="ignore"):
            values = self.plan.derive_table(encoded)
            return ReadyTable(values, self.plan.fill_matrix(values), unknown)

    def score_prepared(self, prepared: ReadyTable) -> Scored:
        """Raises: ScoringError."""
        is_few = len(prepared.matrix) <= FEW_ROWS
        compute = self.engine.compute_few if is_few else self.engine.compute_many
        return self.score_margins(prepared, compute(prepared.matrix))

    def score_margins(self, prepared: ReadyTable, margins: Margins) -> Scored:
        """The scores of rows from their margins, both of shape (rows,).

        Raises: ScoringError.
        """
        with np.errstate(all="ignore"):
            scores = calibrate_margins(margins, self.manifest.calibration, self.manifest.schema.task)
        if not np.isfinite(scores).all():
            raise ScoringError("the model's score is not finite")
        counted = self.traffic.count_table(prepared.values, scores)
        return Scored(prepared.values, scores, counted, prepared.unknown)

    @staticmethod
    def _find_unknown(given: Sequence[Any] | NDArray[Any], encoded: NDArray[np.float64]) -> list[int]:
        return [index for index in np.flatnonzero(np.isnan(encoded)).tolist() if given[index] is not None]

    def add_traffic(self, scored: Scored) -> None:
        """Adds many rows to the counters; only the event loop's thread calls it."""
        self.traffic.add_counts(scored.counted)
        for name, rows in scored.unknown.items():
            self.unknown[name] += len(rows)

    def decide(self, score: float) -> bool | None:
        return None if self.threshold is None else score >= self.threshold

    def decide_many(self, scores: Scores) -> list[bool] | list[None]:
        """One decision a score."""
        if self.threshold is None:
            return [None] * len(scores)
        return (scores >= self.threshold).tolist()  # type: ignore[no-any-return]


def load_model(folder: Path, threads: int, parity_rows: int = 0) -> ServedModel:
    """The bundle in `folder`, verified, its golden rows scored on every path, and warm.

    Both engines are compared on `parity_rows` more rows. If one bit differs, XGBoost answers alone: slower, and right.

    Raises: BundleError, ContractError with one line that says what is wrong.
    """
    bundle = read_bundle(folder)
    check_served(bundle.manifest)
    model = ServedModel(bundle, threads)
    check_paths(bundle, model)
    check_leaves(bundle, model)
    if parity_rows and model.engine.name == "onnxruntime":
        found = compare_on_golden(bundle, model, parity_rows)
        if not found.is_exact:
            log_event("the engines differ, XGBoost answers alone", logging.WARNING, found=str(found))
            model.engine.leave_onnx()
            check_paths(bundle, model)
    return model


def check_leaves(bundle: Bundle, model: ServedModel) -> None:
    """Holds both engines' trees against each other, leaf by leaf: golden rows reach but some of them.

    Raises: BundleError if they differ by more than rounding does: one of the two files is damaged or another model's.
    """
    if model.engine.name != "onnxruntime":
        return
    entry = bundle.manifest.golden[0]
    (base,) = model.plan.table_to_matrix({name: [entry.row[name]] for name in model.names})
    rows = make_leaf_rows(model.engine.reference.booster, base)
    found, exact = model.engine.compute_few(rows), model.engine.compute_exact(rows)
    apart = np.abs(found - exact) > LEAF_TOLERANCE * np.maximum(1.0, np.abs(exact))
    if apart.any() or not np.isfinite(exact).all():
        raise BundleError(
            f"{INFERENCE_NAME} and {MODEL_NAME} differ at {int(np.count_nonzero(apart)):,} of {len(rows):,} leaves, "
            "expected the same trees: one of them was changed after packaging; package the model again"
        )


def compare_on_golden(bundle: Bundle, model: ServedModel, rows: int) -> EngineParity:
    """Both engines on `rows` rows like the golden ones, each value moved or not, some missing.

    They are always the same for the same bundle. Alone a row was tried with the golden ones.
    """
    golden = bundle.manifest.golden
    table = {name: [entry.row[name] for entry in golden] for name in model.names}
    base = model.plan.fill_matrix(model.plan.derive_table(model.plan.encode_table(table)))
    return compare_engines(model.engine, spread_matrix(base, rows, 0), (FEW_ROWS,))


def check_paths(bundle: Bundle, model: ServedModel) -> None:
    """Scores the golden rows one by one, as a few and as many.

    Raises: BundleError if a path does not give the scores of training.
    """

    def one_by_one(table: Mapping[str, Sequence[Any]]) -> list[float]:
        rows = list(zip(*(table[name] for name in model.names), strict=True))
        for _ in range(WARM_RUNS):
            model.score_row(rows[0], count=False)
        return [model.score_row(row, count=False) for row in rows]

    def as_many(table: Mapping[str, Sequence[Any]]) -> Scores:
        size = len(next(iter(table.values())))
        repeated = {name: [*values] * (FEW_ROWS // size + 1) for name, values in table.items()}
        return model.score_columns(repeated).scores[:size]

    def as_few(table: Mapping[str, Sequence[Any]]) -> list[float]:
        size = len(next(iter(table.values())))
        parts = [{name: values[i : i + FEW_ROWS] for name, values in table.items()} for i in range(0, size, FEW_ROWS)]
        return [float(score) for part in parts for score in model.score_columns(part).scores]

    for path, score in (("one by one", one_by_one), ("as a few", as_few), ("as many", as_many)):
        try:
            check_golden_rows(bundle, score)
        except ScoringError as error:
            raise BundleError(f"the golden rows scored {path}: {error}") from error
        except BundleError as error:
            raise BundleError(f"scored {path}, {error}") from error
