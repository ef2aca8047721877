"""The curves over boosting rounds: the last point is the model's own, and nothing is scored twice."""

import numpy as np
import pytest
from sklearn import metrics as sk

from training.data.splits import group_holdout
from training.data.table import Table
from training.model.metrics import Judgement
from training.model.rounds import POINTS, grow_margins, log_loss, measure_rounds
from training.model.train import TrainedModel, train_model
from training.params import Params


@pytest.fixture(scope="module")
def model(table: Table, small_params: Params) -> TrainedModel:
    return train_model(table.take(np.arange(1500)), small_params)


def test_a_curve_ends_with_the_margins_of_the_whole_model(model: TrainedModel, table: Table) -> None:
    grown = grow_margins(model.booster, table)
    steps = [step for step, _ in grown]
    assert steps == sorted(set(steps))
    assert (steps[0], steps[-1]) == (1, model.booster.num_boosted_rounds())
    assert len(steps) <= POINTS
    whole = model.booster.inplace_predict(table.matrix, predict_type="margin")
    assert np.abs(grown[-1][1] - whole).max() < 1e-4  # the same float32 numbers, added in parts


def test_a_curve_passes_through_what_a_shorter_model_would_score(model: TrainedModel, table: Table) -> None:
    step, margins = grow_margins(model.booster, table)[10]
    shorter = model.booster.inplace_predict(table.matrix, predict_type="margin", iteration_range=(0, step))
    assert np.abs(margins - shorter).max() < 1e-4


def test_log_loss_is_scikit_learns(model: TrainedModel, table: Table) -> None:
    _, margins = grow_margins(model.booster, table)[-1]
    expected = sk.log_loss(table.target, 1 / (1 + np.exp(-margins)))
    assert log_loss(Judgement(table.target, margins)) == pytest.approx(expected, rel=1e-6)


def test_both_sides_of_the_split_have_their_curves(model: TrainedModel, table: Table) -> None:
    split = group_holdout(table)
    curves = measure_rounds(model, table.take(split.train), table.take(split.test))
    assert curves.keys() == {
        f"rounds_{rows}_{name}" for rows in ("train", "holdout") for name in ("log_loss", "pr_auc")
    }
    assert curves["rounds_train_log_loss"][-1][1] < curves["rounds_train_log_loss"][0][1]


def test_a_regression_has_its_error_over_the_rounds(charges_table: Table, small_params: Params) -> None:
    model = train_model(charges_table, small_params)
    curves = measure_rounds(model, charges_table, charges_table.take(np.arange(100)))
    assert curves.keys() == {"rounds_train_rmse", "rounds_holdout_rmse"}
    assert curves["rounds_train_rmse"][-1][1] < curves["rounds_train_rmse"][0][1]
