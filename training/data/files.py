"""A CSV or Parquet file or URL as raw rows: text stays text, and what is no table is refused in one line."""

import csv
import gzip
import io
import zlib
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import urlsplit, urlunsplit
from urllib.request import url2pathname

import aiohttp
import fsspec
import pandas as pd
import pyarrow as arrow
import pyarrow.csv as arrow_csv
import pyarrow.parquet as arrow_parquet

from training.errors import InputError, OutsideError

CONNECT_TIMEOUT_SECONDS = 10
READ_TIMEOUT_SECONDS = 30

_GZIP_MAGIC = b"\x1f\x8b"
_PARQUET_MAGIC = b"PAR1"
_BYTE_ORDER_MARK = "\ufeff"


def name_source(source: str) -> str:
    """What may be told of a source: a file's name or a URL, without folders, credentials and query."""
    if not _is_url(source):
        return Path(source).name
    parts = urlsplit(source)
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))


def read_rows(source: str) -> pd.DataFrame:
    """The rows of a CSV (text, "" where empty) or Parquet file (as stored), gzip accepted.

    The index is the line in a CSV file, header included, or the row in a Parquet file, from 1.

    Raises: InputError if it is not there or no table, OutsideError if a URL does not answer.
    """
    content = _fetch_url(source) if _is_url(source) else _read_path(source)
    shown = name_source(source) if _is_url(source) else source
    if content.startswith(_GZIP_MAGIC):
        content = _unpack(content, shown)
    if not content:
        raise InputError(f"{shown} is empty (0 bytes), expected CSV or Parquet with a header and rows")
    suffixes = PurePosixPath(shown).suffixes
    if content.startswith(_PARQUET_MAGIC) or ".parquet" in suffixes:
        frame = _parse_parquet(content, shown)
    else:
        frame = _parse_csv(content, shown)
    if frame.empty:
        raise InputError(f"{shown} has a header and no rows, expected at least one row")
    return frame


def _is_url(source: str) -> bool:
    return "://" in source and not source.startswith("file://")


def _read_path(source: str) -> bytes:
    path = Path(url2pathname(urlsplit(source).path)) if source.startswith("file://") else Path(source)
    try:
        if path.is_dir():
            raise InputError(f"{source} is a folder, expected a CSV or Parquet file")
        return path.expanduser().read_bytes()
    except (OSError, ValueError) as error:  # ValueError: a NUL in the path
        reason = getattr(error, "strerror", None) or error
        raise InputError(f"{source} cannot be read: {reason}; give the path of a CSV or Parquet file") from error


def _fetch_url(source: str) -> bytes:
    shown = name_source(source)
    options: dict[str, Any] = {}
    if source.startswith(("http://", "https://")):
        patience = aiohttp.ClientTimeout(None, sock_connect=CONNECT_TIMEOUT_SECONDS, sock_read=READ_TIMEOUT_SECONDS)
        options["client_kwargs"] = {"timeout": patience, "trust_env": True}
    try:
        files, path = fsspec.url_to_fs(source, **options)
        content: bytes = files.cat_file(path)
    except FileNotFoundError as error:
        raise InputError(f"{shown} does not exist; check the URL") from error
    except (ValueError, ImportError) as error:
        raise InputError(f"{shown} is no URL that can be read here: {_first_line(error)}") from error
    except (OSError, aiohttp.ClientError) as error:
        raise OutsideError(f"{shown} did not answer: {_first_line(error)}; try again or give a file") from error
    return content


def _unpack(content: bytes, shown: str) -> bytes:
    try:
        return gzip.decompress(content)
    except (OSError, EOFError, zlib.error) as error:
        raise InputError(f"{shown} is damaged gzip: {_first_line(error)}; fetch it again") from error


def _parse_parquet(content: bytes, shown: str) -> pd.DataFrame:
    try:
        table = arrow_parquet.read_table(arrow.BufferReader(content))
    except (arrow.ArrowException, OSError) as error:
        raise InputError(f"{shown} is no readable Parquet file: {_first_line(error)}") from error
    _refuse_repeated(table.column_names, shown)
    frame: pd.DataFrame = table.to_pandas(ignore_metadata=True)
    return frame.set_axis(pd.RangeIndex(1, len(frame) + 1), axis=0)


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
        raise InputError(f"{shown} is not a table in CSV: {_first_line(error)}") from error
    frame: pd.DataFrame = table.to_pandas()
    return frame.set_axis(pd.RangeIndex(2, len(frame) + 2), axis=0)


def _decode(content: bytes, shown: str) -> str:
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        found = f"byte 0x{content[error.start]:02x} at position {error.start}"
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
    _refuse_repeated(header, shown)
    return header


def _refuse_repeated(names: list[str], shown: str) -> None:
    if repeated := next((name for name in names if names.count(name) > 1), None):
        raise InputError(f"{shown} has the column {repeated!r} twice, expected each once")


def _first_line(error: BaseException) -> str:
    lines = str(error).splitlines()
    return lines[0][:200] if lines else type(error).__name__
