"""How long one row takes, as a ratio to a small model timed in the same run: machines differ, ratios hardly do."""

from collections.abc import Callable
from statistics import median
from time import perf_counter

import numpy as np
import xgboost

from contract.bundle import Bundle
from contract.compute.engine import Engine, OnnxRows, open_session
from contract.compute.plan import Matrix
from contract.report import Check, Latency
from training.gate.policy import Budgets
from training.gate.result import choose_verdict
from training.packaging.onnx_export import convert_booster

REFERENCE_TREES = 50
REFERENCE_DEPTH = 3
REFERENCE_FEATURES = 8
REFERENCE_ROWS = 512
MICROSECONDS = 1e6

PATHS = {"onnxruntime": "ONNX Runtime", "xgboost": "XGBoost"}

Score = Callable[[list[bytes]], object]


def check_latency(bundle: Bundle, matrix: Matrix, budgets: Budgets) -> tuple[Latency, Check]:
    """Times the bundle on rows of `matrix` through the engine that serves: ONNX Runtime if it has it, else XGBoost."""
    latency = measure_latency(bundle, matrix, budgets.latency_rounds, budgets.latency_calls)
    return latency, judge_latency(latency, budgets)


def judge_latency(latency: Latency, budgets: Budgets) -> Check:
    """By the ratio alone: microseconds are the machine's."""
    passes = latency.ratio <= budgets.latency_ratio
    return Check(
        name="budget/latency",
        verdict=choose_verdict(passes),
        found=f"{latency.ratio:.2f} times the small model ({latency.candidate_us:.0f} µs by {latency.path})",
        expected=f"at most {budgets.latency_ratio:g} times",
        reason=f"One row takes {latency.ratio:.2f} times as long as the fixed model of {REFERENCE_TREES} small trees, "
        f"{'within' if passes else 'over'} the budget of {budgets.latency_ratio:g}.",
    )


def measure_latency(bundle: Bundle, matrix: Matrix, rounds: int, calls: int) -> Latency:
    """Medians over `rounds` of `calls` single rows each; the ratio is the median of the rounds' ratios.

    The small model always goes through ONNX Runtime: a candidate that cannot is as much slower as it will be.
    """
    engine = Engine(bundle, 1)
    small = OnnxRows(open_session(convert_booster(fit_reference()), REFERENCE_FEATURES), REFERENCE_FEATURES)
    rows, small_rows = _single_rows(matrix, calls), _single_rows(_reference_matrix(), calls)
    times = [
        (_time_calls(small.compute_margins, small_rows), _time_calls(engine.compute_margins, rows))
        for _ in range(rounds + 1)
    ][1:]
    return Latency(
        candidate_us=median(slow for _, slow in times),
        reference_us=median(fast for fast, _ in times),
        ratio=median(slow / fast for fast, slow in times),
        path=PATHS[engine.name],
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


def _single_rows(matrix: Matrix, count: int) -> list[bytes]:
    """Different rows: the same row again and again would teach the branch predictor its path."""
    return [matrix[row].tobytes() for row in np.linspace(0, len(matrix) - 1, count).astype(int)]


def _time_calls(score: Score, rows: list[bytes]) -> float:
    start = perf_counter()
    for row in rows:
        score([row])
    return (perf_counter() - start) / len(rows) * MICROSECONDS
