"""Files and URLs as raw rows, and each way in which they are none."""

import gzip
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from cli.errors import InputError, OutsideError
from tests.training.data.conftest import Web
from training.data.sources.fetching import name_source
from training.data.sources.tables import read_file, read_rows

Planted = Callable[[str], str]


def test_csv_is_text_with_the_line_as_index(planted: Planted) -> None:
    frame = read_rows(planted("good.csv"))
    assert frame.index.tolist() == list(range(2, 26))
    assert all(isinstance(value, str) for value in frame.to_numpy().ravel())


def test_byte_order_mark_and_windows_lines_change_nothing(planted: Planted) -> None:
    pd.testing.assert_frame_equal(read_rows(planted("byte-order-mark.csv")), read_rows(planted("good.csv")))


def test_nothing_in_a_csv_becomes_missing_but_the_empty(tmp_path: Path) -> None:
    (tmp_path / "odd.csv").write_text('a,b\nNA,\nnull,"x, y"\n007,1e5\n\n\n')
    assert read_rows(str(tmp_path / "odd.csv")).to_numpy().tolist() == [["NA", ""], ["null", "x, y"], ["007", "1e5"]]


@pytest.mark.slow
def test_gzip_parquet_and_file_urls_are_read(tmp_path: Path, planted: Planted) -> None:
    expected = read_rows(planted("good.csv"))
    (tmp_path / "rows.csv.gz").write_bytes(gzip.compress(Path(planted("good.csv")).read_bytes()))
    pd.testing.assert_frame_equal(read_rows(str(tmp_path / "rows.csv.gz")), expected)
    expected.reset_index(drop=True).to_parquet(tmp_path / "rows.parquet")
    stored = read_rows((tmp_path / "rows.parquet").as_uri())
    assert stored.to_numpy().tolist() == expected.to_numpy().tolist()
    assert stored.index.tolist() == list(range(1, 25))


def test_url_is_read(web: Web, planted: Planted) -> None:
    web.pages["/rows.csv"] = Path(planted("good.csv")).read_bytes()
    pd.testing.assert_frame_equal(read_rows(f"{web.url}/rows.csv"), read_rows(planted("good.csv")))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "cause"),
    [
        ("empty.csv", r"is empty \(0 bytes\)"),
        ("header-only.csv", "has a header and no rows"),
        ("utf-16.csv", "is text in UTF-16, expected CSV; save it as CSV in UTF-8, separated by commas"),
        ("semicolons.csv", "has semicolons between its cells, expected commas"),
        ("image.csv", "is an image, expected CSV"),
        ("repeated-column.csv", "has the column 'OSF' twice"),
        ("damaged.csv.gz", "is damaged gzip"),
        ("damaged.parquet", "is no readable Parquet file"),
        ("not-there.csv", "cannot be read: No such file"),
    ],
)
def test_what_is_no_table_is_refused_in_one_line(planted: Planted, name: str, cause: str) -> None:
    with pytest.raises(InputError, match=cause) as caught:
        read_rows(planted(name))
    assert name in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("name", "refused"),
    [
        ("short-line.csv", {5: "the row has 3 values, expected 14 as the header has"}),
        ("extra-field.csv", dict.fromkeys(range(2, 26), "the row has 15 values, expected 14 as the header has")),
        (
            "latin-1.csv",
            {2: "value 2 of the row is not UTF-8 text (it may be Windows-1252); save the file as CSV in UTF-8"},
        ),
        ("zero-bytes.csv", {2: "value 2 of the row holds a zero byte, which no text has; write it again"}),
        ("open-quote.csv", {5: "a quote opens a cell that nothing closes"}),
    ],
)
def test_a_row_that_is_none_is_told_by_its_line_and_costs_no_other(
    planted: Planted, name: str, refused: dict[int, str]
) -> None:
    found = read_file(planted(name))
    assert found.refused == refused
    others = read_rows(planted("good.csv")).drop(index=list(refused), errors="ignore")
    kept = found.frame.drop(index=list(refused))
    assert kept.to_numpy().tolist() == others.loc[kept.index].to_numpy().tolist()


def test_inch_marks_and_cells_of_several_lines_are_text_and_lines_are_counted(tmp_path: Path) -> None:
    text = 'a,b\n5" bolt,1\nbolt 5",2\n"5"" bolt",3\n"two\nlines",4\n\n 5\t, "6" \n'
    (tmp_path / "odd.csv").write_text(text)
    found = read_file(str(tmp_path / "odd.csv"))
    assert found.frame["a"].tolist() == ['5" bolt', 'bolt 5"', '5" bolt', "two\nlines", " 5\t"]
    assert found.frame["b"].tolist() == ["1", "2", "3", "4", "6"]
    assert found.frame.index.tolist() == [2, 3, 4, 5, 8]
    assert not found.refused


def test_a_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="is a folder, expected a CSV"):
        read_rows(str(tmp_path))


def test_a_url_that_does_not_answer_is_an_outside_failure() -> None:
    with pytest.raises(OutsideError, match="did not answer") as caught:
        read_rows("http://127.0.0.1:9/rows.csv?token=secret")
    assert caught.value.exit_code == 4
    assert "secret" not in str(caught.value)


def test_a_url_without_page_and_an_unknown_protocol_are_input_errors(web: Web) -> None:
    with pytest.raises(InputError, match="does not exist; check the URL"):
        read_rows(f"{web.url}/missing.csv")
    with pytest.raises(InputError, match="Protocol not known: carrier-pigeon"):
        read_rows("carrier-pigeon://rows.csv")


@pytest.mark.parametrize(
    ("source", "name"),
    [
        ("/srv/someone/data/rows.csv", "rows.csv"),
        ("file:///srv/someone/rows.csv", "rows.csv"),
        ("https://user:password@example.org/a/rows.csv?signature=x", "https://example.org/a/rows.csv"),
        ("s3://bucket/rows.parquet", "s3://bucket/rows.parquet"),
    ],
)
def test_a_name_holds_neither_folder_nor_secret(source: str, name: str) -> None:
    assert name_source(source) == name


@pytest.mark.parametrize(
    ("content", "line"),
    [
        (bytes(200_000), 1),
        (b"a" * 65_537, 1),
        (b"a,b\n1," + b"2" * 70_000 + b"\n", 2),
        (b"a,b\r\n1,2\r\n3," + bytes(70_000), 3),
        (b'a,b\n1,"\n' + b"x" * 70_000 + b'"\n', 3),
        (b"\n\na,b\n" + b" " * 70_000 + b"\n", 4),
    ],
)
def test_a_line_longer_than_serving_takes_is_refused_by_its_number(tmp_path: Path, content: bytes, line: int) -> None:
    (tmp_path / "long.csv").write_bytes(content)
    with pytest.raises(InputError, match=rf"long\.csv line {line} is longer than 65536 bytes, expected a row"):
        read_rows(str(tmp_path / "long.csv"))


def test_a_line_as_long_as_serving_takes_is_read(tmp_path: Path) -> None:
    cell = "2" * (65_536 - 2)
    (tmp_path / "long.csv").write_text(f"a,b\n1,{cell}\n")
    assert read_rows(str(tmp_path / "long.csv")).to_numpy().tolist() == [["1", cell]]
