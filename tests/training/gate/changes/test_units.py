"""A conversion is found with its factor and its first row, and an honest column is left alone."""

import numpy as np
import pytest

from contract.compute.bins import build_bins
from training.gate.changes.columns import find_coarser
from training.gate.changes.units import find_conversion, list_conversions
from training.gate.drift import ColumnReference
from training.gate.policy import ChangeRules

RULES = ChangeRules()
RANDOM = np.random.default_rng(0)
BEFORE = np.round(RANDOM.normal(40, 10, 8000), 1)
NOW = np.round(RANDOM.normal(40, 10, 10_000), 1)
REFERENCE = ColumnReference(build_bins(BEFORE, (), "alert"), len(BEFORE))


@pytest.mark.slow
@pytest.mark.parametrize("conversion", list_conversions("Nm"), ids=lambda one: one.text)
@pytest.mark.parametrize("start", [0, 5000, 9000])
def test_each_conversion_of_a_torque_is_named_with_where_it_begins(conversion, start: int) -> None:  # type: ignore[no-untyped-def]
    values = NOW.copy()
    values[start:] = values[start:] * conversion.factor + conversion.offset
    found = find_conversion(values, REFERENCE, list_conversions("Nm"), RULES)
    assert found is not None
    assert found[0] == conversion
    assert abs(found[1] - start) <= len(values) // 20


def test_kelvin_in_celsius_and_in_fahrenheit_are_told_apart() -> None:
    before, now = RANDOM.normal(300, 2, 8000), RANDOM.normal(300, 2, 8000)
    reference = ColumnReference(build_bins(before, (), "alert"), len(before))
    for conversion in list_conversions("K"):
        if conversion.offset:
            values = now * conversion.factor + conversion.offset
            found = find_conversion(values, reference, list_conversions("K"), RULES)
            assert found is not None
            assert found[0] == conversion


@pytest.mark.parametrize("shift", [0.0, 0.5, 3.0, 8.0])
def test_honest_drift_is_no_conversion(shift: float) -> None:
    assert find_conversion(NOW + shift, REFERENCE, list_conversions("Nm"), RULES) is None


def test_a_random_walk_is_no_conversion() -> None:
    walk = 300 + np.cumsum(RANDOM.normal(0, 0.05, 10_000))
    reference = ColumnReference(build_bins(walk[:6000], (), "show"), 6000)
    assert find_conversion(walk, reference, list_conversions("K"), RULES) is None


def test_the_back_and_forth_of_every_pair_are_inverse() -> None:
    for pair in list_conversions(None):
        assert np.allclose(pair.undo(NOW * pair.factor + pair.offset), NOW)


@pytest.mark.parametrize(("rounded", "times"), [(0.1, 1), (0.2, 2), (0.5, 5), (1.0, 10), (5.0, 50)])
def test_a_coarser_sensor_is_found_by_its_step(rounded: float, times: int) -> None:
    assert find_coarser(np.round(NOW / rounded) * rounded, 0.1) == times


def test_a_switch_is_no_coarse_sensor() -> None:
    assert find_coarser(np.array([0.0, 10.0] * 50), 0.1) == 1
