"""The honest estimate: every estimator on the same folds and holdouts, written for machines to read."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from training.data.splits import Split, group_holdout, repeated_folds, time_holdout
from training.data.table import Table
from training.evaluation.baselines import Estimator
from training.evaluation.evaluate import Evaluation, evaluate_table, judge_estimator, measure_split, write_evaluation
from training.model.metrics import Judgement, expected_cost, f1
from training.model.thresholds import best_f1_threshold, cheapest_threshold
from training.params import Params

BINARY = {"pr_auc", "f1", "precision", "recall", "expected_cost", "roc_auc", "brier", "calibration_error"}


@pytest.fixture(scope="module")
def quick(small_params: Params) -> Params:
    evaluation = msgspec.structs.replace(small_params.evaluation, folds=3, repeats=1, inner_folds=2)
    return msgspec.structs.replace(small_params, rounds=15, evaluation=evaluation)


@pytest.fixture(scope="module", autouse=True)
def few_resamples() -> Iterator[None]:
    """An interval's width is not what is tested here."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("training.evaluation.evaluate.HOLDOUT_RESAMPLES", 10)
        yield


@pytest.fixture(scope="module")
def steps() -> list[str]:
    return []


@pytest.fixture(scope="module")
def evaluation(table: Table, quick: Params, steps: list[str]) -> Evaluation:
    return evaluate_table(table, quick, steps.append)


@pytest.fixture(scope="module")
def written(evaluation: Evaluation, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    path = tmp_path_factory.mktemp("evaluation") / "deep" / "evaluation.json"
    write_evaluation(evaluation, path)
    content: dict[str, Any] = json.loads(path.read_text())
    return content


def test_each_estimator_has_each_metric_with_its_interval(written: dict[str, Any]) -> None:
    for name in ("model", "rule", "logistic_regression"):
        assert written[name].keys() == BINARY
        for interval in written[name].values():
            assert interval.keys() == {"mean", "low", "high"}
            assert interval["low"] <= interval["mean"] <= interval["high"]


def test_the_file_says_what_was_evaluated_and_how(written: dict[str, Any], table: Table, quick: Params) -> None:
    assert written["schema_version"] == 1
    assert written["data"]["sha256"] == table.sha256
    assert written["data"]["rows"] == len(table)
    assert written["inputs"].keys() == {"data", "dataset", "params", "code", "libraries"}
    assert written["protocol"] == "1 x 3-fold stratified cross-validation, thresholds chosen inside each training fold"
    assert {name: len(folds) for name, folds in written["folds"].items()} == dict.fromkeys(written["folds"], 3)


def test_the_mean_is_that_of_the_folds(written: dict[str, Any]) -> None:
    for name, folds in written["folds"].items():
        for metric, interval in written[name].items():
            assert interval["mean"] == pytest.approx(sum(fold[metric] for fold in folds) / 3)


def test_holdouts_by_time_and_by_group_stand_beside_the_folds(written: dict[str, Any]) -> None:
    assert written["holdouts"].keys() == {"time", "group"}
    for estimators in written["holdouts"].values():
        assert estimators.keys() == {"model", "rule", "logistic_regression"}
        assert estimators["model"].keys() == BINARY


def test_progress_is_told_for_each_fold_and_holdout(evaluation: Evaluation, steps: list[str]) -> None:
    assert steps == ["fold"] * 3 + ["holdout"] * 2


def test_thresholds_come_from_the_training_rows_alone(table: Table, quick: Params) -> None:
    split = next(repeated_folds(table, 3, 1, 0))
    train, test = table.take(split.train), table.take(split.test)
    wear = "tool_wear_min"
    estimator = Estimator(lambda train, test, params: (train.values[wear], test.values[wear]))
    best, cheapest = judge_estimator(train, test, estimator, quick)
    costs = table.dataset.costs
    assert costs is not None
    assert cheapest is not None
    assert best.threshold == best_f1_threshold(train.target, train.values[wear])
    assert cheapest.threshold == cheapest_threshold(train.target, train.values[wear], costs)
    found = measure_split(table, split, estimator, quick)
    assert found["f1"] == f1(Judgement(test.target, test.values[wear], best.threshold))
    assert found["expected_cost"] == expected_cost(Judgement(test.target, test.values[wear], cheapest.threshold, costs))


def test_no_estimator_sees_a_test_row_in_training(table: Table, quick: Params) -> None:
    splits: list[Split] = [*repeated_folds(table, 3, 1, 0), time_holdout(table), group_holdout(table)]
    for split in splits:
        assert not set(split.train.tolist()) & set(split.test.tolist())
        assert len(split.train) + len(split.test) == len(table)


def test_other_datasets_are_evaluated_without_a_change_to_the_code(
    other_table: Table, quick: Params, tmp_path: Path
) -> None:
    evaluation = evaluate_table(other_table, quick, lambda _: None)
    write_evaluation(evaluation, tmp_path / "evaluation.json")
    assert evaluation.holdouts.keys() == {"group"}
    if other_table.dataset.task == "binary":
        assert evaluation.estimators.keys() == {"model", "logistic_regression"}
        return
    assert evaluation.estimators.keys() == {"model", "linear_regression", "mean"}
    assert evaluation.estimators["model"].keys() == {"rmse", "mae", "r2"}
    assert evaluation.protocol.startswith("1 x 3-fold cross-validation")
    assert evaluation.estimators["model"]["rmse"].mean < evaluation.estimators["mean"]["rmse"].mean
