"""A CSV upload as chunks of rows: any column order, raw or contract names."""

from typing import Any

import msgspec

from app.predictor.http.errors import BadRequestError, InvalidInputError
from app.predictor.inputs.chunks import Chunk
from contract.errors import RowError
from contract.intake.csv_cells import Cells
from contract.intake.csv_rows import MALFORMED, WRONG_SHAPE, CsvRows, Rows
from contract.intake.headers import explain_header, explain_name
from contract.intake.separators import describe_separator, find_separator
from contract.intake.signatures import CSV_WAY, describe, recognize
from contract.schema import Column, ModelSchema

ERROR = "error"
SCORED = ("score", "decision", ERROR)  # what a scored file has beside its own columns
REFUSED_BEFORE = "the row was refused before and what stands here is a part of it; mend it in the file it came from"
MAX_COLUMNS = 1024
MAX_ROWS = 2048  # of a chunk: more than usual rows are in one part of an upload
MAX_CELLS = 128 * 1024  # of a chunk: a row that is too short answers with as many as the header has
MAX_NAME_BYTES = 8 * 1024 * 1024  # of a chunk: each row in JSON repeats the names of what it carries


class CsvReader:
    """Takes whole lines of bytes, gives chunks; the first row is the header."""

    is_text = True

    def __init__(self, schema: ModelSchema) -> None:
        self.schema = schema
        self.header: Cells = []
        self._rows = CsvRows()
        self.places: dict[str, int] = {}
        self._extra: list[tuple[str, int]] = []
        self._name_bytes = 1
        columns = schema.columns
        self._known = tuple(dict.fromkeys([*(one.name for one in columns), *(one.source for one in columns)]))
        self._error_place = -1  # where the header is that of a file which was scored before

    @property
    def max_lines(self) -> int:
        return max(1, min(MAX_ROWS, MAX_CELLS // max(1, len(self.header)), MAX_NAME_BYTES // self._name_bytes))

    def check_head(self, head: bytes) -> None:
        """Raises: BadRequestError if the upload begins as something else than CSV does."""
        if signature := recognize(head):
            raise BadRequestError(f"the upload {describe(signature)}", "malformed_csv")

    def read_header(self, lines: bytes, is_last: bool) -> bytes:
        """What follows the header: all of `lines` once that is known, nothing before it is complete.

        Raises: BadRequestError, InvalidInputError if the header cannot be used.
        """
        if self.header:
            return lines
        try:
            parsed = self._rows.read_header(lines, is_last)
        except RowError as error:
            message = f"the upload's first line is not a header of UTF-8 text; {CSV_WAY}; {error}"
            raise BadRequestError(message, "malformed_csv") from None
        if parsed is None:
            return b""
        header, rest = parsed
        self._read_header(header)
        return rest

    def read(self, lines: bytes, is_last: bool) -> Chunk | None:
        """The rows of `lines`, which end at a line's end and follow the header; None if that completes none."""
        return self._make_stretch(self._rows.read(lines, is_last)) if self.header else None

    def _make_stretch(self, rows: Rows) -> Chunk | None:
        if not rows.cells:
            return None
        width = len(self.header)
        for place in rows.problems:
            rows.cells[place] = (rows.cells[place] + [""] * width)[:width]
        if self._error_place >= 0:
            self._find_refused_before(rows)
        by_place = list(zip(*rows.cells, strict=True))
        columns = {name: list(by_place[place]) for name, place in self.places.items()}
        return Chunk(rows.cells, columns, rows.problems, self._carry if self._extra else None)

    def _carry(self, cells: Cells) -> dict[str, Any]:
        return {name: cells[place] for name, place in self._extra}

    def _read_header(self, cells: Cells) -> None:
        if len(cells) > MAX_COLUMNS:
            raise BadRequestError(f"the header has more columns than the {MAX_COLUMNS} allowed", "malformed_csv")
        names = [cell.strip() for cell in cells]
        if separator := find_separator(",".join(names), self._known):
            raise BadRequestError(f"the upload {describe_separator(separator)}", "malformed_csv")
        if message := explain_header(names, self._known):
            raise BadRequestError(f"the upload {message}", "malformed_csv")
        if len(set(names)) < len(names):
            raise BadRequestError("the upload's header has the same name twice", "repeated_name")
        for column in self.schema.columns:
            places = [names.index(name) for name in dict.fromkeys((column.name, column.source)) if name in names]
            if not places:
                self._refuse_header(names, column)
                message = f"the header has no {column.name!r} (nor {column.source!r}); names stand between commas"
                raise InvalidInputError(message, "missing_field", column.name)
            if len(places) > 1:
                raise BadRequestError(f"the header has {column.name!r} under both its names", "repeated_name")
            self.places[column.name] = places[0]
        used = set(self.places.values())
        self._extra = [(name, place) for place, name in enumerate(names) if place not in used]
        self._name_bytes = len(msgspec.json.encode([name for name, _ in self._extra]))
        if {*SCORED} <= set(names) and not used & set(map(names.index, SCORED)):
            self._error_place = names.index(ERROR)
        self.header = names
        self._rows.expect_columns({self.places[column.name]: column for column in self.schema.columns})

    def _refuse_header(self, names: Cells, column: Column) -> None:
        """Raises: InvalidInputError if more can be said than that the column is not there."""
        if message := explain_name(names, column.name) or explain_name(names, column.source):
            raise InvalidInputError(f"the header {message}", "missing_field", column.name)

    def _find_refused_before(self, rows: Rows) -> None:
        """Refuses again what was no row when the file was scored: only what could be read of it is left."""
        for place, cells in enumerate(rows.cells):
            code = cells[self._error_place].partition(":")[0]
            if code in (MALFORMED, WRONG_SHAPE):
                rows.problems.setdefault(place, RowError(code, REFUSED_BEFORE))
