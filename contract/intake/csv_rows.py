"""Bytes of a CSV to rows of cells, quoted as RFC 4180 has it; the same for training's files and for uploads.

A quote means something only where it begins a cell, so an inch mark in the middle of one is text. Blanks before an
opening and behind a closing quote are not part of the cell. Lines end with CR LF, LF or CR; a blank one is no row.
A row whose quoting is wrong is refused by itself, and reading goes on with the next line: a quote that is never
closed, or closed only by the next stray one, must not swallow the rows between. A quoted cell that is closed as it
should be is one cell whatever its further lines look like, unless its first line is a whole row without the quote.
"""

import csv
import io
import re
from collections.abc import Mapping, Sequence

import msgspec

from contract.errors import RowError
from contract.intake.cells import may_be_values
from contract.intake.csv_text import (
    LINE_BREAK,
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

MAX_QUOTED_CHARACTERS = 128 * 1024  # of a row that a quoted cell spreads over several lines
MALFORMED, WRONG_SHAPE = "malformed_csv", "wrong_shape"
ZERO = "\0"
EMPTY_ROW = RowError(MALFORMED, "the row is empty, commas without a value, as a spreadsheet ends; delete it")

_BLANKS = r"[^\S\r\n]*"
_OPENING = re.compile(rf'{_BLANKS}"')
_QUOTED = re.compile(rf'([^"]*+(?:""[^"]*+)*)"(?!"){_BLANKS}')
_PLAIN = re.compile(r"[^,\r\n]*")
_LINE_END = re.compile(r"\r\n|\n|\r|\Z")
_BLANK_LINES = re.compile(r"(?:\s*[\r\n])?")
_TEXT_BEHIND = "text follows the closing quote of a cell; within a quoted cell a quote is doubled"
_OPEN = "a quote opens a cell that nothing closes"
_JOINED = "a quote opens a cell that goes on over other rows"

Cells = list[str]


class Rows(msgspec.Struct, gc=False):
    """Rows in their order, each with the number of the line it begins on; a refused one holds what could be read."""

    cells: list[Cells]
    lines: Sequence[int]
    problems: dict[int, RowError]  # by the row's place in `cells`


class _QuotingError(Exception):
    """The row at hand is none."""


class _UnfinishedError(Exception):
    """The row at hand goes on in lines still to come."""


class CsvRows:
    """Splits whole lines, a chunk at a time; the first row is the header and is read first."""

    def __init__(self) -> None:
        self.width: int | None = None
        self._columns: Mapping[int, Column] = {}
        self._rest = ""
        self._line = 1

    def expect_columns(self, columns: Mapping[int, Column]) -> None:
        """What the cells at these places mean, by which lines that are rows are known from lines of a quoted cell."""
        self._columns = columns

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
            cells, end = self._split_row(text, position, is_last)
        except _UnfinishedError:
            self._rest = text[position:]
            return None
        except _QuotingError as error:
            raise RowError(MALFORMED, str(error)) from None
        if not is_utf8(text[position:end]):
            raise RowError(MALFORMED, "a byte of it is none")
        if ZERO in text[position:end]:
            raise RowError(MALFORMED, "it holds a zero byte")
        self.width = len(cells)
        self._line += count_line_ends(text, position, end)
        return cells, text[end:].encode(errors="surrogateescape")

    def read(self, content: bytes, is_last: bool) -> Rows:
        """The rows that end within `content`, which ends at a line's end."""
        text, self._rest = self._rest + decode(content), ""
        rows = None if ZERO in text else self._split_plain(text) or self._split_quoted(text)
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
        return Rows(rows, range(first, self._line), {})

    def _split_slowly(self, text: str, is_last: bool) -> Rows:
        rows, lines, problems = list[Cells](), list[int](), dict[int, RowError]()
        position = 0
        while (position := self._skip_blank_lines(text, position)) < len(text):
            end = end_line(text, position)
            problem = None
            try:
                cells, end = self._split_row(text, position, is_last)
            except _UnfinishedError:
                self._rest = text[position:]
                break
            except _QuotingError as error:
                cells, problem = _split_line(text[position:end]), RowError(MALFORMED, str(error))
            row = text[position:end]
            if row.strip():
                problem = problem or self._check(row, cells)
                if problem is not None:
                    problems[len(rows)] = problem
                    cells = list(map(replace_bytes, cells))
                rows.append(cells)
                lines.append(self._line)
            self._line += count_line_ends(text, position, end)
            position = end
        return Rows(rows, lines, problems)

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

    def _split_row(self, text: str, position: int, is_last: bool) -> tuple[Cells, int]:
        """The cells of the row that begins at `position`, and where the next one does."""
        line_end = end_line(text, position)
        if text.find('"', position, line_end) < 0:
            return _split_line(text[position:line_end]), line_end
        cells, end = self._split_cells(text, position, is_last)
        if end > line_end and self.width is not None:
            self._check_spread(cells, text[position:end])
        return cells, end

    def _split_cells(self, text: str, position: int, is_last: bool) -> tuple[Cells, int]:
        cells: Cells = []
        begin, is_spread = position, False
        while True:
            if opening := _OPENING.match(text, position):
                closing = _QUOTED.match(text, opening.end())
                end = closing.end() if closing else len(text)
                is_spread = is_spread or LINE_BREAK.search(text, position, end) is not None
                if is_spread and end - begin > MAX_QUOTED_CHARACTERS:
                    raise _QuotingError(_OPEN)
                if closing is None:
                    raise _QuotingError(_OPEN) if is_last else _UnfinishedError
                cells.append(closing[1].replace('""', '"'))
            else:
                end = find_end(_PLAIN, text, position)
                cells.append(text[position:end])
            if is_spread and self.width is not None and len(cells) > self.width:
                raise _QuotingError(_JOINED)  # a quote in every line would join any number of them
            if not text.startswith(",", end):
                break
            position = end + 1
        if not _LINE_END.match(text, end):
            raise _QuotingError(_TEXT_BEHIND)
        return cells, find_end(_LINE_END, text, end)

    def _check_spread(self, cells: Cells, row: str) -> None:
        """Raises: _QuotingError if the quoted line breaks of a row are more likely a stray quote's doing.

        A stray quote stands in a line that is a row without it. Of any other, RFC 4180's reading is the only one.
        """
        first = LINE_BREAK.split(row, maxsplit=1)[0].replace('"', "")
        if not self._is_like_row(first.split(",")):
            return
        if len(cells) != self.width or any(LINE_BREAK.search(cells[place].strip()) for place in self._columns):
            raise _QuotingError(_JOINED)
        alike = [self._is_like_row(line.split(",")) for line in LINE_BREAK.split(row) if line]
        if sum(alike) > 1 or any(alike[1:-1]):
            raise _QuotingError(_JOINED)

    def _is_like_row(self, cells: Cells) -> bool:
        """Whether a line is a row of its own if no quote means anything; its text may hold commas."""
        width = self.width or 0
        ways = (cells[:width], cells[-width:]) if len(cells) >= width > 1 else ()
        return any(may_be_values(self._columns, way) for way in ways)


def _split_line(line: str) -> Cells:
    return line.rstrip("\r\n").split(",")
