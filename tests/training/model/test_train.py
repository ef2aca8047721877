"""From a table to a model: repeatable, calibrated and cut on rows it never saw."""

import msgspec
import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.special import expit

from cli.errors import InputError
from contract.dataset import Dataset
from contract.schema import Calibration
from training.data.splits import group_holdout
from training.data.table import Table
from training.model.metrics import Judgement, expected_cost, pr_auc
from training.model.train import (
    TrainedModel,
    choose_threshold,
    cross_fit_margins,
    fit_booster,
    fit_calibration,
    inner_folds,
    train_model,
)
from training.params import Params


@pytest.fixture(scope="module")
def model(table: Table, small_params: Params) -> TrainedModel:
    return train_model(table, small_params)


def relabel(table: Table, labels: NDArray[np.int64]) -> Table:
    frame = table.frame.copy()
    frame[table.dataset.target.source] = labels
    return Table(table.dataset, frame, table.origin, table.sha256)


def test_the_same_rows_give_the_same_bytes(table: Table, small_params: Params, model: TrainedModel) -> None:
    again = train_model(table, small_params)
    assert again.booster.save_raw("ubj") == model.booster.save_raw("ubj")
    assert (again.calibration, again.threshold, again.folds) == (model.calibration, model.threshold, model.folds)
    assert again.out_of_fold.tolist() == model.out_of_fold.tolist()


def test_another_seed_gives_another_model(table: Table, small_params: Params, model: TrainedModel) -> None:
    other = train_model(table, msgspec.structs.replace(small_params, seed=small_params.seed + 1))
    assert other.booster.save_raw("ubj") != model.booster.save_raw("ubj")


def test_the_model_learns_what_rows_it_never_saw_confirm(table: Table, small_params: Params) -> None:
    split = group_holdout(table)
    judgement = train_model(table.take(split.train), small_params).judge(table.take(split.test))
    assert pr_auc(judgement) > 5 * judgement.target.mean()
    assert judgement.threshold is not None
    assert judgement.costs == table.dataset.costs


def test_no_row_is_scored_by_a_model_that_was_fitted_on_it(table: Table, small_params: Params) -> None:
    deep = msgspec.structs.replace(
        small_params, model={**small_params.model, "max_depth": 12, "eta": 0.5, "tree_method": "hist"}
    )
    shuffled = relabel(table, np.random.default_rng(0).permutation(table.target).astype(np.int64))
    margins = cross_fit_margins(shuffled.matrix, shuffled.target, shuffled.dataset, deep)
    booster = fit_booster(shuffled.matrix, shuffled.target, shuffled.dataset, deep)
    seen = booster.inplace_predict(shuffled.matrix, predict_type="margin")
    # labels without a pattern: who has seen them knows them by heart, who has not knows nothing
    assert pr_auc(Judgement(shuffled.target, seen)) > 0.95
    assert pr_auc(Judgement(shuffled.target, margins)) < 3 * shuffled.target.mean()


def test_inner_folds_hold_every_row_once_and_keep_the_prevalence(table: Table, small_params: Params) -> None:
    folds = list(inner_folds(table.target, table.dataset, small_params))
    assert len(folds) == small_params.evaluation.inner_folds
    assert sorted(np.concatenate([test for _, test in folds]).tolist()) == list(range(len(table)))
    for train, test in folds:
        assert not set(train.tolist()) & set(test.tolist())
        assert table.target[test].mean() == pytest.approx(table.target.mean(), rel=0.1)


def test_platt_scaling_finds_the_line_that_made_the_labels(ai4i: Dataset) -> None:
    random = np.random.default_rng(1)
    margins = random.normal(-1.0, 2.0, 40_000)
    target = (random.random(40_000) < expit(0.7 * margins - 0.5)).astype(np.float64)
    found = fit_calibration(margins, target, ai4i)
    assert (found.slope, found.intercept) == pytest.approx((0.7, -0.5), abs=0.05)


def test_out_of_fold_scores_are_as_frequent_as_they_say(table: Table, model: TrainedModel) -> None:
    assert model.out_of_fold.mean() == pytest.approx(table.target.mean(), rel=1e-3)
    assert ((model.out_of_fold >= 0) & (model.out_of_fold <= 1)).all()


def test_the_threshold_is_the_cheapest_on_rows_not_fitted(table: Table, model: TrainedModel) -> None:
    def cost(threshold: float | None) -> float:
        return expected_cost(Judgement(table.target, model.out_of_fold, threshold, table.dataset.costs))

    assert cost(model.threshold) == pytest.approx(min(cost(threshold) for threshold in model.out_of_fold.tolist()))
    assert model.threshold == float(f"{model.threshold:.9g}")


def test_there_is_a_measurement_of_each_inner_fold(table: Table, small_params: Params, model: TrainedModel) -> None:
    assert len(model.folds) == small_params.evaluation.inner_folds
    assert all(0 < fold["pr_auc"] <= 1 and np.isfinite(list(fold.values())).all() for fold in model.folds)


def test_other_datasets_are_trained_without_a_change_to_the_code(other_table: Table, small_params: Params) -> None:
    split = group_holdout(other_table)
    fitted, unseen = other_table.take(split.train), other_table.take(split.test)
    model = train_model(fitted, small_params)
    judgement = model.judge(unseen)
    if other_table.dataset.task == "binary":
        assert pr_auc(judgement) > 2 * unseen.target.mean()
        return
    assert model.calibration == Calibration(slope=1.0, intercept=0.0)
    assert model.threshold == other_table.dataset.decide_above
    assert np.mean((judgement.scores - judgement.target) ** 2) < 0.7 * unseen.target.var()


def test_a_regression_without_a_threshold_decides_nothing(other_table: Table) -> None:
    dataset = msgspec.structs.replace(other_table.dataset, task="regression", decide_above=None)
    assert choose_threshold(other_table.target, other_table.target, dataset) is None


@pytest.mark.parametrize("positives", [0, 1, 3])
def test_too_few_positives_for_the_inner_folds_are_said(table: Table, small_params: Params, positives: int) -> None:
    kept = np.concatenate([np.flatnonzero(table.target == 0)[:200], np.flatnonzero(table.target == 1)[:positives]])
    with pytest.raises(InputError, match=rf"hold {positives} of the rarer outcome.*each of 4 inner folds; give more"):
        train_model(table.take(np.sort(kept)), small_params)


def test_as_many_positives_as_inner_folds_are_enough(table: Table, small_params: Params) -> None:
    kept = np.concatenate([np.flatnonzero(table.target == 0)[:200], np.flatnonzero(table.target == 1)[:4]])
    model = train_model(table.take(np.sort(kept)), small_params)
    assert model.threshold is not None
    assert np.isfinite([model.calibration.slope, model.calibration.intercept, model.threshold]).all()
    assert np.isfinite(model.out_of_fold).all()
