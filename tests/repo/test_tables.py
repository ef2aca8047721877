"""Every table of the documents has as many cells in each row as columns: a `|` inside a cell is escaped."""

import re
from pathlib import Path

import pytest

from tests.repo.sources import ROOT, list_files

DELIMITER = re.compile(r"\s*\|?\s*:?-{3,}:?\s*(\|\s*:?-{3,}:?\s*)*\|?\s*")
DOCUMENTS = [path for path in list_files() if path.suffix == ".md" and path.parent.name != "templates"]


def count_cells(line: str) -> int:
    """As GitHub counts: any `|` that no backslash escapes divides, also in code."""
    return len(re.split(r"(?<!\\)\|", line.strip().removeprefix("|").removesuffix("|")))


def find_broken_rows(text: str) -> list[str]:
    """The rows, with their line numbers, of more or fewer cells than their table's heading."""
    broken, columns, fence = [], 0, False
    lines = text.splitlines()
    for number, line in enumerate(lines, 1):
        if line.lstrip().startswith("```"):
            fence = not fence
        if not fence and number > 1 and "|" in line and DELIMITER.fullmatch(line):
            columns = count_cells(line)
            if count_cells(lines[number - 2]) != columns:
                broken.append(f"{number - 1}: {lines[number - 2]}")
        elif columns and not line.strip():
            columns = 0
        elif columns and count_cells(line) != columns:
            broken.append(f"{number}: {line}")
    return broken


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_every_row_of_a_table_has_a_cell_for_each_column(path: Path) -> None:
    assert find_broken_rows(path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize("row", ["| a | Sum of |x - y| |", "| a |", "| `a|b` | c |"])
def test_a_row_that_would_lose_a_cell_is_found(row: str) -> None:
    assert find_broken_rows(f"| name | what |\n|---|---|\n{row}\n") == [f"3: {row}"]


def test_an_escaped_bar_a_fence_and_the_text_after_a_table_are_no_rows() -> None:
    text = "| name | what |\n|---|---|\n| a | x \\| y |\n\n a | b | c\n```\n| - |\n| --- |\n| x | y |\n```\n"
    assert find_broken_rows(text) == []
