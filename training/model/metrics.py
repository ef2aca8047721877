"""What a set of scores is worth: the metrics of each task."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn import metrics as sk

from contract.dataset import Costs
from contract.schema import Task
from training.model.thresholds import count_by_cut

Vector = NDArray[np.float64]


@dataclass(frozen=True)
class Judgement:
    """Scores held against the truth, both of shape (rows,)."""

    target: Vector
    scores: Vector
    threshold: float | None = None
    costs: Costs | None = None

    @property
    def decisions(self) -> NDArray[np.bool_]:
        return self.scores >= (np.inf if self.threshold is None else self.threshold)

    @property
    def hits(self) -> float:
        return float(np.sum(self.target[self.decisions]))

    def take(self, rows: NDArray[np.intp]) -> "Judgement":
        return Judgement(self.target[rows], self.scores[rows], self.threshold, self.costs)


@dataclass(frozen=True)
class Metric:
    """A number for a judgement."""

    name: str
    label: str
    compute: Callable[[Judgement], float]
    higher_is_better: bool = True
    bounds: tuple[float, float] = (0.0, 1.0)
    grows_by_resampling: bool = False  # a bootstrap's values lie above the estimate, by more the fewer the rows


def pr_auc(j: Judgement) -> float:
    """Average precision: the area under the precision-recall curve, as a step function.

    As scikit-learn's average_precision_score, in a fifth of its time: the bootstrap asks a thousand times.
    """
    flagged, hits, positives, _ = count_by_cut(j.target, j.scores)
    return float(np.sum(np.diff(hits, prepend=0.0) * hits / flagged) / positives)


def roc_auc(j: Judgement) -> float:
    """The chance that a positive scores above a negative, ties counting half, as scikit-learn's roc_auc_score."""
    flagged, hits, positives, _ = count_by_cut(j.target, j.scores)
    area = np.trapezoid(np.append(0.0, hits), np.append(0.0, flagged - hits))
    return float(area / (positives * (len(j.target) - positives)))


def precision(j: Judgement) -> float:
    """Share of alarms that were right; 0 without an alarm."""
    return _ratio(j.hits, float(np.sum(j.decisions)))


def recall(j: Judgement) -> float:
    """Share of positives that were found; 0 without a positive."""
    return _ratio(j.hits, float(np.sum(j.target)))


def f1(j: Judgement) -> float:
    """Harmonic mean of precision and recall."""
    return _ratio(2 * j.hits, float(np.sum(j.decisions) + np.sum(j.target)))


def _ratio(part: float, whole: float) -> float:
    return part / whole if whole else 0.0


def expected_cost(j: Judgement) -> float:
    """Cost of the decisions per row, in the dataset's currency."""
    if j.costs is None:
        return float("nan")
    missed = np.sum(~j.decisions & (j.target == 1))
    false_alarms = np.sum(j.decisions & (j.target == 0))
    return float((missed * j.costs.missed + false_alarms * j.costs.false_alarm) / len(j.target))


def brier(j: Judgement) -> float:
    """Mean squared difference between score and outcome. Source: G. Brier (1950)."""
    return float(np.mean((j.scores - j.target) ** 2))


def calibration_error(j: Judgement, bins: int = 10) -> float:
    """Mean distance between score and frequency over bins of equal population (ECE).

    Source: M. Naeini, G. Cooper, M. Hauskrecht, "Obtaining Well Calibrated Probabilities" (2015). A bin's distance is
    never below 0, so noise adds to it: too high on few rows, and again in a resample of them (J. Bröcker, "Estimating
    reliability and resolution of probability forecasts", 2012).
    """
    order = np.argsort(j.scores, kind="stable")
    parts = np.array_split(order, min(bins, len(order)))
    gaps = [abs(j.scores[part].mean() - j.target[part].mean()) * len(part) for part in parts]
    return float(sum(gaps) / len(order))


def rmse(j: Judgement) -> float:
    return float(sk.root_mean_squared_error(j.target, j.scores))


def mae(j: Judgement) -> float:
    return float(sk.mean_absolute_error(j.target, j.scores))


def r2(j: Judgement) -> float:
    return float(sk.r2_score(j.target, j.scores))


BINARY = (
    Metric("pr_auc", "PR-AUC", pr_auc),
    Metric("f1", "F1", f1),
    Metric("precision", "Precision", precision),
    Metric("recall", "Recall", recall),
    Metric("expected_cost", "Cost per row", expected_cost, higher_is_better=False, bounds=(0.0, np.inf)),
    Metric("roc_auc", "ROC-AUC", roc_auc),
    Metric("brier", "Brier score", brier, higher_is_better=False),
    Metric(
        "calibration_error", "Calibration error", calibration_error, higher_is_better=False, grows_by_resampling=True
    ),
)
REGRESSION = (
    Metric("rmse", "RMSE", rmse, higher_is_better=False, bounds=(0.0, np.inf)),
    Metric("mae", "MAE", mae, higher_is_better=False, bounds=(0.0, np.inf)),
    Metric("r2", "R²", r2, bounds=(-np.inf, 1.0)),
)


def task_metrics(task: Task) -> tuple[Metric, ...]:
    return BINARY if task == "binary" else REGRESSION


def measure(judgement: Judgement, task: Task) -> dict[str, float]:
    """Every metric of the task by name."""
    return {metric.name: metric.compute(judgement) for metric in task_metrics(task)}
