"""A CSV or Parquet file or URL as raw rows: text stays text, and what is no table is refused in one line."""

from collections.abc import Sequence

import pandas as pd

from cli.errors import InputError
from contract.intake.signatures import HEAD_BYTES, describe, recognize
from contract.schema import Column
from training.data.sources.csv_file import FileRows, parse_csv
from training.data.sources.fetching import fetch_source, is_url, list_suffixes, name_source, read_limits
from training.data.sources.parquet import parse_parquet

_PARQUET_MAGIC = b"PAR1"


def read_rows(source: str) -> pd.DataFrame:
    """The rows of a CSV (text, "" where empty) or Parquet file (as stored), gzip accepted, those that are none too.

    The index is the line in a CSV file, header included, or the row in a Parquet file, from 1.

    Raises: as `read_file`.
    """
    return read_file(source).frame


def read_file(source: str, columns: Sequence[Column] = ()) -> FileRows:
    """The same, and which of them could not be read; `columns` help to know a row from a line of a quoted cell.

    Raises: InputError if it is not there, too large or no table, OutsideError if a URL does not answer.
    """
    limits = read_limits()
    content = fetch_source(source, limits)
    shown = name_source(source) if is_url(source) else source
    if not content:
        raise InputError(f"{shown} is empty (0 bytes), expected CSV or Parquet with a header and rows")
    if content.startswith(_PARQUET_MAGIC):
        rows = FileRows(parse_parquet(content, shown, limits))
    else:
        if signature := recognize(content[:HEAD_BYTES]):
            raise InputError(f"{shown} {describe(signature)}")
        if ".parquet" in list_suffixes(shown):
            raise InputError(f"{shown} is no readable Parquet file: it does not begin with PAR1; fetch it again")
        rows = parse_csv(content, shown, columns)
    if rows.frame.empty:
        raise InputError(f"{shown} has a header and no rows, expected at least one row")
    return rows
