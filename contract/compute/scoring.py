"""From the model matrix to calibrated scores; what training measured is what serving answers."""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import xgboost
from numpy.typing import NDArray

from contract.bundle import MODEL_NAME, Bundle
from contract.compute.plan import FeaturePlan, Matrix
from contract.compute.trees import check_text, check_trees
from contract.compute.ubjson import check_ubjson
from contract.errors import BundleError
from contract.schema import Calibration, Column, ModelSchema, Value

PARITY_TOLERANCE = 1e-6
LARGEST_EXPONENT = 700.0  # exp overflows soon above

Scores = NDArray[np.float64]


def load_booster(content: bytes, features: Sequence[str], threads: int = 1) -> xgboost.Booster:
    """XGBoost's own reader on verified bytes.

    Raises: BundleError if they are no XGBoost model, its features are not `features`, or its trees are none.
    """
    if not content.startswith(b"{"):  # UBJSON and JSON both open so; a pickle does not
        raise BundleError(f"{MODEL_NAME} is not a UBJSON model")
    if content.startswith(b'{"'):  # so XGBoost knows JSON from UBJSON
        check_text(content)
    else:
        check_ubjson(content)
    booster = xgboost.Booster({"nthread": threads})
    try:
        booster.load_model(bytearray(content))
        names = tuple(booster.feature_names or ())
    except (xgboost.core.XGBoostError, UnicodeDecodeError) as error:  # its message may repeat what is no UTF-8
        raise BundleError(f"{MODEL_NAME} is not readable by XGBoost {xgboost.__version__}") from error
    if names != tuple(features):
        raise BundleError(f"{MODEL_NAME} has the features {list(names)}, expected {list(features)}")
    check_trees(booster, len(features))
    return booster


def calibrate_margins(margins: NDArray[Any], calibration: Calibration, task: str) -> Scores:
    """Scores of the same shape as `margins`: probabilities by Platt scaling, or the margins themselves.

    To the last bit they are those of one row alone, by `make_calibration`.

    Formula: J. Platt, "Probabilistic Outputs for Support Vector Machines" (1999).
    """
    wide = margins.astype(np.float64)
    if task == "regression":
        return wide
    exponents = -(calibration.slope * wide + calibration.intercept)
    # with AVX-512 numpy's exp of real numbers may differ from math.exp in the last bit; of complex ones it does not
    powers = np.exp(np.minimum(exponents, LARGEST_EXPONENT).astype(np.complex128)).real
    scores: Scores = np.where(exponents > LARGEST_EXPONENT, 0.0, 1.0 / (1.0 + powers))
    return scores


def make_calibration(calibration: Calibration, task: str) -> Callable[[float], float]:
    """`calibrate_margins` for one margin, without an array and to the same bit; NaN stays NaN."""
    if task == "regression":
        return float
    slope, intercept = calibration.slope, calibration.intercept

    def scale(margin: float) -> float:
        exponent = -(slope * margin + intercept)
        return 0.0 if exponent > LARGEST_EXPONENT else 1.0 / (1.0 + math.exp(exponent))

    return scale


class ReferenceModel:
    """A bundle's model as XGBoost computes it: the scores that every other path must equal."""

    def __init__(self, booster: xgboost.Booster, schema: ModelSchema, calibration: Calibration) -> None:
        self.booster = booster
        self.schema = schema
        self.plan = FeaturePlan(schema)
        self.calibration = calibration

    @classmethod
    def from_bundle(cls, bundle: Bundle, threads: int = 1) -> "ReferenceModel":
        """Raises: BundleError."""
        manifest = bundle.manifest
        booster = load_booster(bundle.files[MODEL_NAME], manifest.schema.features, threads)
        return cls(booster, manifest.schema, manifest.calibration)

    def score_matrix(self, matrix: Matrix) -> Scores:
        """Calibrated scores of shape (rows,)."""
        margins = self.booster.inplace_predict(matrix, predict_type="margin", missing=np.nan)
        return calibrate_margins(margins, self.calibration, self.schema.task)

    def score_table(self, table: Mapping[str, Sequence[Any] | NDArray[Any]]) -> Scores:
        """Calibrated scores of shape (rows,) from raw values by column."""
        return self.score_matrix(self.plan.table_to_matrix(table))

    def explain_matrix(self, matrix: Matrix) -> NDArray[np.float32]:
        """SHAP values on the margin, of shape (rows, features + 1); the last column is the base value.

        Source: S. Lundberg et al., "From local explanations to global understanding" (2020), as in XGBoost.
        """
        data = xgboost.DMatrix(matrix, feature_names=list(self.schema.features))
        contributions: NDArray[np.float32] = self.booster.predict(data, pred_contribs=True)
        return contributions


def check_golden_rows(bundle: Bundle, score: Any) -> None:
    """Scores the bundle's golden rows through `score(table) -> Scores` and compares.

    Raises: BundleError if there are none, one does not follow the schema, or one differs by more than
    PARITY_TOLERANCE, absolute up to 1 and relative above.
    """
    golden = bundle.manifest.golden
    if not golden:
        raise BundleError("the bundle has no golden rows, so its scores cannot be checked")
    columns = bundle.manifest.schema.columns
    for index, entry in enumerate(golden):
        if not _fits_columns(entry.row, columns):
            raise BundleError(f"golden row {index} does not follow the schema: it has {', '.join(entry.row)}")
    table = {column.name: [entry.row[column.name] for entry in golden] for column in columns}
    scores = score(table)
    for index, (entry, actual) in enumerate(zip(golden, scores, strict=True)):
        if not abs(actual - entry.score) <= PARITY_TOLERANCE * max(1.0, abs(entry.score)):  # also refuses NaN
            raise BundleError(f"golden row {index} scores {actual:.9f}, expected {entry.score:.9f}")


def _fits_columns(row: Mapping[str, Value], columns: Sequence[Column]) -> bool:
    return row.keys() == {column.name for column in columns} and all(
        row[column.name] is None or isinstance(row[column.name], str) == (column.type == "category")
        for column in columns
    )


def spread_matrix(matrix: Matrix, rows: int, seed: int) -> Matrix:
    """`rows` rows of plausible and implausible inputs: real rows, each value moved, some missing."""
    rng = np.random.default_rng(seed)
    drawn = matrix[rng.integers(0, len(matrix), rows)]
    empty = np.isnan(matrix).all(axis=0)  # nothing deviates there, and numpy would warn of it
    spread = np.nanstd(np.where(empty, np.float32(0), matrix), axis=0) * rng.normal(0, 0.5, drawn.shape)
    moved = np.where(rng.random(drawn.shape) < 0.5, drawn, drawn + spread)
    return np.where(rng.random(drawn.shape) < 0.01, np.nan, moved).astype(np.float32)
