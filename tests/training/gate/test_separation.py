"""What one feature separates alone, however the outcome hides in it."""

import numpy as np
import pytest

from training.gate.separation import measure_alone, measure_future

RANDOM = np.random.default_rng(0)
TARGET = (RANDOM.random(4000) < 0.05).astype(float)
NOISE = RANDOM.normal(0, 1, 4000)
SIDE = RANDOM.choice([-1.0, 1.0], 4000)
CODE = RANDOM.integers(0, 40, 4000).astype(float)

HIDDEN = {
    "rising": TARGET + 0.05 * NOISE,
    "falling": -TARGET + 0.05 * NOISE,
    "on both sides": NOISE + 12 * SIDE * TARGET,
    "in a code in the middle": np.where(TARGET == 1, 17.0, np.where(CODE == 17, 18.0, CODE)),
    "where it is missing": np.where(TARGET == 1, np.nan, NOISE),
    "where it is not missing": np.where(TARGET == 1, NOISE, np.nan),
}


@pytest.mark.parametrize("where", HIDDEN)
def test_an_outcome_is_found_wherever_it_hides(where: str) -> None:
    assert measure_alone(HIDDEN[where], TARGET, "binary", 1) > 0.8


@pytest.mark.parametrize("values", [NOISE, CODE, np.full(4000, 3.0), np.full(4000, np.nan)])
def test_noise_a_constant_and_nothing_separate_nothing(values: np.ndarray) -> None:
    assert measure_alone(values, TARGET, "binary", 1) < 0.15


def test_a_number_is_found_by_its_bins_and_noise_is_not() -> None:
    number = RANDOM.normal(0, 1, 4000)
    assert measure_alone(number**3, number, "regression", 1) > 0.9
    assert measure_alone(NOISE, number, "regression", 1) < 0.05


def test_a_window_over_outcomes_tells_the_next_rows_and_the_rows_own_value_does_not() -> None:
    window = np.convolve(TARGET, np.ones(11) / 11, mode="same")
    assert measure_future(window, TARGET) > 0.8
    assert measure_future(TARGET + 0.05 * NOISE, TARGET) < 0.6


def test_few_outcomes_are_no_evidence() -> None:
    few = np.zeros(4000)
    few[:5] = 1.0
    assert measure_alone(few, few, "binary", 1) == 0.0
    assert measure_future(few, few) == 0.0
