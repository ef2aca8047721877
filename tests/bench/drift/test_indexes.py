"""Many windows at once have the index that the contract gives each."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.drift.indexes import measure_indexes, measure_plain
from contract.psi import measure_psi
from tests.examples import examples

COUNTS = st.integers(2, 12).flatmap(
    lambda bins: st.tuples(
        st.lists(st.lists(st.integers(0, 100_000), min_size=bins, max_size=bins), min_size=1, max_size=5),
        st.lists(st.integers(1, 10_000), min_size=bins, max_size=bins),
    )
)


@settings(max_examples=examples(100))
@given(drawn=COUNTS, reference_rows=st.integers(1, 100_000))
def test_index_bias_error_and_end_are_those_of_the_contract(
    drawn: tuple[list[list[int]], list[int]], reference_rows: int
) -> None:
    windows, weights = drawn
    ratios = [weight / sum(weights) for weight in weights]
    found = measure_indexes(np.array(windows), np.array(ratios), reference_rows)
    plain = measure_plain(np.array(windows), np.array(ratios), reference_rows)
    for number, counts in enumerate(windows):
        expected = measure_psi(counts, ratios, reference_rows)
        for name in ("rows", "psi", "bias", "standard_error"):
            wanted = pytest.approx(getattr(expected, name), rel=1e-12, abs=1e-12)
            assert getattr(found, name)[number] == wanted, name
        assert plain[number] == pytest.approx(expected.psi, rel=1e-12, abs=1e-12)
        low = expected.low
        assert found.low[number] == (low if math.isinf(low) else pytest.approx(low, rel=1e-12, abs=1e-12))


def test_the_verdict_is_drift_where_the_contract_says_so() -> None:
    counts = np.array([[20, 29], [20, 30], [0, 50], [500, 500], [300, 700]])
    ratios = np.array([0.5, 0.5])
    found = measure_indexes(counts, ratios, 8137).is_above(0.02)
    verdicts = [measure_psi(list(map(float, row)), [0.5, 0.5], 8137).judge(0.02) for row in counts]
    assert found.tolist() == [verdict == "drift" for verdict in verdicts]
    assert True in found
