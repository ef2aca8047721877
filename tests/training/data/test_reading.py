"""Text to typed values without silent change."""

from decimal import Decimal

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.data.reading import read_numbers, read_open, read_text


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1))
def test_a_number_written_as_text_reads_as_itself(numbers: list[float]) -> None:
    values, unreadable = read_numbers(pd.Series([repr(number) for number in numbers], dtype=object))
    assert values.tolist() == numbers
    assert not unreadable.any()


@pytest.mark.parametrize(
    "text", ["NA", "nan", "inf", "-Infinity", "1_000", "0x10", "True", "1,5", "12 K", "--1", "\u0661"]
)
def test_what_only_looks_like_a_number_is_unreadable(text: str) -> None:
    values, unreadable = read_numbers(pd.Series([text, "1"], dtype=object))
    assert unreadable.tolist() == [True, False]
    assert np.isnan(values[0])


def test_empty_and_blank_are_missing_and_not_unreadable() -> None:
    values, unreadable = read_numbers(pd.Series(["", "  ", None, np.nan, " 1.5 "], dtype=object))
    assert np.isnan(values[:4]).all()
    assert values[4] == 1.5
    assert not unreadable.any()


def test_blanks_around_a_name_are_not_part_of_it() -> None:
    assert read_open(pd.Series([" B1", "B1 ", "B1"])).tolist() == ["B1"] * 3
    assert read_open(pd.Series([" 6", "7 ", ""])).tolist()[:2] == [6.0, 7.0]


def test_truth_values_are_no_numbers() -> None:
    assert read_numbers(pd.Series([True, False]))[1].all()


def test_text_is_the_same_from_csv_and_typed_columns() -> None:
    expected = ["0", "1", None]
    assert read_text(pd.Series(["0", "1", ""])).tolist() == expected
    assert read_text(pd.Series([0.0, 1.0, np.nan])).tolist() == expected
    assert read_text(pd.Series([0, 1, None], dtype="Int64")).tolist() == expected
    assert read_text(pd.Series(["0", "1", None], dtype="category")).tolist() == expected
    assert read_text(pd.Series([Decimal("0.50")], dtype=object)).tolist() == ["0.50"]


@pytest.mark.parametrize("values", [["1", "2", "30"], [1, 2, 30], [1.0, 2.0, 30.0], ["1", "2.0", "30"]])
def test_an_untyped_column_of_numbers_is_numbers(values: list[object]) -> None:
    assert read_open(pd.Series(values)).tolist() == [1.0, 2.0, 30.0]


@pytest.mark.parametrize("name", ["007", "12345678901234567890", "M14860", "+1", "1e5"])
def test_an_untyped_column_with_a_name_in_it_is_text(name: str) -> None:
    assert read_open(pd.Series(["1", name])).tolist() == ["1", name]


def test_integers_too_large_for_a_double_stay_distinct() -> None:
    large = pd.Series([2**53, 2**53 + 1])
    assert read_open(large).tolist() == ["9007199254740992", "9007199254740993"]
