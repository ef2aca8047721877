"""The calibration curve that travels in the bundle: of rows scored alike, how many really ended so."""

from itertools import pairwise

import numpy as np
from scipy import stats

from contract.schema import CalibrationPoint, Task
from training.model.intervals import CONFIDENCE
from training.model.metrics import Vector

GROUPS = 10
ROWS_PER_POSITIVE = 4  # below the riskiest rows nearly every score is nearly 0
DIGITS = 9


def measure_reliability(target: Vector, scores: Vector, task: Task) -> tuple[CalibrationPoint, ...]:
    """Points by rising score from `target` and out-of-fold `scores`, both of shape (rows,).

    Groups of equal population; for a rare event the riskiest rows in ten groups and all others in one.
    """
    order = np.argsort(scores, kind="stable")
    top = len(order) if task == "regression" else min(ROWS_PER_POSITIVE * int(target.sum()), len(order))
    rest = len(order) - top
    cuts = [0, *np.linspace(rest, len(order), GROUPS + 1).astype(int).tolist()]
    parts = [order[start:end] for start, end in pairwise(cuts) if end > start]
    return tuple(_measure_group(target[part], scores[part], task) for part in parts)


def _measure_group(target: Vector, scores: Vector, task: Task) -> CalibrationPoint:
    observed = float(target.mean())
    low, high = _share_interval(target) if task == "binary" else _mean_interval(target)
    rounded = (float(f"{value:.{DIGITS}g}") for value in (float(scores.mean()), observed, low, high))
    predicted, observed, low, high = rounded
    return CalibrationPoint(predicted=predicted, observed=observed, low=low, high=high, rows=len(target))


def _share_interval(target: Vector) -> tuple[float, float]:
    """Of a share. Source: E. Wilson, "Probable Inference, the Law of Succession, and Statistical Inference" (1927)."""
    interval = stats.binomtest(int(target.sum()), len(target)).proportion_ci(CONFIDENCE, method="wilson")
    return float(interval.low), float(interval.high)


def _mean_interval(target: Vector) -> tuple[float, float]:
    """Of a mean, by Student's t; a single row has none."""
    if len(target) == 1:
        return float(target[0]), float(target[0])
    reach = float(stats.t.ppf((1 + CONFIDENCE) / 2, len(target) - 1) * stats.sem(target))
    return float(target.mean()) - reach, float(target.mean()) + reach
