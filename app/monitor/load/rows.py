"""The rows that a load sends: those of a CSV, or mixed from the golden rows of the model card."""

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from cli.errors import InputError
from contract.intake.cells import parse_cell
from contract.schema import Column, Value

MIXED_ROWS = 1000
MOST_ROWS = 10_000

Row = dict[str, Value]


def mix_rows(golden: Sequence[Mapping[str, Value]], count: int) -> list[Row]:
    """`count` different plausible rows: each column's value is taken from some golden row, always the same ones."""
    rng = np.random.default_rng(0)
    picks = rng.integers(len(golden), size=(count, len(golden[0])))
    return [{name: golden[pick][name] for name, pick in zip(golden[0], row, strict=True)} for row in picks]


def read_rows(path: Path, columns: Sequence[Column]) -> list[Row]:
    """At most MOST_ROWS rows of a CSV whose header has each column under its name or its raw one.

    Raises: InputError that names the file, what was found and what was expected.
    """
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            reader = csv.DictReader(file)
            names = {column.name: _find_name(path, reader.fieldnames or (), column) for column in columns}
            rows = [
                {column.name: parse_cell(column, line[names[column.name]] or "") for column in columns}
                for line, _ in zip(reader, range(MOST_ROWS), strict=False)
            ]
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}; expected a CSV of rows") from error
    except (csv.Error, UnicodeDecodeError) as error:
        raise InputError(f"{path} is no CSV of UTF-8 text: {error}") from error
    if not rows:
        raise InputError(f"{path} has no rows, expected at least one below its header")
    return rows


def _find_name(path: Path, header: Sequence[Any], column: Column) -> str:
    for name in (column.name, column.source):
        if name in header:
            return name
    raise InputError(f"{path} has no column {column.name!r} (nor {column.source!r}), expected those of the model")
