"""How good the model honestly is: repeated cross-validation, then holdouts by time and by group, beside baselines."""

from collections.abc import Callable
from pathlib import Path

import msgspec

from cli.files import write_file
from contract.schema import Interval, Struct, Task, TrainingData
from training.data.splits import Split, group_holdout, repeated_folds, time_holdout
from training.data.table import Table
from training.evaluation.baselines import Estimator, list_estimators
from training.lineage.provenance import describe_inputs, describe_revision
from training.model.intervals import fold_interval, measure_intervals
from training.model.metrics import Judgement, expected_cost, measure, task_metrics
from training.model.thresholds import best_f1_threshold, cheapest_threshold
from training.params import Params

HOLDOUT_RESAMPLES = 500
Intervals = dict[str, Interval]


class Evaluation(Struct, frozen=True):
    """Metrics of each estimator by name. `f1`, `precision` and `recall` are at the threshold with the best F1
    on the training rows' out-of-fold scores, `expected_cost` at the cheapest one there."""

    schema_version: int
    data: TrainingData
    inputs: dict[str, str]
    revision: str
    protocol: str
    estimators: dict[str, Intervals]
    folds: dict[str, list[dict[str, float]]]
    holdouts: dict[str, dict[str, Intervals]]


def evaluate_table(table: Table, params: Params, advance: Callable[[str], None]) -> Evaluation:
    """Runs the whole protocol; `advance` is called after each fold and holdout."""
    estimators = list_estimators(table)
    settings = params.evaluation
    folds: dict[str, list[dict[str, float]]] = {name: [] for name in estimators}
    for split in repeated_folds(table, settings.folds, settings.repeats, params.seed):
        for name, estimator in estimators.items():
            folds[name].append(measure_split(table, split, estimator, params))
        advance("fold")
    share = 1 / (settings.folds - 1)
    return Evaluation(
        schema_version=1,
        data=table.describe(),
        inputs=describe_inputs(table, params),
        revision=describe_revision(),
        protocol=f"{settings.repeats} x {settings.folds}-fold {'stratified ' if table.dataset.task == 'binary' else ''}"
        f"cross-validation, thresholds chosen inside each training fold",
        estimators={name: summarise_folds(values, share, table.dataset.task) for name, values in folds.items()},
        folds=folds,
        holdouts=evaluate_holdouts(table, params, advance),
    )


def measure_split(table: Table, split: Split, estimator: Estimator, params: Params) -> dict[str, float]:
    """Every metric of one estimator on one split."""
    train, test = table.take(split.train), table.take(split.test)
    best, cheapest = judge_estimator(train, test, estimator, params)
    measured = measure(best, table.dataset.task)
    return measured | ({"expected_cost": expected_cost(cheapest)} if cheapest else {})


def judge_estimator(
    train: Table, test: Table, estimator: Estimator, params: Params
) -> tuple[Judgement, Judgement | None]:
    """The test scores at the threshold with the best F1 on the training rows, and at the cheapest one there."""
    seen, unseen = estimator.score(train, test, params)
    costs = test.dataset.costs
    if test.dataset.task == "regression" or costs is None:
        return Judgement(test.target, unseen), None
    best = estimator.threshold or best_f1_threshold(train.target, seen)
    cheapest = estimator.threshold or cheapest_threshold(train.target, seen, costs)
    return Judgement(test.target, unseen, best, costs), Judgement(test.target, unseen, cheapest, costs)


def summarise_folds(folds: list[dict[str, float]], test_share: float, task: Task) -> Intervals:
    return {
        metric.name: fold_interval([fold[metric.name] for fold in folds], test_share, metric.bounds)
        for metric in task_metrics(task)
    }


def evaluate_holdouts(table: Table, params: Params, advance: Callable[[str], None]) -> dict[str, dict[str, Intervals]]:
    """The last rows in time, and whole groups, each scored by estimators that never saw them."""
    share = params.evaluation.holdout_share
    splits = {"time": time_holdout(table, share)} if table.dataset.time else {}
    if table.dataset.group:
        splits["group"] = group_holdout(table, share)
    holdouts: dict[str, dict[str, Intervals]] = {}
    for kind, split in splits.items():
        train, test = table.take(split.train), table.take(split.test)
        holdouts[kind] = {
            name: measure_holdout(train, test, estimator, params) for name, estimator in list_estimators(table).items()
        }
        advance("holdout")
    return holdouts


def measure_holdout(train: Table, test: Table, estimator: Estimator, params: Params) -> Intervals:
    """Every metric of one estimator on a holdout, with bootstrap intervals."""
    best, cheapest = judge_estimator(train, test, estimator, params)
    intervals = measure_intervals(best, test.dataset.task, HOLDOUT_RESAMPLES, params.seed)
    if cheapest is None:
        return intervals
    return intervals | measure_intervals(
        cheapest, test.dataset.task, HOLDOUT_RESAMPLES, params.seed, only="expected_cost"
    )


def write_evaluation(evaluation: Evaluation, path: Path) -> None:
    """JSON with each estimator's metrics at the top level, each `{mean, low, high}`.

    Raises: InputError if the disk refuses.
    """
    plain = msgspec.to_builtins(evaluation)
    content = {**plain.pop("estimators"), **plain}
    write_file(path, msgspec.json.format(msgspec.json.encode(content), indent=2) + b"\n")
