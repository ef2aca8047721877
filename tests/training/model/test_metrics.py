"""What scores are worth: each metric by its definition, thresholds by brute force, intervals that hold the truth."""

import itertools
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from numpy.typing import NDArray
from sklearn import metrics as sk

from cli.errors import InputError
from contract.dataset import Costs
from training.model.intervals import fold_interval, measure_intervals, outcome_strata, resample_strata
from training.model.metrics import (
    Judgement,
    calibration_error,
    expected_cost,
    f1,
    measure,
    pr_auc,
    roc_auc,
    task_metrics,
)
from training.model.thresholds import best_f1_threshold, cheapest_threshold

Vector = NDArray[np.float64]
TARGET = np.array([1, 0, 1, 0, 0, 1, 0, 0], dtype=np.float64)
SCORES = np.array([0.9, 0.8, 0.7, 0.4, 0.3, 0.2, 0.1, 0.0])
NEIGHBOURS = [(0, 0.5), (1, float(np.nextafter(0.5, 1))), (1, 0.7)]

scored = st.lists(
    st.tuples(st.integers(0, 1), st.floats(0, 1) | st.sampled_from([0.0, 0.25, 0.5, 1.0])), min_size=1, max_size=25
)
costs = st.builds(Costs, missed=st.floats(0.01, 1000), false_alarm=st.floats(0.01, 1000))


def split(rows: list[tuple[int, float]]) -> tuple[Vector, Vector]:
    target, scores = zip(*rows, strict=True)
    return np.array(target, dtype=np.float64), np.array(scores, dtype=np.float64)


def test_binary_metrics_are_what_a_hand_finds() -> None:
    found = measure(Judgement(TARGET, SCORES, 0.5, Costs(missed=500, false_alarm=50)), "binary")
    # alarms at 0.9 (right), 0.8 (wrong), 0.7 (right); the failure at 0.2 is missed
    assert found["precision"] == pytest.approx(2 / 3)
    assert found["recall"] == pytest.approx(2 / 3)
    assert found["f1"] == pytest.approx(2 / 3)
    assert found["expected_cost"] == pytest.approx((500 + 50) / 8)
    assert found["pr_auc"] == pytest.approx((1 / 1 + 2 / 3 + 3 / 6) / 3)
    assert found["roc_auc"] == pytest.approx(11 / 15)  # of 15 pairs, 4 are the wrong way round
    assert found["brier"] == pytest.approx(np.mean((SCORES - TARGET) ** 2))
    assert found["calibration_error"] == pytest.approx(np.mean(np.abs(SCORES - TARGET)))  # a row each bin


@given(scored.filter(lambda rows: len({outcome for outcome, _ in rows}) == 2))
def test_areas_under_curves_are_scikit_learns(rows: list[tuple[int, float]]) -> None:
    target, scores = split(rows)
    judgement = Judgement(target, scores)
    assert pr_auc(judgement) == pytest.approx(sk.average_precision_score(target, scores))
    assert roc_auc(judgement) == pytest.approx(sk.roc_auc_score(target, scores))


def test_calibration_error_is_the_distance_between_score_and_frequency() -> None:
    scores = np.repeat([0.1, 0.5], 10)
    target = np.array([1.0] + [0.0] * 9 + [1.0, 0.0] * 5)
    assert calibration_error(Judgement(target, scores), bins=2) == pytest.approx(0.0, abs=1e-12)
    assert calibration_error(Judgement(target, scores + 0.2), bins=2) == pytest.approx(0.2)


def test_regression_metrics_are_what_a_hand_finds() -> None:
    found = measure(Judgement(np.array([1.0, 2.0, 3.0]), np.array([1.0, 2.0, 6.0])), "regression")
    assert found == pytest.approx({"rmse": 3**0.5, "mae": 1.0, "r2": 1 - 9 / 2})


def test_a_model_that_never_alarms_has_no_precision_recall_or_f1() -> None:
    found = measure(Judgement(TARGET, SCORES, 2.0, Costs(missed=1, false_alarm=1)), "binary")
    assert (found["precision"], found["recall"], found["f1"]) == (0.0, 0.0, 0.0)
    assert found["expected_cost"] == pytest.approx(3 / 8)


def test_without_costs_there_is_no_expected_cost() -> None:
    assert np.isnan(expected_cost(Judgement(TARGET, SCORES, 0.5)))


def test_a_score_at_the_threshold_is_an_alarm() -> None:
    assert Judgement(TARGET, SCORES, 0.8).decisions.tolist() == [True, True] + [False] * 6
    assert not Judgement(TARGET, SCORES, None).decisions.any()


@given(scored, costs)
@example([(0, 0.9), (1, 0.5)], Costs(missed=1.0, false_alarm=100.0))
@example(NEIGHBOURS, Costs(missed=100.0, false_alarm=100.0))
def test_no_threshold_costs_less_than_the_cheapest(rows: list[tuple[int, float]], costs: Costs) -> None:
    target, scores = split(rows)

    def cost(threshold: float) -> float:
        return expected_cost(Judgement(target, scores, threshold, costs))

    least = min(cost(threshold) for threshold in (*scores.tolist(), np.inf))
    assert cost(cheapest_threshold(target, scores, costs)) == pytest.approx(least)


@given(scored)
@example(NEIGHBOURS)
def test_no_threshold_has_a_higher_f1_than_the_best(rows: list[tuple[int, float]]) -> None:
    target, scores = split(rows)
    most = max(f1(Judgement(target, scores, threshold)) for threshold in scores.tolist())
    assert f1(Judgement(target, scores, best_f1_threshold(target, scores))) == pytest.approx(most)


def test_the_threshold_lies_midway_between_two_scores() -> None:
    assert best_f1_threshold(TARGET, SCORES) == pytest.approx((0.7 + 0.4) / 2)
    assert cheapest_threshold(TARGET, SCORES, Costs(missed=500, false_alarm=50)) == pytest.approx((0.2 + 0.1) / 2)
    assert cheapest_threshold(TARGET, SCORES, Costs(missed=50, false_alarm=500)) == pytest.approx((0.9 + 0.8) / 2)


def test_where_no_alarm_pays_the_threshold_lies_above_every_score() -> None:
    assert 0.9 < cheapest_threshold(1 - SCORES.round(), SCORES, Costs(missed=1, false_alarm=1000)) < 0.9001


def test_dearer_misses_never_raise_the_threshold() -> None:
    random = np.random.default_rng(0)
    scores = random.random(500)
    target = (random.random(500) < scores).astype(np.float64)
    found = [cheapest_threshold(target, scores, Costs(missed=missed, false_alarm=1.0)) for missed in (1, 3, 10, 100)]
    assert all(earlier >= later for earlier, later in itertools.pairwise(found))
    assert found[0] == pytest.approx(
        0.5, abs=0.15
    )  # calibrated scores: the cut is false_alarm / (missed + false_alarm)


def test_fold_interval_is_nadeau_and_bengios() -> None:
    found = fold_interval([0.8, 0.9, 1.0], test_share=0.5)
    # mean 0.9, variance 0.01, corrected error sqrt((1/3 + 1/2) * 0.01) = 0.0912871, t(2) = 4.302653
    assert found.mean == pytest.approx(0.9)
    assert found.low == pytest.approx(0.9 - 4.302653 * 0.0912871, abs=1e-6)
    assert found.high == pytest.approx(0.9 + 4.302653 * 0.0912871, abs=1e-6)


def test_fold_interval_ends_at_the_metrics_bounds() -> None:
    found = fold_interval([0.8, 0.9, 1.0], test_share=0.5, bounds=(0.6, 1.0))
    assert (found.low, found.high) == (0.6, 1.0)


def test_fold_interval_is_wider_than_one_that_takes_folds_for_independent() -> None:
    values = [0.8, 0.85, 0.9, 0.95, 1.0]
    naive, honest = fold_interval(values, test_share=0.0), fold_interval(values, test_share=0.25)
    assert (honest.high - honest.low) / (naive.high - naive.low) == pytest.approx(((1 / 5 + 1 / 4) / (1 / 5)) ** 0.5)


def noisy_numbers(seed: int, rows: int) -> Judgement:
    random = np.random.default_rng(seed)
    truth = random.normal(0, 3, rows)
    return Judgement(truth, truth + random.normal(0, 1, rows))


@pytest.mark.slow
def test_intervals_hold_the_truth_about_as_often_as_they_say() -> None:
    found = [measure_intervals(noisy_numbers(seed, 150), "regression", 80, seed) for seed in range(40)]
    for name, truth in (("rmse", 1.0), ("mae", (2 / np.pi) ** 0.5)):
        held = sum(interval[name].low <= truth <= interval[name].high for interval in found)
        assert 33 <= held <= 40  # 38 expected; below 33 in fewer than 3 of 1,000


@pytest.mark.slow
def test_more_rows_give_narrower_intervals() -> None:
    few, many = (measure_intervals(noisy_numbers(1, rows), "regression", 100, 1)["rmse"] for rows in (100, 1600))
    assert (few.high - few.low) / (many.high - many.low) == pytest.approx(4, rel=0.5)
    assert few.low < few.mean < few.high


def test_binary_intervals_enclose_their_metrics_and_are_repeatable() -> None:
    random = np.random.default_rng(3)
    scores = random.random(200)
    target = (random.random(200) < scores).astype(np.float64)
    judgement = Judgement(target, scores, 0.5, Costs(missed=5, false_alarm=1))
    found = measure_intervals(judgement, "binary", 60, 7)
    assert found == measure_intervals(judgement, "binary", 60, 7)
    assert found != measure_intervals(judgement, "binary", 60, 8)
    assert {name: interval.mean for name, interval in found.items()} == measure(judgement, "binary")
    assert all(interval.low < interval.high for interval in found.values())
    unbiased = [found[name] for name in ("precision", "recall", "f1", "brier", "roc_auc", "expected_cost")]
    assert all(interval.low < interval.mean < interval.high for interval in unbiased)


def test_every_resample_keeps_the_prevalence() -> None:
    target = np.array([1.0] * 5 + [0.0] * 95)
    shares = resample_strata(outcome_strata(target, "binary"), lambda rows: target[rows].mean(keepdims=True), 50, 1)
    assert shares.shape == (1, 50)
    assert set(shares.ravel().tolist()) == {0.05}


@pytest.mark.parametrize("positives", [0, 1])
def test_too_few_of_an_outcome_is_said_and_not_resampled(positives: int) -> None:
    target = np.array([1.0] * positives + [0.0] * 20)
    with pytest.raises(InputError, match=f"holdout has {positives} rows of the rarer outcome in {len(target)}"):
        measure_intervals(Judgement(target, np.linspace(0, 1, len(target))), "binary", 10, 1)


def test_every_metric_has_a_name_of_its_own() -> None:
    metrics: list[Any] = [*task_metrics("binary"), *task_metrics("regression")]
    assert len({metric.name for metric in metrics}) == len({metric.label for metric in metrics}) == len(metrics)


@pytest.mark.slow
@pytest.mark.parametrize("rows", [40, 60, 120, 500])
@pytest.mark.parametrize("prevalence", [0.1, 0.4])
def test_the_calibration_error_lies_in_its_own_interval(rows: int, prevalence: float) -> None:
    rng = np.random.default_rng(rows)
    for seed in range(5):
        scores = rng.beta(1, 1 / prevalence - 1, rows)
        target = (rng.random(rows) < scores).astype(np.float64)
        target[:4] = (0.0, 1.0, 0.0, 1.0)  # both outcomes, whatever was drawn
        found = measure_intervals(Judgement(target, scores), "binary", 200, seed, "calibration_error")
        interval = found["calibration_error"]
        assert 0.0 <= interval.low <= interval.mean <= interval.high <= 1.0
        assert interval.low < interval.high
