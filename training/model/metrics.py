"""What a set of scores is worth: metrics, intervals, and the threshold that costs least."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import stats
from sklearn import metrics as sk

from cli.errors import InputError
from contract.schema import Interval, Task
from training.data.dataset import Costs

Vector = NDArray[np.float64]
CONFIDENCE = 0.95
ABOVE_ALL = 1e-6
FEWEST_RESAMPLED = 2


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
    flagged, hits, positives, _ = _count_by_cut(j.target, j.scores)
    return float(np.sum(np.diff(hits, prepend=0.0) * hits / flagged) / positives)


def roc_auc(j: Judgement) -> float:
    """The chance that a positive scores above a negative, ties counting half, as scikit-learn's roc_auc_score."""
    flagged, hits, positives, _ = _count_by_cut(j.target, j.scores)
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


def resample_strata(
    strata: Sequence[NDArray[np.intp]],
    statistic: Callable[[NDArray[np.intp]], NDArray[np.float64]],
    resamples: int,
    seed: int,
) -> NDArray[np.float64]:
    """Bootstrap distribution of `statistic(rows) -> (k,)`, of shape (k, resamples); strata are resampled apart.

    Two models measured on the same `rows` are paired, because every resample holds the same rows for both.
    Source: B. Efron, R. Tibshirani, "An Introduction to the Bootstrap" (1993).
    """
    result = stats.bootstrap(
        tuple(strata),
        lambda *rows: statistic(np.concatenate(rows)),
        n_resamples=resamples,
        vectorized=False,
        method="percentile",
        confidence_level=CONFIDENCE,
        rng=np.random.default_rng(seed),
    )
    return np.atleast_2d(result.bootstrap_distribution)


def outcome_strata(target: Vector, task: Task) -> list[NDArray[np.intp]]:
    """The rows of each class, so that every resample keeps the prevalence; one stratum for regression.

    Raises: InputError if one has too few rows to be resampled.
    """
    outcomes = [np.isfinite(target)] if task == "regression" else [target == outcome for outcome in (0.0, 1.0)]
    strata = [np.flatnonzero(rows) for rows in outcomes]
    if (found := min(map(len, strata))) < FEWEST_RESAMPLED:
        raise InputError(
            f"the holdout has {found} rows of the rarer outcome in {len(target):,}, expected at least "
            f"{FEWEST_RESAMPLED} to say how sure a metric is; give more data"
        )
    return strata


def measure_intervals(
    judgement: Judgement, task: Task, resamples: int, seed: int, only: str | None = None
) -> dict[str, Interval]:
    """Every metric of the task, or the `only` one, with its bootstrap interval.

    Where resampling alone makes a metric grow, the bootstrap's own estimate of that bias is taken off its values, or
    the interval would lie above what it is of. Source: Efron, Tibshirani (1993), chapter 10: mean of the resamples
    less the estimate. The estimate itself stays as it is.

    Raises: InputError if there are too few rows of an outcome.
    """
    metrics = [metric for metric in task_metrics(task) if only in (None, metric.name)]
    samples = resample_strata(
        outcome_strata(judgement.target, task),
        lambda rows: np.array([metric.compute(judgement.take(rows)) for metric in metrics]),
        resamples,
        seed,
    )
    return {
        metric.name: bound_samples(metric, metric.compute(judgement), samples[i], metric.bounds)
        for i, metric in enumerate(metrics)
    }


def bound_samples(metric: Metric, mean: float, samples: Vector, bounds: tuple[float, float]) -> Interval:
    """The estimate `mean` of a metric, or of a difference of two, with the interval of its bootstrap `samples`."""
    low, high = np.quantile(samples, [(1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2])
    if metric.grows_by_resampling:
        bias = float(samples.mean()) - mean
        low, high = np.clip((low - bias, high - bias), *bounds)
    return Interval(mean=float(mean), low=float(low), high=float(high))


def fold_interval(
    values: Sequence[float], test_share: float, bounds: tuple[float, float] = (-np.inf, np.inf)
) -> Interval:
    """The mean over repeated cross-validation with an interval that knows the folds share rows.

    `test_share` is test rows over training rows; the interval ends at the metric's `bounds`.
    Source: C. Nadeau, Y. Bengio, "Inference for the Generalization Error" (2003): the variance is multiplied by
    1 / folds + test_share.
    """
    folds = np.asarray(values)
    mean = float(folds.mean())
    error = float(np.sqrt((1 / len(folds) + test_share) * folds.var(ddof=1)))
    reach = float(stats.t.ppf((1 + CONFIDENCE) / 2, len(folds) - 1)) * error
    return Interval(mean=mean, low=max(mean - reach, bounds[0]), high=min(mean + reach, bounds[1]))


def cheapest_threshold(target: Vector, scores: Vector, costs: Costs) -> float:
    """The threshold with the least expected cost: midway between two scores that occur, or above them all."""
    flagged, hits, positives, cuts = _count_by_cut(target, scores)
    cost = (positives - hits) * costs.missed + (flagged - hits) * costs.false_alarm
    best = int(np.argmin(cost))
    if positives * costs.missed < cost[best]:  # no alarm at all is cheaper than any
        highest = float(scores.max())
        return highest + ABOVE_ALL * max(1.0, abs(highest))
    return float(cuts[best])


def best_f1_threshold(target: Vector, scores: Vector) -> float:
    """The threshold with the highest F1, midway between two scores that occur."""
    flagged, hits, positives, cuts = _count_by_cut(target, scores)
    return float(cuts[int(np.argmax(2 * hits / (flagged + positives)))])


def _count_by_cut(target: Vector, scores: Vector) -> tuple[Vector, Vector, float, Vector]:
    order = np.argsort(-scores, kind="stable")
    ranked = scores[order]
    last = np.flatnonzero(np.diff(ranked, append=-np.inf))  # the last row of each distinct score
    hits = np.cumsum(target[order], dtype=np.float64)[last]
    below = np.append(ranked[last][1:], ranked[-1])
    flagged = (last + 1).astype(np.float64)
    middle = ((ranked[last] + below) / 2).astype(np.float64)
    cuts = np.where(middle > below, middle, ranked[last])  # between neighbouring floats there is no middle
    return flagged, hits, float(target.sum()), cuts
