"""A CSV or Parquet file or URL as raw rows: text stays text, and what is no table is refused in one line."""

import csv
import io

import pandas as pd
import pyarrow as arrow
import pyarrow.csv as arrow_csv

from app.contract.intake.separators import describe_separator, find_separator
from app.contract.intake.signatures import HEAD_BYTES, describe, describe_bytes, recognize
from training.data.fetching import fetch_source, first_line, is_url, list_suffixes, name_source, read_limits
from training.data.parquet import parse_parquet, refuse_repeated
from training.errors import InputError

_PARQUET_MAGIC = b"PAR1"
_BYTE_ORDER_MARK = "\ufeff"


def read_rows(source: str) -> pd.DataFrame:
    """The rows of a CSV (text, "" where empty) or Parquet file (as stored), gzip accepted.

    The index is the line in a CSV file, header included, or the row in a Parquet file, from 1.

    Raises: InputError if it is not there, too large or no table, OutsideError if a URL does not answer.
    """
    limits = read_limits()
    content = fetch_source(source, limits)
    shown = name_source(source) if is_url(source) else source
    if not content:
        raise InputError(f"{shown} is empty (0 bytes), expected CSV or Parquet with a header and rows")
    if content.startswith(_PARQUET_MAGIC):
        frame = parse_parquet(content, shown, limits)
    else:
        if found := recognize(content[:HEAD_BYTES]):
            raise InputError(f"{shown} {describe(found)}")
        if ".parquet" in list_suffixes(shown):
            raise InputError(f"{shown} is no readable Parquet file: it does not begin with PAR1; fetch it again")
        frame = _parse_csv(content, shown)
    if frame.empty:
        raise InputError(f"{shown} has a header and no rows, expected at least one row")
    return frame


def _parse_csv(content: bytes, shown: str) -> pd.DataFrame:
    text = _decode(content, shown).removeprefix(_BYTE_ORDER_MARK).rstrip("\r\n") + "\n"
    header = _read_header(text, shown)
    try:
        table = arrow_csv.read_csv(
            arrow.py_buffer(text.encode()),
            # one thread, since only then an error names its line
            read_options=arrow_csv.ReadOptions(use_threads=False),
            parse_options=arrow_csv.ParseOptions(newlines_in_values=True, ignore_empty_lines=False),
            convert_options=arrow_csv.ConvertOptions(
                column_types=dict.fromkeys(header, arrow.string()), strings_can_be_null=False
            ),
        )
    except arrow.ArrowException as error:
        raise InputError(f"{shown} is not a table in CSV: {first_line(error)}") from error
    frame: pd.DataFrame = table.to_pandas()
    return frame.set_axis(pd.RangeIndex(2, len(frame) + 2), axis=0)


def _decode(content: bytes, shown: str) -> str:
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        found = f"{describe_bytes(content, error.start)} at position {error.start}"
        line = content.count(b"\n", 0, error.start) + 1
        raise InputError(f"{shown} is not UTF-8: {found}, line {line}; save it as CSV in UTF-8") from error
    if "\0" in text:
        raise InputError(f"{shown} is not text: a zero byte at position {content.index(0)}; expected CSV or Parquet")
    if text.count('"') % 2:
        raise InputError(f"{shown} has a quote that is never closed, so rows run together; correct the quoting")
    return text


def _read_header(text: str, shown: str) -> list[str]:
    try:
        header = next(csv.reader(io.StringIO(text, newline="")), [])
    except csv.Error as error:
        raise InputError(f"{shown} has no CSV header: {error}") from error
    if len(header) == 1 and (name := find_separator(text.split("\n", 1)[0])):
        raise InputError(f"{shown} {describe_separator(name)}")
    refuse_repeated(header, shown)
    return header
