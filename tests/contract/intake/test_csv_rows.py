"""A CSV is read the same wherever it is cut, and what is wrong with one row costs no other."""

import csv
import io
from typing import Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contract.errors import RowError
from contract.intake.csv_cells import MAX_QUOTED_CHARACTERS, Cells
from contract.intake.csv_rows import CsvRows, Rows
from contract.schema import Column
from tests.examples import examples

NUMBER = Column(name="torque", source="Torque", type="number", description="")
CATEGORY = Column(name="type", source="Type", type="category", description="", categories=("L", "M"))


def read(content: str | bytes, *places: int) -> tuple[list[Cells], dict[int, str], list[int]]:
    """Rows, problems by row and line numbers of a CSV with the header note,type,torque, cut at `places`."""
    whole = b"note,type,torque\n" + (content.encode() if isinstance(content, str) else content)
    ends = sorted({whole.find(b"\n", place % len(whole)) + 1 for place in places} - {0} | {len(whole)})
    reader = CsvRows()
    found: list[Rows] = []
    rest = b""
    for start, end in zip([0, *ends], ends, strict=False):
        rest += whole[start:end]
        if reader.width is None:
            header = reader.read_header(rest, end == len(whole))
            assert header is not None
            assert header[0] == ["note", "type", "torque"]
            reader.expect_columns({1: CATEGORY, 2: NUMBER})
            rest = header[1]
        found.append(reader.read(rest, end == len(whole)))
        rest = b""
    cells = [row for part in found for row in part.cells]
    problems: dict[int, str] = {}
    done = 0
    for part in found:
        problems |= {done + place: str(problem) for place, problem in part.problems.items()}
        done += len(part.cells)
    return cells, problems, [line for part in found for line in part.lines]


notes = st.text(st.sampled_from('a,"\n\r ü\u2028\x1c'), max_size=8)


@settings(max_examples=examples(300))
@given(
    st.lists(st.tuples(notes, st.sampled_from(["L", "M", ""]), st.sampled_from(["5", " 7 ", "x"])), max_size=9),
    st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL, csv.QUOTE_NONNUMERIC]),
    st.sampled_from(["\r\n", "\n"]),
    st.lists(st.integers(0, 400), max_size=5),
)
def test_what_a_csv_writer_wrote_is_read_back_wherever_it_is_cut(
    rows: list[tuple[str, str, str]], quoting: Literal[0, 1, 2], end: str, places: list[int]
) -> None:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n", quoting=quoting)  # so that it quotes a lone \r too
    writer.writerows(rows)
    found, problems, _ = read(text.getvalue(), *places)
    assert found == [list(row) for row in rows]
    assert not problems


@settings(max_examples=examples(400))
@given(
    st.text(st.sampled_from('aL5,"\n\r "'), max_size=60),
    st.binary(max_size=4),
    st.lists(st.integers(0, 100), max_size=4),
)
def test_where_it_is_cut_changes_nothing_even_of_what_is_no_csv(text: str, junk: bytes, places: list[int]) -> None:
    content = text.encode() + junk + b"\nb,L,5\n"
    assert read(content, *places) == read(content)
    assert read(content)[2] == sorted(set(read(content)[2]))


@settings(max_examples=examples(300))
@given(st.text(st.sampled_from('aL5,"\n\r '), max_size=60))
def test_the_ways_for_usual_rows_give_what_the_slow_one_gives(text: str) -> None:
    # a blank line at the end sends the same rows the slow way
    assert read(text + "\nb,L,5\n")[:2] == read(text + "\nb,L,5\n\n")[:2]


@pytest.mark.parametrize(
    ("line", "cells"),
    [
        ('5" bolt,L,5', ['5" bolt', "L", "5"]),
        ('bolt 5",L,5', ['bolt 5"', "L", "5"]),
        ('"5"" bolt",L,5', ['5" bolt', "L", "5"]),
        (' "a, b" , "L" ,5', ["a, b", "L", "5"]),
        ('"a" ,L,"5"', ["a", "L", "5"]),
        ('"",L,5', ["", "L", "5"]),
        ("a, L, 5 ", ["a", " L", " 5 "]),
    ],
)
def test_a_quote_means_something_only_where_it_begins_a_cell(line: str, cells: Cells) -> None:
    assert read(f"x,M,1\n{line}\ny,M,2\n") == ([["x", "M", "1"], cells, ["y", "M", "2"]], {}, [2, 3, 4])


@pytest.mark.parametrize(
    ("line", "cause"),
    [
        ('"5" bolt,L,5', "text follows the closing quote"),
        ('" bolt,L,5', "a quote opens a cell"),
        ('a,"L,5', "a quote opens a cell"),
        ('a,L,"5', "a quote opens a cell"),
        ("a,L", "the row has 2 values, expected 3 as the header has"),
        ("a,L,5,6", "the row has 4 values"),
        ('"a",L,5,6', "the row has 4 values"),
    ],
)
def test_a_row_that_is_none_costs_no_other(line: str, cause: str) -> None:
    cells, problems, lines = read(f"x,M,1\n{line}\ny,M,2\nz,L,3\n")
    assert lines == [2, 3, 4, 5]
    assert [cells[place] for place in (0, 2, 3)] == [["x", "M", "1"], ["y", "M", "2"], ["z", "L", "3"]]
    assert problems.keys() == {1}
    assert cause in problems[1]


@pytest.mark.parametrize("between", [0, 1, 2, 50])
@pytest.mark.parametrize(("first", "second"), [('"x', 'y"'), ('"', '"'), ('"x, y', 'z"'), ("\"5''", '5"')])
def test_lines_that_are_one_row_or_rows_between_stray_quotes_are_each_refused_by_name(
    between: int, first: str, second: str
) -> None:
    """RFC 4180 has them as one row; none is scored, and none is lost."""
    lines = [f"{first},L,1", *[f"row {number},M,{number}" for number in range(between)], f"{second},L,2", "last,M,3"]
    cells, problems, numbers = read("\n".join(lines))
    assert len(cells) == len(lines)
    assert numbers == list(range(2, len(lines) + 2))
    assert problems.keys() == set(range(between + 2))
    assert all(f"lines 2 to {between + 3} are one row" in problem for problem in problems.values())
    assert cells[-1] == ["last", "M", "3"]


@pytest.mark.parametrize("between", [0, 1, 2, 50])
@pytest.mark.parametrize(("first", "second"), [('" bolt', '" nut'), ('5" bolt', '6" nut'), ('"x', '"y"')])
def test_two_inch_marks_do_not_swallow_the_rows_between(between: int, first: str, second: str) -> None:
    """Nothing that is quoted as RFC 4180 has it reads so."""
    lines = [f"{first},L,1", *[f"row {number},M,{number}" for number in range(between)], f"{second},L,2", "last,M,3"]
    cells, problems, _ = read("\n".join(lines))
    assert cells[1 : between + 1] == [[f"row {number}", "M", str(number)] for number in range(between)]
    assert len(cells) == len(lines)
    assert not problems.keys() - {0, between + 1}


def rows_of(text: str) -> list[Cells]:
    return list(csv.reader(io.StringIO(text, newline=""), strict=True))


lines_of_cells = st.lists(
    st.sampled_from(["x", "", "x,L,5", "y,M,6", "L", "5", ",L,", "x,L,5,7", '""', "a, b"]), max_size=4
)
spread = st.builds("\n".join, lines_of_cells)


@settings(max_examples=examples(600))
@given(
    st.lists(st.lists(st.one_of(spread, st.sampled_from(["L", "5", "M"])), min_size=2, max_size=5), max_size=6),
    st.lists(st.integers(0, 400), max_size=5),
)
def test_nothing_is_a_row_that_is_none_in_a_file_as_the_standard_has_it(rows: list[Cells], places: list[int]) -> None:
    """However many values its records have; and what is not read is refused."""
    text = io.StringIO()
    csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="\n").writerows([*rows, ["last", "M", "3"]])
    cells, problems, _ = read(text.getvalue(), *places)
    read_rows = [row for place, row in enumerate(cells) if place not in problems]
    expected = [row for row in rows_of(text.getvalue()) if len(row) == 3]
    assert read_rows[-1] == ["last", "M", "3"]
    remaining = iter(expected)
    assert all(row in remaining for row in read_rows)  # in this order
    assert len(read_rows) == len(expected) or problems


@pytest.mark.parametrize(
    "line", ['a,L,"\nx,L,5\n"', '"x",L,"\nx,L,5\n",7', '"x",L,5,"\nx,L,5\ny,M,6"', '"x,L,1\nx,L,5\ny",L']
)
def test_a_record_that_is_wrong_gives_none_of_its_lines(line: str) -> None:
    cells, problems, _ = read(f"first,M,1\n{line}\nlast,M,2\n")
    assert [row for place, row in enumerate(cells) if place not in problems] == [
        ["first", "M", "1"],
        ["last", "M", "2"],
    ]
    assert len(cells) == 2 + len(problems)


@pytest.mark.parametrize("first", ["", "text"])
def test_no_line_of_a_quoted_cell_that_is_too_long_is_a_row(first: str) -> None:
    inner = "x,L,5\n" * (MAX_QUOTED_CHARACTERS // 5)
    cells, problems, _ = read(f'"{first}\n{inner}",L,1\nlast,M,2\n', 70_000, 140_000)
    assert [row for place, row in enumerate(cells) if place not in problems] == [["last", "M", "2"]]


@pytest.mark.parametrize("cell", ["one\ntwo", "a, b\nc\n\nd, e, f, g", "x,y\n1,2\n", 'say ""hello""\r\nto me', "\n"])
def test_a_text_of_several_lines_is_one_cell(cell: str) -> None:
    cells, problems, lines = read(f'"{cell}",L,1\nnext,M,2\n')
    assert cells == [[cell.replace('""', '"'), "L", "1"], ["next", "M", "2"]]
    assert not problems
    assert lines[1] == 3 + cell.count("\n")


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("first", ["1", "", "one, two", "L"])
@pytest.mark.parametrize("last", ["", "two", '""'])
def test_a_line_of_a_quoted_cell_that_looks_like_a_row_is_none(first: str, last: str, end: str) -> None:
    cell = end.join([first, "x,L,5", "y,M,6", last])
    cells, problems, _ = read(f'"{cell}",M,1{end}next,M,2{end}')
    assert cells == [[cell.replace('""', '"'), "M", "1"], ["next", "M", "2"]]
    assert not problems


@pytest.mark.parametrize("line", ['"1\nx,L,5\n",L', 'a,"1\nx,L,5\n",5'])
def test_no_line_of_a_quoted_cell_is_a_row_where_its_own_row_is_wrong(line: str) -> None:
    cells, _, _ = read(f"{line}\nlast,M,2\n")
    assert ["x", "L", "5"] not in cells
    assert cells[-1] == ["last", "M", "2"]


def test_a_bad_byte_costs_its_row_and_splits_no_other() -> None:
    cells, problems, lines = read(b'"one\ntwo",L,1\nb\xe4d,M,2\n"three\nfour",L,3\n"f\xffive\nsix",M,4\nlast,L,5\n')
    assert [row[0] for row in cells] == ["one\ntwo", "b\ufffdd", "three\nfour", "f\ufffdive\nsix", "last"]
    told = "value 1 of the row is not UTF-8 text (it may be Windows-1252); save the file as CSV in UTF-8"
    assert problems == dict.fromkeys([1, 3], told)
    assert lines == [2, 4, 5, 7, 9]


def test_a_quote_in_every_line_is_refused_in_time_that_grows_with_the_lines() -> None:
    lines = 20_000
    cells, problems, _ = read('a","b\n' * lines)
    assert len(cells) == len(problems) == lines


def test_a_quoted_cell_of_many_lines_has_a_limit() -> None:
    cells, problems, _ = read('"' + "text\n" * 30_000 + '",L,1\nlast,M,2\n')
    assert 0 in problems
    assert cells[-1] == ["last", "M", "2"]


@pytest.mark.parametrize("header", ['"a,b\n', b"a,\xe4\n", '"a"b,c\n'])
def test_a_header_that_is_none_is_refused(header: str | bytes) -> None:
    content = header.encode() if isinstance(header, str) else header
    with pytest.raises(RowError):
        CsvRows().read_header(content, is_last=True)


def test_blank_lines_before_the_header_are_skipped_and_a_text_without_rows_has_none() -> None:
    reader = CsvRows()
    assert reader.read_header(b"\r\n  \n", is_last=False) is None
    assert reader.read_header(b'"a\nb", c\n1,2\n', is_last=False) == (["a\nb", " c"], b"1,2\n")
    assert list(reader.read(b"1,2\n", is_last=True).lines) == [5]


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize(
    "row", [",,", " ,,", "\t, ,", "\x1c,,", '"",,', '"","",""', '" "," "," "', '"\t",,', "\u00a0,,", '"\u2003",,']
)
def test_an_empty_row_is_called_so_wherever_it_stands(row: str, end: str) -> None:
    _, problems, _ = read(end.join(["a,L,5", row, '"b",L,6', row, ""]))
    assert set(problems) == {1, 3}
    assert all("empty" in problem for problem in problems.values())
    assert set(read(end.join([row, "a,L,5", ""]))[1]) == {0}
