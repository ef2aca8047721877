"""Counting bins the fast ways gives what the contract's way gives."""

import math

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from app.predictor.scoring.bin_layout import SCORE
from app.predictor.scoring.traffic import TrafficCounts
from contract.bundle import Bundle
from contract.compute.bins import count_bins

VALUES = st.lists(
    st.one_of(st.floats(-1e6, 1e6), st.sampled_from([math.nan, math.inf, -math.inf, 0.0, 8.6])), min_size=1, max_size=40
)


def with_edges(values: list[float], bundle: Bundle, feature: str) -> np.ndarray:
    """The values, and every edge of the feature's bins."""
    return np.array([*values, *bundle.manifest.reference[feature].edges])


def test_many_rows_are_counted_as_the_contract_counts(bundle: Bundle) -> None:
    @given(VALUES, st.lists(st.sampled_from([0.0, 1.0, 2.0, math.nan]), min_size=1))
    def check(values: list[float], codes: list[float]) -> None:
        for feature, bins in bundle.manifest.reference.items():
            array = np.array(codes) if bins.categories else with_edges(values, bundle, feature)
            traffic = TrafficCounts(bundle.manifest)
            others = dict.fromkeys(bundle.manifest.reference, np.zeros(len(array)))
            scores = array if feature == SCORE else np.zeros(len(array))
            traffic.add_counts(traffic.count_table(others | {feature: array}, scores))
            assert traffic.counts[feature] == count_bins(bins, array).tolist()

    check()


def test_single_rows_are_counted_as_the_contract_counts(bundle: Bundle) -> None:
    @given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=20))
    def check(values: list[float]) -> None:
        usual = TrafficCounts(bundle.manifest)
        features = bundle.manifest.reference.items()
        for value in values:
            row = {name: 1.0 if bins.categories else value for name, bins in features}
            usual.count_row(row, value, decision=None)
        for name, bins in features:
            array = np.ones(len(values)) if bins.categories else np.array(values)
            assert usual.counts[name] == count_bins(bins, array).tolist()

    check()
