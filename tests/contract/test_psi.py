"""The population stability index: its formula, what chance adds to it, and its three verdicts."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract.psi import FEWEST_ROWS, StabilityIndex, Z, measure_psi

SHARES = (0.1,) * 10
REFERENCE_ROWS = 8137


def draw(generator: np.random.Generator, rows: int, shares: tuple[float, ...] = SHARES) -> list[int]:
    return [int(count) for count in generator.multinomial(rows, shares)]


def test_the_index_its_bias_and_its_error_are_the_published_formulas() -> None:
    counts, ratios, m = [30, 60, 10], [0.5, 0.25, 0.25], 400
    n = sum(counts)
    a = [(count + 0.5) / (n + 1.5) for count in counts]
    r = [(ratio * m + 0.5) / (m + 1.5) for ratio in ratios]
    g = [math.log(x / y) + 1 - y / x for x, y in zip(a, r, strict=True)]
    h = [1 - math.log(x / y) - x / y for x, y in zip(a, r, strict=True)]

    def spread(shares: list[float], values: list[float]) -> float:
        mean = sum(s * v for s, v in zip(shares, values, strict=True))
        return sum(s * v * v for s, v in zip(shares, values, strict=True)) - mean**2

    found = measure_psi(counts, ratios, m)
    assert found.rows == n
    assert found.psi == pytest.approx(sum((x - y) * math.log(x / y) for x, y in zip(a, r, strict=True)), rel=1e-14)
    assert found.bias == pytest.approx(2 * (1 / n + 1 / m), rel=1e-14)
    squared = spread(a, g) / n + spread(r, h) / m + 2 * 2 * (1 / n + 1 / m) ** 2
    assert found.standard_error == pytest.approx(math.sqrt(squared), rel=1e-12)
    assert found.low == pytest.approx(found.psi - found.bias - 3 * found.standard_error, rel=1e-14)
    assert found.high == pytest.approx(found.psi - found.bias + 3 * found.standard_error, rel=1e-14)


@given(
    counts=st.lists(st.integers(0, 10**9), min_size=1, max_size=15),
    reference=st.data(),
    m=st.integers(1, 10**9),
)
def test_any_counts_have_a_finite_index_with_an_error(counts: list[int], reference: st.DataObject, m: int) -> None:
    weights = reference.draw(st.lists(st.integers(0, 100), min_size=len(counts), max_size=len(counts)).filter(any))
    found = measure_psi(counts, [weight / sum(weights) for weight in weights], m)
    assert math.isfinite(found.psi)
    assert found.psi >= 0
    assert found.low <= found.corrected <= found.high
    if sum(counts):
        assert math.isfinite(found.standard_error)


@pytest.mark.parametrize("rows", [FEWEST_ROWS, 500, 5000, 50_000])
def test_rows_of_the_reference_itself_are_not_judged_to_drift(rows: int) -> None:
    generator = np.random.default_rng(1)
    found = []
    for _ in range(300):
        ratios = [count / REFERENCE_ROWS for count in draw(generator, REFERENCE_ROWS)]
        found.append(measure_psi(draw(generator, rows), ratios, REFERENCE_ROWS))
    errors = [one.corrected / one.standard_error for one in found]
    assert abs(np.mean([one.corrected for one in found])) < 0.15 * np.mean([one.bias for one in found])
    assert np.mean(np.abs(errors) > Z) < 0.02
    assert {one.judge(0.1) for one in found} <= {"none", "unknown"}


def test_a_moved_feature_is_drift_once_there_are_rows_enough() -> None:
    generator = np.random.default_rng(2)
    moved = (0.3, 0.2, *(0.0625,) * 8)
    assert measure_psi(draw(generator, FEWEST_ROWS - 1, moved), SHARES, REFERENCE_ROWS).judge(0.1) == "unknown"
    assert measure_psi(draw(generator, 2000, moved), SHARES, REFERENCE_ROWS).judge(0.1) == "drift"
    assert measure_psi(draw(generator, 2000), SHARES, REFERENCE_ROWS).judge(0.1) == "none"


def test_an_index_that_could_be_either_is_unknown() -> None:
    between = StabilityIndex(rows=FEWEST_ROWS, psi=0.3, bias=0.1, standard_error=0.05)
    assert between.judge(0.2) == "unknown"
    assert between.judge(between.low - 0.001) == "drift"
    assert between.judge(between.high + 0.001) == "none"
    assert (between.judge(between.low), between.judge(between.high)) == ("unknown", "unknown")
    assert between._replace(rows=FEWEST_ROWS - 1).judge(0.0) == "unknown"


def test_no_rows_say_nothing() -> None:
    found = measure_psi([0, 0], [0.5, 0.5], 100)
    assert (found.low, found.corrected, found.high) == (-math.inf, 0.0, math.inf)
    assert found.judge(0.1) == "unknown"
