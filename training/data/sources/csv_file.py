"""A CSV as raw rows, by the reader that uploads go through; a row that is none is refused by its line, not the file."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from cli.errors import InputError
from contract.errors import RowError
from contract.intake.csv_rows import CsvRows, Rows
from contract.intake.csv_text import MAX_LINE_BYTES, find_long_line
from contract.intake.headers import explain_header, strip_marks
from contract.intake.separators import describe_separator, find_separator
from contract.schema import Column
from training.data.sources.parquet import refuse_repeated


@dataclass(frozen=True)
class FileRows:
    """`frame` as `read_rows` gives it; `refused` says why a row could not be read, by its label in the index."""

    frame: pd.DataFrame
    refused: dict[int, str] = field(default_factory=dict)


def parse_csv(content: bytes, shown: str, columns: Sequence[Column] = ()) -> FileRows:
    """Rows of text with the line of the file as index; by `columns` a row is known from a line of a quoted cell.

    Raises: InputError if it is no text in UTF-8, a line is too long, or its header cannot be used.
    """
    content = strip_marks(content)
    if (line := find_long_line(content)) is not None:  # before anything is decoded, which takes several times its size
        raise InputError(
            f"{shown} line {line} is longer than {MAX_LINE_BYTES} bytes, expected a row of values; write the file again"
        )
    reader = CsvRows()
    try:
        header = reader.read_header(content, is_last=True)
    except RowError as error:
        raise InputError(f"{shown} has no CSV header: {error}") from error
    if header is None:
        raise InputError(f"{shown} holds blank lines alone, expected a header and rows")
    names = [cell.strip() for cell in header[0]]
    if len(names) == 1 and (separator := find_separator(names[0])):
        raise InputError(f"{shown} {describe_separator(separator)}")
    if columns and (problem := explain_header(names, [column.source for column in columns])):
        raise InputError(f"{shown} {problem}")
    refuse_repeated(names, shown)
    reader.expect_columns({names.index(column.source): column for column in columns if column.source in names})
    return _make_frame(names, reader.read(header[1], is_last=True))


def _make_frame(names: list[str], rows: Rows) -> FileRows:
    width = len(names)
    for place in rows.problems:
        rows.cells[place] = (rows.cells[place] + [""] * width)[:width]
    by_place = list(zip(*rows.cells, strict=True)) or [()] * width
    index = pd.Index(np.asarray(rows.lines, dtype=np.int64))
    frame = pd.DataFrame(dict(zip(names, by_place, strict=True)), index=index, dtype=object)
    return FileRows(frame, {rows.lines[place]: str(problem) for place, problem in rows.problems.items()})
