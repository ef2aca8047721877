"""Bytes of a CSV to rows of cells, quoted as RFC 4180 has it; the same for training's files and for uploads.

A quote means something only where it begins a cell, so an inch mark in the middle of one is text. Blanks before an
opening and behind a closing quote are not part of the cell. Lines end with CR LF, LF or CR; a blank one is no row.
A row whose quoting is wrong is refused by itself, and reading goes on with the next line: a quote that is never
closed must not swallow the rows behind it. A quoted cell that is closed as it should be is one cell whatever its
further lines look like; where its first line without the quote is a whole row, too, and so are others, the lines may
be rows between two stray quotes: then each of them is refused, and none is read in either way.
"""

import csv
import io
import re
from collections.abc import Mapping

import msgspec

from contract.errors import RowError
from contract.intake.csv_cells import Cells, QuotingError, RowSplitter, UnfinishedError, split_line
from contract.intake.csv_text import (
    count_line_ends,
    decode,
    end_line,
    find_end,
    has_blank_before_quote,
    is_empty,
    is_utf8,
    may_have_empty,
    replace_bytes,
)
from contract.schema import Column

MALFORMED, WRONG_SHAPE = "malformed_csv", "wrong_shape"
ZERO = "\0"
EMPTY_ROW = RowError(MALFORMED, "the row is empty, commas without a value, as a spreadsheet ends; delete it")

_BLANK_LINES = re.compile(r"(?:\s*[\r\n])?")


class Rows(msgspec.Struct, gc=False):
    """Rows in their order, each with the number of the line it begins on; a refused one holds what could be read."""

    cells: list[Cells]
    lines: list[int]
    problems: dict[int, RowError]  # by the row's place in `cells`


class CsvRows:
    """Splits whole lines, a chunk at a time; the first row is the header and is read first."""

    def __init__(self) -> None:
        self._splitter = RowSplitter()
        self._rest = ""
        self._line = 1
        self._opened = 0  # the line of a refused row whose quoted cell is still open, 0 if none is

    @property
    def width(self) -> int | None:
        """How many cells the header has."""
        return self._splitter.width

    def expect_columns(self, columns: Mapping[int, Column]) -> None:
        """What the cells at these places mean, by which lines that are rows are known from lines of a quoted cell."""
        self._splitter.columns = columns

    def read_header(self, content: bytes, is_last: bool) -> tuple[Cells, bytes] | None:
        """The first row, and what follows it; None if it is not complete yet.

        Raises: RowError if it cannot be read.
        """
        text = self._rest + decode(content)
        self._rest = ""
        position = self._skip_blank_lines(text, 0)
        if not text[position:].strip():  # the last line may have no end
            return None
        try:
            cells, end = self._splitter.split_row(text, position, is_last)
        except UnfinishedError:
            self._rest = text[position:]
            return None
        except QuotingError as error:
            raise RowError(MALFORMED, str(error)) from None
        if not is_utf8(text[position:end]):
            raise RowError(MALFORMED, "a byte of it is none")
        if ZERO in text[position:end]:
            raise RowError(MALFORMED, "it holds a zero byte")
        self._splitter.width = len(cells)
        self._line += count_line_ends(text, position, end)
        return cells, text[end:].encode(errors="surrogateescape")

    def read(self, content: bytes, is_last: bool) -> Rows:
        """The rows that end within `content`, which ends at a line's end."""
        text, self._rest = self._rest + decode(content), ""
        rows = None if ZERO in text or self._opened else self._split_plain(text) or self._split_quoted(text)
        if rows is None:
            return self._split_slowly(text, is_last)
        if may_have_empty(text):
            rows.problems.update({place: EMPTY_ROW for place, row in enumerate(rows.cells) if is_empty(row)})
        return rows

    def _split_plain(self, text: str) -> Rows | None:
        """The rows if nothing is quoted or amiss, else None: the usual case."""
        if '"' in text or not is_utf8(text):
            return None
        if "\r" in text:
            text = text.replace("\r\n", "\n")
            if "\r" in text:
                return None
        rows = [line.split(",") for line in text.removesuffix("\n").split("\n")]
        return self._number(rows) if set(map(len, rows)) == {self.width} and self.width != 1 else None

    def _split_quoted(self, text: str) -> Rows | None:
        """The same of rows that are quoted as most programs do it, one a line."""
        if '"' not in text or not is_utf8(text) or has_blank_before_quote(text):
            return None
        lines = list(io.StringIO(text, newline=""))  # str.splitlines would also split at other characters
        try:
            rows = list(csv.reader(lines, strict=True))
        except csv.Error:
            return None
        is_even = len(rows) == len(lines) and set(map(len, rows)) == {self.width} and self.width != 1
        return self._number(rows) if is_even else None

    def _number(self, rows: list[Cells]) -> Rows:
        first, self._line = self._line, self._line + len(rows)
        return Rows(rows, list(range(first, self._line)), {})

    def _split_slowly(self, text: str, is_last: bool) -> Rows:
        rows = Rows([], [], {})
        position = 0
        while (position := self._skip_blank_lines(text, position)) < len(text):
            try:
                if self._opened:
                    raise QuotingError(
                        f"the line is in the quoted cell that line {self._opened} opens, and refused with it",
                        is_open=True,
                    )
                cells, end = self._splitter.split_row(text, position, is_last)
            except UnfinishedError:
                self._rest = text[position:]
                break
            except QuotingError as error:
                end = self._refuse(rows, text, position, error)
            else:
                self._add(rows, text[position:end], cells, None)
                self._line += count_line_ends(text, position, end)
            position = end
        return rows

    def _refuse(self, rows: Rows, text: str, position: int, error: QuotingError) -> int:
        """Refuses each line that the error concerns; where the next row begins."""
        first, end = self._line, position
        last = first + count_line_ends(text, position, (error.end or position) - 1)
        message = f"lines {first} to {last} {error}" if error.end else str(error)
        while end == position or end < (error.end or position):
            begin, end = end, end_line(text, end)
            self._add(rows, text[begin:end], split_line(text[begin:end]), RowError(MALFORMED, message))
            self._line += count_line_ends(text, begin, end)
        if error.is_open and text.count('"', position, end) % 2:  # of a file that is quoted as RFC 4180 has it
            self._opened = 0 if self._opened else first
        return end

    def _add(self, rows: Rows, row: str, cells: Cells, problem: RowError | None) -> None:
        if not row.strip():
            return
        problem = problem or self._check(row, cells)
        if problem is not None:
            rows.problems[len(rows.cells)] = problem
            cells = list(map(replace_bytes, cells))
        rows.cells.append(cells)
        rows.lines.append(self._line)

    def _skip_blank_lines(self, text: str, position: int) -> int:
        """The place of the next line that is not blank, in one go however many there are."""
        end = find_end(_BLANK_LINES, text, position)
        if end > position:
            self._line += count_line_ends(text, position, end)
        return end

    def _check(self, row: str, cells: Cells) -> RowError | None:
        if not is_utf8(row):
            place = next((place for place, cell in enumerate(cells, 1) if not is_utf8(cell)), 0)
            message = (
                f"value {place} of the row is not UTF-8 text (it may be Windows-1252); save the file as CSV in UTF-8"
            )
            return RowError(MALFORMED, message)
        if ZERO in row:
            place = next((place for place, cell in enumerate(cells, 1) if ZERO in cell), 0)
            return RowError(MALFORMED, f"value {place} of the row holds a zero byte, which no text has; write it again")
        if len(cells) != self.width:
            message = f"the row has {len(cells)} values, expected {self.width} as the header has"
            return RowError(WRONG_SHAPE, message)
        return EMPTY_ROW if len(cells) > 1 and is_empty(cells) else None
