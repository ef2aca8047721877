"""How sure a metric is: its bootstrap interval on one holdout, and its interval over repeated cross-validation."""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from cli.errors import InputError
from contract.schema import Interval, Task
from training.model.metrics import Judgement, Metric, Vector, task_metrics

CONFIDENCE = 0.95
FEWEST_RESAMPLED = 2


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
