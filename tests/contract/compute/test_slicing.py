"""The cell of a row: one by one and as a table the same, and its slices are those that the row's values are in."""

import math

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from contract.compute.slicing import Slicing
from contract.schema import SliceColumn, SliceReference
from contract.slices import name_bands

KIND = SliceColumn(name="kind", edges=(), slices=tuple(SliceReference(value=v, rows=0, ratios={}) for v in "LMH"))
WEAR = SliceColumn(
    name="wear",
    edges=(10.0, 20.0),
    slices=tuple(SliceReference(value=v, rows=0, ratios={}) for v in name_bands([10.0, 20.0])),
)
ROWS = st.lists(
    st.tuples(
        st.sampled_from([0.0, 1.0, 2.0, math.nan]), st.one_of(st.floats(0, 30), st.sampled_from([10.0, 20.0, math.nan]))
    ),
    min_size=1,
)


def expect_slices(kind: float, wear: float) -> list[tuple[int, int]]:
    found = [] if math.isnan(kind) else [(0, int(kind))]
    return found if math.isnan(wear) else [*found, (1, sum(edge <= wear for edge in WEAR.edges))]


@given(ROWS)
def test_a_rows_cell_has_the_slices_of_its_values(rows: list[tuple[float, float]]) -> None:
    slicing = Slicing([KIND, WEAR])
    table = {"kind": np.array([kind for kind, _ in rows]), "wear": np.array([wear for _, wear in rows])}
    cells = slicing.find_cells(table, len(rows)).tolist()
    for (kind, wear), cell in zip(rows, cells, strict=True):
        assert 0 <= cell < slicing.cells == 16
        assert slicing.list_slices(cell) == expect_slices(kind, wear)
        if not math.isnan(kind + wear):
            assert slicing.find_cell({"kind": kind, "wear": wear}) == cell


def test_without_slices_all_rows_are_in_one_cell() -> None:
    slicing = Slicing([])
    assert slicing.cells == 1
    assert slicing.find_cell({}) == 0
    assert slicing.find_cells({}, 2).tolist() == [0, 0]
    assert slicing.list_slices(0) == []
