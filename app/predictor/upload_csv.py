"""A CSV upload as stretches of rows: any column order, raw or contract names, quoting as RFC 4180 has it."""

import csv
import io
from collections.abc import Iterator
from typing import Any

from app.contract.errors import RowError
from app.contract.intake.separators import describe_separator, find_separator
from app.contract.intake.signatures import CSV_WAY, describe, recognize
from app.contract.schema import Column, ModelSchema
from app.predictor.errors import BadRequestError, InvalidInputError
from app.predictor.records import ABSENT, Problems, Stretch

MAX_CELL_BYTES = 128 * 1024  # csv.field_size_limit() of Python
OPEN_QUOTE = "unexpected end of data"  # csv's words

Cells = list[str]


def parse_cell(column: Column, cell: Any) -> Any:
    """A cell as JSON would have it: a number for a column of numbers, None for an empty one."""
    if cell is ABSENT:
        return cell
    text = cell.strip()
    if not text:
        return None
    if column.type == "category":
        return text
    try:
        return float(text) if text.isascii() and "_" not in text else text
    except ValueError:
        return text


class CsvReader:
    """Takes whole lines of bytes, gives stretches; the first line is the header."""

    parse = staticmethod(parse_cell)

    def __init__(self, schema: ModelSchema) -> None:
        self.schema = schema
        self.header: Cells = []
        self._places: dict[str, int] = {}
        self._extra: list[tuple[str, int]] = []
        self._rest = b""  # lines of a quoted cell that goes on

    def check_head(self, head: bytes) -> None:
        """Raises: BadRequestError if the upload begins as something else than CSV does."""
        if found := recognize(head):
            raise BadRequestError(f"the upload {describe(found)}", "malformed_csv")

    def read(self, lines: bytes, is_last: bool) -> Stretch | None:
        """The rows of `lines`, which end at a line's end; None if that completes none.

        Raises: BadRequestError, InvalidInputError if the header cannot be used.
        """
        lines, self._rest = self._rest + lines, b""
        rows = self._read_plain(lines)
        if rows is not None:
            return self._make_stretch(rows, {})
        rows, problems = [], {}
        for cells, problem in self._split(lines, is_last):
            if not self.header:
                self._read_header(cells, problem)
                continue
            if (refusal := problem or self._check_width(cells)) is not None:
                problems[len(rows)] = refusal
            rows.append((cells + [""] * len(self.header))[: len(self.header)])
        return self._make_stretch(rows, problems)

    def _check_width(self, cells: Cells) -> RowError | None:
        width = len(self.header)
        if len(cells) == width:
            return None
        return RowError("wrong_shape", f"the row has {len(cells)} values, expected {width} as the header has")

    def _read_plain(self, lines: bytes) -> list[Cells] | None:
        """The rows if nothing is quoted or amiss, else None: the usual case, in a third of the time."""
        if not self.header or b'"' in lines or b"\r" in lines.replace(b"\r\n", b"\n"):
            return None
        try:
            text = lines.replace(b"\r\n", b"\n").decode()
        except UnicodeDecodeError:
            return None
        rows = [line.split(",") for line in text.split("\n") if line]
        return rows if set(map(len, rows)) == {len(self.header)} else None

    def _make_stretch(self, rows: list[Cells], problems: Problems) -> Stretch | None:
        if not rows:
            return None
        by_place = list(zip(*rows, strict=True))
        columns = {name: list(by_place[place]) for name, place in self._places.items()}
        return Stretch(rows, columns, problems, self._carry if self._extra else None)

    def _carry(self, cells: Cells) -> dict[str, Any]:
        return {name: cells[place] for name, place in self._extra}

    def _split(self, lines: bytes, is_last: bool) -> Iterator[tuple[Cells, RowError | None]]:
        """Cells of each row, and what is wrong with it; blank lines are none."""
        try:
            yield from self._split_text(lines.decode(), is_last)
        except UnicodeDecodeError:
            for line in lines.splitlines(keepends=True):
                try:
                    yield from self._split_text(line.decode(), is_last=True)
                except UnicodeDecodeError:
                    yield [], RowError("malformed_csv", "the row is not UTF-8 text")

    def _split_text(self, text: str, is_last: bool) -> Iterator[tuple[Cells, RowError | None]]:
        lines = list(io.StringIO(text, newline=""))  # str.splitlines would also split at other characters
        done = 0
        while done < len(lines):
            begun, reader = done, csv.reader(lines[done:], strict=True)
            try:
                for cells in reader:
                    done = begun + reader.line_num
                    if cells:
                        yield cells, None
            except csv.Error as error:
                rest = "".join(lines[done:]).encode()
                if str(error) == OPEN_QUOTE and not is_last and len(rest) <= MAX_CELL_BYTES:
                    self._rest = rest  # the cell goes on in lines still to come
                    return
                done += 1
                yield [], RowError("malformed_csv", "a quoted cell of the row does not end as RFC 4180 has it")

    def _read_header(self, cells: Cells, problem: RowError | None) -> None:
        if problem is not None:
            told = f"the upload's first line is not a header of UTF-8 text; {CSV_WAY}"
            raise BadRequestError(told, "malformed_csv")
        names = [cell.strip() for cell in cells]
        if len(set(names)) < len(names):
            raise BadRequestError("the upload's header has the same name twice", "repeated_name")
        for column in self.schema.columns:
            found = [names.index(name) for name in dict.fromkeys((column.name, column.source)) if name in names]
            if not found:
                self._refuse_separator(names)
                told = f"the header has no {column.name!r} (nor {column.source!r}); names stand between commas"
                raise InvalidInputError(told, "missing_field", column.name)
            if len(found) > 1:
                raise BadRequestError(f"the header has {column.name!r} under both its names", "repeated_name")
            self._places[column.name] = found[0]
        used = set(self._places.values())
        self._extra = [(name, place) for place, name in enumerate(names) if place not in used]
        self.header = names

    def _refuse_separator(self, names: Cells) -> None:
        known = {name for column in self.schema.columns for name in (column.name, column.source)}
        if separator := find_separator(",".join(names), known):
            raise BadRequestError(f"the upload {describe_separator(separator)}", "malformed_csv")
