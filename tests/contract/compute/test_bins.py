"""Drift bins: every value falls in exactly one, and the shares add up."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.typing import NDArray

from contract.bundle import Bundle
from contract.compute.bins import assign_bins, build_bins, count_bins, name_bins
from contract.schema import ReferenceBins
from training.data.table import Table

numbers = hnp.arrays(
    np.float64,
    st.integers(1, 200),
    elements=st.floats(-1e9, 1e9) | st.just(float("nan")) | st.integers(0, 3).map(float),
)
edges = st.lists(st.floats(-1e9, 1e9), max_size=12, unique=True).map(lambda values: tuple(sorted(values)))


def numeric_bins(edges: tuple[float, ...]) -> ReferenceBins:
    return ReferenceBins(edges=edges, categories=(), ratios=(0.0,) * (len(edges) + 2), drift="show")


@given(edges, numbers)
def test_every_number_falls_in_exactly_the_one_bin_whose_edges_hold_it(
    edges: tuple[float, ...], values: NDArray[np.float64]
) -> None:
    found = assign_bins(numeric_bins(edges), values)
    bounds = list(itertools.pairwise([-np.inf, *edges, np.inf]))
    for value, place in zip(values.tolist(), found.tolist(), strict=True):
        holding = [index for index, (low, high) in enumerate(bounds) if low <= value < high]
        assert (holding or [len(bounds)]) == [place]  # NaN is in none of them: the last bin


@given(edges, numbers)
def test_counts_add_up_to_the_rows(edges: tuple[float, ...], values: NDArray[np.float64]) -> None:
    counts = count_bins(numeric_bins(edges), values)
    assert counts.shape == (len(edges) + 2,)
    assert counts.sum() == len(values)
    assert counts[-1] == np.isnan(values).sum()


@given(numbers)
def test_built_ratios_sum_to_one_and_are_what_counting_finds(values: NDArray[np.float64]) -> None:
    bins = build_bins(values, (), "alert")
    assert sum(bins.ratios) == pytest.approx(1.0)
    assert len(bins.ratios) == len(bins.edges) + 2
    assert list(bins.edges) == sorted(set(bins.edges))
    assert bins.ratios == tuple(count / len(values) for count in count_bins(bins, values).tolist())
    assert all(ratio > 0 for ratio in bins.ratios[:-1]) or np.isnan(values).all()


@given(st.lists(st.sampled_from([0.0, 1.0, 2.0, float("nan")]), min_size=1))
def test_category_bins_follow_the_schemas_order_and_end_with_the_missing(codes: list[float]) -> None:
    bins = build_bins(np.array(codes), ("L", "M", "H"), "show")
    expected = [codes.count(0.0), codes.count(1.0), codes.count(2.0), sum(map(math.isnan, codes))]
    assert bins.edges == ()
    assert bins.ratios == tuple(count / len(codes) for count in expected)


def test_bins_have_about_equal_population() -> None:
    bins = build_bins(np.random.default_rng(0).normal(size=10_000), (), "alert")
    assert len(bins.edges) == 9
    assert all(ratio == pytest.approx(0.1, abs=0.001) for ratio in bins.ratios[:-1])
    assert bins.ratios[-1] == 0.0


def test_an_edge_belongs_to_the_bin_above_it() -> None:
    bins = numeric_bins((1.0, 2.0))
    values = np.array([np.nextafter(1.0, 0), 1.0, np.nextafter(2.0, 0), 2.0, np.inf, -np.inf, np.nan])
    assert assign_bins(bins, values).tolist() == [0, 1, 1, 2, 2, 0, 3]


def test_a_column_with_one_value_has_one_bin_and_the_missing() -> None:
    assert build_bins(np.full(50, 7.0), (), "show").ratios == (1.0, 0.0)
    assert build_bins(np.full(50, np.nan), (), "show").ratios == (0.0, 1.0)


def test_labels_name_categories_and_upper_edges() -> None:
    assert name_bins(numeric_bins((0.25, 11_000.0))) == ("0.25", "11000", "+Inf", "missing")
    category = ReferenceBins(edges=(), categories=("L", "M"), ratios=(0.5, 0.5, 0.0), drift="show")
    assert name_bins(category) == ("L", "M", "missing")


@given(edges)
def test_no_two_bins_share_a_label(edges: tuple[float, ...]) -> None:
    names = name_bins(numeric_bins(edges))
    assert len(set(names)) == len(names)
    assert tuple(float(name) for name in names[:-2]) == edges


def test_a_bundles_reference_covers_columns_derived_features_and_score(bundle: Bundle, table: Table) -> None:
    schema = bundle.manifest.schema
    expected = {*(column.name for column in schema.columns), *(feature.name for feature in schema.derived), "score"}
    assert bundle.manifest.reference.keys() == expected
    for name, bins in bundle.manifest.reference.items():
        assert sum(bins.ratios) == pytest.approx(1.0)
        if name != "score":
            counts = count_bins(bins, table.values[name])
            assert bins.ratios == tuple(count / len(table) for count in counts.tolist())
