"""One row of a CSV to its cells, and where it ends: which quotes mean something, and which may be stray."""

import re
from collections.abc import Mapping

from contract.intake.cells import may_be_values
from contract.intake.csv_text import LINE_BREAK, end_line, find_end
from contract.schema import Column

MAX_QUOTED_CHARACTERS = 128 * 1024  # of a row that a quoted cell spreads over several lines

_BLANKS = r"[^\S\r\n]*"
_OPENING = re.compile(rf'{_BLANKS}"')
_QUOTED = re.compile(rf'([^"]*+(?:""[^"]*+)*)"(?!"){_BLANKS}')
_PLAIN = re.compile(r"[^,\r\n]*")
_LINE_END = re.compile(r"\r\n|\n|\r|\Z")
_TEXT_BEHIND = "text follows the closing quote of a cell; within a quoted cell a quote is doubled"
_OPEN = "a quote opens a cell that nothing closes"
_JOINED = "are one row with a quoted cell, or rows with stray quotes"
_TOO_MANY = "with the cell that a quote opens the row has more values than the header"
_TO_DO = "delete or double the stray quotes, or write the cell without line ends"

Cells = list[str]


class QuotingError(Exception):
    """The row at hand is none.

    `end` is where the next one begins, None for the next line; `is_open` says that a quote is open at the line's end.
    """

    def __init__(self, message: str, end: int | None = None, *, is_open: bool = False) -> None:
        super().__init__(message)
        self.end = end
        self.is_open = is_open


class UnfinishedError(Exception):
    """The row at hand goes on in lines still to come."""


class RowSplitter:
    """`width` is how many cells the header has, None before it is known; `columns` are those that mean something."""

    def __init__(self) -> None:
        self.width: int | None = None
        self.columns: Mapping[int, Column] = {}

    def split_row(self, text: str, position: int, is_last: bool) -> tuple[Cells, int]:
        """The cells of the row that begins at `position`, and where the next one does."""
        line_end = end_line(text, position)
        if text.find('"', position, line_end) < 0:
            return split_line(text[position:line_end]), line_end
        cells, end = self._split_cells(text, position, is_last)
        if end > line_end and self.width is not None:
            self._check_spread(cells, text, position, end)
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
                    raise QuotingError(_OPEN, is_open=not self._begins_as_row(text[begin : end_line(text, begin)]))
                if closing is None:
                    raise QuotingError(_OPEN) if is_last else UnfinishedError
                cells.append(closing[1].replace('""', '"'))
            else:
                end = find_end(_PLAIN, text, position)
                cells.append(text[position:end])
            if is_spread and self.width is not None and len(cells) > self.width:
                # a quote in every line would join any number of them
                raise QuotingError(f"{_TOO_MANY}; {_TO_DO}", is_open=True)
            if not text.startswith(",", end):
                break
            position = end + 1
        if not _LINE_END.match(text, end):
            raise QuotingError(_TEXT_BEHIND)
        return cells, find_end(_LINE_END, text, end)

    def _check_spread(self, cells: Cells, text: str, position: int, end: int) -> None:
        """Raises: QuotingError if the quoted line breaks of a row may also be a stray quote's doing.

        A stray quote stands in a line that is a row without it. Of any other, RFC 4180's reading is the only one.
        """
        row = text[position:end]
        lines = LINE_BREAK.split(row)
        if not self._begins_as_row(lines[0]):
            return
        alike = [self._is_like_row(line.split(",")) for line in lines if line]
        if (
            len(cells) != self.width
            or any(LINE_BREAK.search(cells[place].strip()) for place in self.columns)
            or sum(alike) > 1
            or any(alike[1:-1])
        ):
            raise QuotingError(f"{_JOINED}; {_TO_DO}", end)

    def _begins_as_row(self, line: str) -> bool:
        """Whether a line is a row of its own without its quotes."""
        return self._is_like_row(line.rstrip("\r\n").replace('"', "").split(","))

    def _is_like_row(self, cells: Cells) -> bool:
        """Whether a line is a row of its own if no quote means anything; its text may hold commas."""
        width = self.width or 0
        ways = (cells[:width], cells[-width:]) if len(cells) >= width > 1 else ()
        return any(may_be_values(self.columns, way) for way in ways)


def split_line(line: str) -> Cells:
    return line.rstrip("\r\n").split(",")
