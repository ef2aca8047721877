"""Digests of rows: the same values give the same, whatever their width, key or order of columns; others give others."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract.schema import RowRecord
from training.data.table import Table
from training.lineage.row_digests import (
    digest_rows,
    digest_table,
    read_record,
    strip_outcomes,
    take_outcomes,
    write_record,
)

FRAME = pd.DataFrame({"key": [1, 2, 3], "a": [1.5, 2.0, np.nan], "b": ["x", None, "y"], "outcome": [0, 1, 0]})


def test_a_key_and_the_order_of_columns_change_nothing() -> None:
    renamed = FRAME.assign(key=[7, 8, 9])
    assert np.array_equal(digest_rows(FRAME, ["a", "b"], "outcome"), digest_rows(renamed, ["b", "a"], "outcome"))


def test_width_of_a_number_and_a_minus_zero_change_nothing() -> None:
    whole = pd.DataFrame({"a": [0, 2], "outcome": [0, 1]})
    wide = pd.DataFrame({"a": [-0.0, 2.0], "outcome": [0.0, 1.0]})
    assert np.array_equal(digest_rows(whole, ["a"], "outcome"), digest_rows(wide, ["a"], "outcome"))


def test_another_outcome_changes_the_outcomes_part_alone() -> None:
    before = digest_rows(FRAME, ["a", "b"], "outcome")
    after = digest_rows(FRAME.assign(outcome=1 - FRAME["outcome"]), ["a", "b"], "outcome")
    assert np.array_equal(strip_outcomes(before), strip_outcomes(after))
    assert (take_outcomes(before) != take_outcomes(after)).all()


@given(st.lists(st.tuples(st.floats(allow_nan=True, width=32), st.text(max_size=3)), min_size=1, max_size=30))
def test_rows_have_the_same_digest_exactly_where_they_have_the_same_values(rows: list[tuple[float, str]]) -> None:
    frame = pd.DataFrame(rows, columns=["a", "b"]).assign(outcome=0)
    digests = digest_rows(frame, ["a", "b"], "outcome").tolist()
    values = [("nan" if np.isnan(number) else number + 0.0, text) for number, text in rows]
    assert [digests.index(digest) for digest in digests] == [values.index(value) for value in values]


def test_both_sides_survive_the_manifest(table: Table) -> None:
    left, right = table.take(np.arange(100)), table.take(np.arange(100, 130))
    fitted, held_out = read_record(write_record(left, right))
    assert np.array_equal(fitted, digest_table(left))
    assert np.array_equal(held_out, digest_table(right))


@pytest.mark.parametrize("text", ["not base64!", "AAAA", "é"])
def test_a_damaged_record_is_no_record(text: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        read_record(RowRecord(fitted=text, held_out=""))
