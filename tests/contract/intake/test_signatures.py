"""What a file is by its first bytes: real files of each kind, and good CSV that must not be taken for another."""

import bz2
import csv
import gzip
import io
import lzma
import pickle
import sqlite3
import tarfile
import zipfile
from pathlib import Path

import numpy as np
import pyarrow as arrow
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyarrow import feather, parquet

from contract.intake.separators import find_separator
from contract.intake.signatures import HEAD_BYTES, SIGNATURES, describe, recognize

TEXT = "Type,Torque [Nm]\nL,40.1\nM,39.8\n"


def zip_of(*names: str) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for name in names:
            archive.writestr(name, TEXT)
    return made.getvalue()


def tar_of(name: str) -> bytes:
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w") as archive:
        about = tarfile.TarInfo(name)
        about.size = len(TEXT)
        archive.addfile(about, io.BytesIO(TEXT.encode()))
    return made.getvalue()


def database(folder: Path) -> bytes:
    connection = sqlite3.connect(folder / "rows.db")
    connection.execute("CREATE TABLE rows (a)")
    connection.close()
    return (folder / "rows.db").read_bytes()


def arrow_file(write: object) -> bytes:
    made = io.BytesIO()
    write(arrow.table({"a": [1, 2]}), made)  # type: ignore[operator]
    return made.getvalue()


def saved(array: object) -> bytes:
    made = io.BytesIO()
    np.save(made, np.asarray(array))
    return made.getvalue()


KINDS = {
    "xlsx": zip_of("[Content_Types].xml", "xl/workbook.xml"),
    "zip": zip_of("rows.csv"),
    "tar": tar_of("rows.csv"),
    "gzip": gzip.compress(TEXT.encode()),
    "bzip2": bz2.compress(TEXT.encode()),
    "xz": lzma.compress(TEXT.encode()),
    "parquet": arrow_file(parquet.write_table),
    "arrow": arrow_file(feather.write_feather),
    "numpy": saved([1, 2]),
    "pickle": pickle.dumps({"a": 1}),
    "pdf": b"%PDF-1.7\n",
    "xls": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(500),
    "zstd": b"\x28\xb5\x2f\xfd\x24",
    "html": b"\n <!DOCTYPE html>\n<html>",
    "xml": b"<?xml version='1.0'?>",
    "json": b'\xef\xbb\xbf [{"a": 1}]',
    "lfs": b"version https://git-lfs.github.com/spec/v1\noid sha256:1\n",
    "old-mac": TEXT.replace("\n", "\r").encode(),
}


@pytest.mark.parametrize("kind", KINDS)
def test_a_file_of_another_kind_is_known_by_its_first_bytes(kind: str) -> None:
    found = recognize(KINDS[kind][:HEAD_BYTES])
    assert found is not None
    assert found.key == kind
    assert describe(found).startswith(f"is {found.name}, expected CSV; {found.way}")


def test_a_database_is_known(tmp_path: Path) -> None:
    found = recognize(database(tmp_path)[:HEAD_BYTES])
    assert found is not None
    assert found.key == "sqlite"


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-32-be"])
def test_wide_text_is_known_with_and_without_its_mark(encoding: str) -> None:
    found = recognize(TEXT.encode(encoding))
    assert found is not None
    assert found.key == encoding[:6]


@given(
    st.lists(
        st.lists(st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"])), min_size=2, max_size=2),
        min_size=2,
    )
)
def test_what_pythons_writer_writes_is_never_something_else(rows: list[list[str]]) -> None:
    text = io.StringIO()
    csv.writer(text).writerows([["Type", "Torque [Nm]"], *rows])
    assert recognize(text.getvalue().encode()[:HEAD_BYTES]) is None


@pytest.mark.parametrize("header", ["[1],b", "{x},y", "<5,b", "<a>,b", "ORC,b", "BZh9,b", "MZ,b", "PK,b", "Obj,b"])
def test_a_header_that_looks_like_the_beginning_of_another_kind_is_csv(header: str) -> None:
    assert recognize(f"{header}\n1,2\n".encode()) is None


def test_every_kind_stands_once() -> None:
    assert len({known.key for known in SIGNATURES}) == len(SIGNATURES)


@pytest.mark.parametrize(
    ("line", "names", "expected"),
    [
        ("a;b", (), "semicolons"),
        ("a\tb", (), "tabs"),
        ("a|b", (), "vertical bars"),
        ("a", (), None),
        ("a,b;c", (), None),
        ('"a;b",c', (), None),
        ("x;y", ("z",), None),
        ("Torque, Nm;Type", ("Type",), "semicolons"),
        ("Type,a;b", ("Type", "a;b"), None),
    ],
)
def test_what_stands_between_cells_is_named(line: str, names: tuple[str, ...], expected: str | None) -> None:
    assert find_separator(line, names) == expected
