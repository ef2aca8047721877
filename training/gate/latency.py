"""How long one row takes, as a ratio to a small model timed in the same run: machines differ, ratios hardly do."""

from collections.abc import Callable
from statistics import median
from time import perf_counter

import numpy as np
import onnxruntime
import xgboost

from app.contract.bundle import INFERENCE_NAME, MODEL_NAME, Bundle
from app.contract.features.plan import Matrix
from app.contract.scoring import load_booster
from training.gate.policy import Budgets
from training.gate.result import Check, Latency, choose_verdict
from training.inference import convert_booster

REFERENCE_TREES = 50
REFERENCE_DEPTH = 3
REFERENCE_FEATURES = 8
REFERENCE_ROWS = 512
MICROSECONDS = 1e6

Score = Callable[[Matrix], object]


def check_latency(bundle: Bundle, matrix: Matrix, budgets: Budgets) -> tuple[Latency, Check]:
    """Times the bundle on rows of `matrix` through the path that serves: ONNX if it has it, else XGBoost."""
    latency = measure_latency(bundle, matrix, budgets.latency_rounds, budgets.latency_calls)
    passes = latency.ratio <= budgets.latency_ratio
    check = Check(
        name="budget/latency",
        verdict=choose_verdict(passes),
        found=f"{latency.ratio:.2f} times the small model ({latency.candidate_us:.0f} µs)",
        expected=f"at most {budgets.latency_ratio:g} times",
        reason=f"One row takes {latency.ratio:.2f} times as long as the fixed model of {REFERENCE_TREES} small trees, "
        f"{'within' if passes else 'over'} the budget of {budgets.latency_ratio:g}.",
    )
    return latency, check


def measure_latency(bundle: Bundle, matrix: Matrix, rounds: int, calls: int) -> Latency:
    """Medians over `rounds` turns of `calls` single rows each; the ratio is the median of the turns' ratios."""
    reference = fit_reference()
    onnx = bundle.files.get(INFERENCE_NAME)
    if onnx is None:
        candidate = _call_xgboost(load_booster(bundle.files[MODEL_NAME], bundle.manifest.schema.features))
        small = _call_xgboost(reference)
    else:
        candidate, small = _call_onnx(onnx), _call_onnx(convert_booster(reference, "regression"))
    rows, small_rows = _single_rows(matrix, calls), _single_rows(_reference_matrix(), calls)
    turns = [(_time_calls(small, small_rows), _time_calls(candidate, rows)) for _ in range(rounds + 1)][1:]
    return Latency(
        candidate_us=median(slow for _, slow in turns),
        reference_us=median(fast for fast, _ in turns),
        ratio=median(slow / fast for fast, slow in turns),
        path="XGBoost" if onnx is None else "ONNX Runtime",
    )


def fit_reference() -> xgboost.Booster:
    """The same small model on every machine and in every run."""
    matrix = _reference_matrix()
    target = matrix[:, 0] * matrix[:, 1] > 0
    settings = {"max_depth": REFERENCE_DEPTH, "objective": "reg:squarederror", "nthread": 1}
    return xgboost.train(settings, xgboost.DMatrix(matrix, target), num_boost_round=REFERENCE_TREES)


def _reference_matrix() -> Matrix:
    shape = (REFERENCE_ROWS, REFERENCE_FEATURES)
    return np.random.default_rng(0).normal(size=shape).astype(np.float32)


def _single_rows(matrix: Matrix, count: int) -> list[Matrix]:
    """Different rows: the same row again and again would teach the branch predictor its path."""
    spread = np.linspace(0, len(matrix) - 1, count).astype(int)
    return [np.ascontiguousarray(matrix[row : row + 1]) for row in spread]


def _call_onnx(content: bytes) -> Score:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
    return lambda row: session.run(None, {"features": row})


def _call_xgboost(booster: xgboost.Booster) -> Score:
    return lambda row: booster.inplace_predict(row, predict_type="margin")


def _time_calls(score: Score, rows: list[Matrix]) -> float:
    start = perf_counter()
    for row in rows:
        score(row)
    return (perf_counter() - start) / len(rows) * MICROSECONDS
