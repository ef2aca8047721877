"""Formulas in CSV that somebody opens: quoted, counted, and plain numbers left alone."""

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract.intake.formulas import may_hold_formulas, quote_formula, quote_formulas

SIGNS = "=+-@\t\r\n\uff1d\uff0b\uff0d\uff20"
CELLS = st.text(st.sampled_from(" a5\"',;.eE" + SIGNS), max_size=8)


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("=cmd|' /C calc'!A0", "'=cmd|' /C calc'!A0"),
        ("@SUM(1+1)*cmd", "'@SUM(1+1)*cmd"),
        ("+49 170 1", "'+49 170 1"),
        ("-2+3", "'-2+3"),
        ("-", "'-"),
        ("\t=1", "'\t'=1"),
        ("\r=1", "'\r=1"),
        ("\n=1", "'\n=1"),
        ("  =1+1", "'  =1+1"),
        ("\u00a0=1+1", "'\u00a0=1+1"),
        ("\uff1d1+1", "'\uff1d1+1"),
        ("a;=1+1", "a;'=1+1"),
        ("a\t@b", "a\t'@b"),
        ("5;-3", "5;-3"),
        ("-5", "-5"),
        ("+5.5e-3", "+5.5e-3"),
        (" -5 ", " -5 "),
        ("a=b", "a=b"),
        ("L47180", "L47180"),
        ("'=1", "'=1"),
        ("", ""),
    ],
)
def test_what_a_spreadsheet_would_run_gets_an_apostrophe(cell: str, expected: str) -> None:
    assert quote_formula(cell) == expected
    assert quote_formulas(["a", cell]) == (["a", expected], int(cell != expected))


@given(st.lists(CELLS, min_size=1, max_size=4))
def test_nothing_begins_with_a_sign_unless_it_is_a_number_and_twice_is_once(cells: list[str]) -> None:
    quoted, _ = quote_formulas(cells)
    for cell in quoted:
        for part in cell.replace("\t", ";").split(";"):
            text = part.strip()
            assert not text.startswith(tuple("=@\uff1d\uff0b\uff0d\uff20"))
            if text.startswith(("+", "-")):
                float(text)
    assert quote_formulas(quoted) == (quoted, 0)


@given(st.lists(CELLS, min_size=1, max_size=4))
def test_the_quick_look_misses_none(cells: list[str]) -> None:
    text = io.StringIO()
    csv.writer(text, lineterminator="\r\n").writerow([*cells, "0.5", "true", ""])
    if not may_hold_formulas(text.getvalue()):
        assert quote_formulas(cells) == (cells, 0)


def test_usual_rows_need_no_closer_look() -> None:
    assert not may_hold_formulas('UDI,Type,score,decision,error\r\n1,L,0.5,true,\r\n2,"a ""b"" c",1e-05,false,\r\n')
