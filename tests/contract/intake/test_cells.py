"""What a cell of text means."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract.intake.cells import parse_cell, parse_number, trim_text
from contract.schema import Column

NUMBER = Column(name="torque", source="Torque", type="number", description="")
CATEGORY = Column(name="type", source="Type", type="category", description="", categories=("L", "M"))


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_number_that_is_written_out_is_read_as_itself(number: float) -> None:
    assert parse_number(repr(number)) == number


@pytest.mark.parametrize(
    "text",
    ["nan", "inf", "-Infinity", "1_000", "0x10", "1,5", "1 5", "--1", "+", ".", "e5", "1e", "1.5.2", "True",
     "\u0661", "\uff11", "1\u20090", "5\x00", "\u22125", "1d5", "1f"],
)  # fmt: skip # a table
def test_what_only_looks_like_a_number_is_none(text: str) -> None:
    assert parse_number(text) is None
    assert parse_cell(NUMBER, text) == text


@pytest.mark.parametrize(("text", "number"), [("5.", 5.0), (".5", 0.5), ("+1E3", 1000.0), ("-0", 0.0), ("007", 7.0)])
def test_other_ways_to_write_a_number(text: str, number: float) -> None:
    assert parse_number(text) == number


@pytest.mark.parametrize("text", ["1e999", "-1e400", "9" * 5000])
def test_a_number_that_is_too_large_is_infinite_and_not_text(text: str) -> None:
    number = parse_number(text)
    assert number is not None
    assert math.isinf(number)


@pytest.mark.parametrize("blank", [" ", "\t", "\u00a0", "\u3000", "\x1c", "\r\n"])
def test_blanks_around_a_cell_are_not_part_of_it(blank: str) -> None:
    assert trim_text(f"{blank}L{blank}") == "L"
    assert trim_text(blank) is None
    assert parse_cell(NUMBER, f"{blank}5{blank}") == 5.0
    assert parse_cell(CATEGORY, f"L{blank}M") == f"L{blank}M"


def test_a_category_of_digits_stays_text() -> None:
    assert parse_cell(CATEGORY, " 1 ") == "1"
