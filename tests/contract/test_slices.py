"""Slices: their names, and the limits of how many are counted."""

from contract.schema import ReferenceBins
from contract.slices import MAX_BINS, MAX_CELLS, MAX_SLICES, are_few, count_cells, name_bands


def test_bands_of_a_number_are_named_by_their_edges() -> None:
    assert name_bands([1.0, 2.5]) == ("under 1", "1 to 2.5", "2.5 and over")
    assert name_bands([0.1 + 0.2, 0.3 + 1e-15])[1] == "0.30000000000000004 to 0.300000000000001"  # never two alike
    assert name_bands([]) == ("any",)


def test_cells_are_the_combinations_of_one_slice_or_none_of_each_column() -> None:
    assert count_cells([]) == 1
    assert count_cells([3, 2]) == 12


def test_too_many_slices_or_combinations_are_refused() -> None:
    assert are_few([MAX_SLICES], {})
    assert not are_few([MAX_SLICES + 1], {})
    assert are_few([3, 3, 15], {})
    assert count_cells([3, 3, 15]) == MAX_CELLS
    assert not are_few([3, 3, 16], {})


def test_too_many_bins_are_refused_without_those_of_the_score() -> None:
    def reference(bins: int) -> ReferenceBins:
        return ReferenceBins(edges=(), categories=(), ratios=(0.0,) * bins, drift="show")

    assert are_few([4], {"a": reference(MAX_BINS // 4), "score": reference(MAX_BINS)})
    assert not are_few([4], {"a": reference(MAX_BINS // 4), "b": reference(1)})
