"""What a table's values may be, looked at in one go and value by value."""

import math

import numpy as np
from hypothesis import example, given
from hypothesis import strategies as st

from app.predictor.inputs.validation import TableBounds, check_numbers
from contract.bundle import Bundle
from contract.errors import RowError
from contract.schema import Column

NUMBERS = st.one_of(
    st.sampled_from([0.0, 1.0, 2.0, 3.0, -1.0, 0.5, 1500.0, 1e39, math.nan, math.inf, -math.inf]), st.floats(0, 320)
)


def is_allowed(column: Column, values: np.ndarray) -> bool:
    try:
        check_numbers(column, values)
    except RowError:
        return False
    return True


def test_a_table_holds_where_every_column_is_allowed(bundle: Bundle) -> None:
    columns = bundle.manifest.schema.columns
    width = len(columns)
    usual = [0.0 if column.type == "category" else float(str(column.example)) for column in columns]
    found = set()

    @given(st.lists(st.tuples(st.integers(0, width - 1), NUMBERS), max_size=3), st.integers(1, 3))
    @example([], 2)
    def check(changes: list[tuple[int, float]], rows: int) -> None:
        table = np.tile(np.array(usual)[:, None], rows)
        for index, value in changes:
            table[index, -1] = value
        allowed = all(is_allowed(column, values) for column, values in zip(columns, table, strict=True))
        assert TableBounds(columns).hold(table) == allowed  # no column of this schema may be missing
        found.add(allowed)

    check()
    assert not any(column.nullable for column in columns)
    assert found == {True, False}
