import numpy as np
import pytest

from training.packaging.reliability import GROUPS, ROWS_PER_POSITIVE, measure_reliability


def test_a_calibrated_score_lies_within_its_intervals() -> None:
    random = np.random.default_rng(1)
    scores = random.random(20_000)
    target = (random.random(20_000) < scores).astype(float)
    points = measure_reliability(target, scores, "binary")
    assert len(points) == GROUPS
    assert sum(point.low <= point.predicted <= point.high for point in points) >= GROUPS - 2
    assert [point.predicted for point in points] == sorted(point.predicted for point in points)


def test_a_score_that_is_too_sure_lies_outside() -> None:
    random = np.random.default_rng(2)
    chance = random.random(20_000)
    target = (random.random(20_000) < chance).astype(float)
    points = measure_reliability(target, np.where(chance > 0.5, 0.99, 0.01), "binary")
    assert not any(point.low <= point.predicted <= point.high for point in points)


def test_of_a_rare_event_the_riskiest_rows_are_looked_at_closely() -> None:
    scores = np.linspace(0, 1, 10_000)
    target = np.zeros(10_000)
    target[-100:] = 1
    first, *rest = measure_reliability(target, scores, "binary")
    assert first.rows == 10_000 - ROWS_PER_POSITIVE * 100
    assert {point.rows for point in rest} == {ROWS_PER_POSITIVE * 100 // GROUPS}
    assert first.rows + sum(point.rows for point in rest) == 10_000


def test_a_number_is_held_against_its_mean() -> None:
    random = np.random.default_rng(3)
    scores = random.normal(50, 10, 5_000)
    points = measure_reliability(scores + random.normal(0, 5, 5_000), scores, "regression")
    assert len(points) == GROUPS
    for point in points:
        assert point.low < point.observed < point.high
        assert point.observed == pytest.approx(point.predicted, abs=1.5)


def test_few_rows_give_few_points() -> None:
    points = measure_reliability(np.array([0.0, 1.0, 0.0]), np.array([0.1, 0.8, 0.2]), "binary")
    assert [point.rows for point in points] == [1, 1, 1]
    one = measure_reliability(np.array([4.0]), np.array([5.0]), "regression")
    assert [(point.low, point.observed, point.high) for point in one] == [(4.0, 4.0, 4.0)]
