"""First lines that are no header, and files that are nearly right: training and uploads say the same of them."""

import contextlib
from collections.abc import Callable
from pathlib import Path

import pytest

from app.predictor.endpoints.upload import Upload
from app.predictor.endpoints.upload_answer import CsvWriter
from app.predictor.http.errors import ApiError
from app.predictor.http.spool import Spool
from app.predictor.inputs.csv_upload import CsvReader
from app.predictor.scoring.model import ServedModel
from cli.errors import InputError
from contract.bundle import Bundle
from contract.dataset import Dataset
from contract.intake.headers import explain_name, strip_marks
from contract.intake.signatures import recognize
from training.data.load import load_table
from training.data.table import Table


@pytest.fixture(scope="module")
def model(bundle: Bundle) -> ServedModel:
    return ServedModel(bundle, 1)


@pytest.fixture(scope="module")
def content(table: Table) -> str:
    """A raw file as training takes it."""
    return table.frame.to_csv(index=False)


def upload(model: ServedModel, content: bytes) -> tuple[str, int, int]:
    """The scored CSV, and the rows scored and refused."""
    reader = CsvReader(model.manifest.schema)
    with contextlib.closing(Spool(2**30)) as spool:
        job = Upload(model, reader, CsvWriter(reader, with_receipts=False), spool)
        job.feed(content, is_last=True)
        summary = job.finish()
        answer = b"".join(iter(lambda: spool.read(1_000_000), b""))
    return answer.decode(), summary["scored"], summary["rejected"]


def train(dataset: Dataset, content: bytes, folder: Path) -> Table:
    (folder / "rows.csv").write_bytes(content)
    return load_table(dataset, str(folder / "rows.csv"), folder / "rejected.csv")


ANOTHER = "in its first line, expected the header there; if the header stands lower, delete what is above it"
NO_HEADER = {
    "sep=;\n": "begins with a line `sep=` for Excel, expected the header there; delete that line",
    "SEP=,\r\n": "begins with a line `sep=` for Excel, expected the header there; delete that line",
    "# exported; by hand\n": "has a comment (#) in its first line, expected the header there; delete what stands above",
    "Machines of hall 4\n": ANOTHER,
    "Machines,,,\n": ANOTHER,
}


@pytest.mark.parametrize("line", NO_HEADER)
def test_what_stands_above_the_header_is_named_everywhere(
    model: ServedModel, ai4i: Dataset, content: str, tmp_path: Path, line: str
) -> None:
    with pytest.raises(ApiError) as refused:
        upload(model, f"{line}{content}".encode())
    with pytest.raises(InputError) as failed:
        train(ai4i, f"{line}{content}".encode(), tmp_path)
    assert NO_HEADER[line] in str(refused.value)
    assert NO_HEADER[line] in str(failed.value)


NEARLY = {
    "torque [nm]": "in other upper and lower case",
    "TORQUE [NM]": "in other upper and lower case",
    "Torque\u00a0[Nm]": "with other blanks or signs that look the same, such as a no-break space",
    "Torque  [Nm]": "with other blanks or signs that look the same, such as a no-break space",
    "Torque\u200b [Nm]": "with other blanks or signs that look the same, such as a no-break space",
    "Torque[Nm]": "with other blanks or signs that look the same, such as a no-break space",
}


@pytest.mark.slow
@pytest.mark.parametrize("name", NEARLY)
def test_a_name_that_is_nearly_right_is_named_everywhere(
    model: ServedModel, ai4i: Dataset, content: str, tmp_path: Path, name: str
) -> None:
    told = f"has 'Torque [Nm]' only {NEARLY[name]}; write it exactly so"
    changed = content.replace("Torque [Nm]", name, 1).encode()
    with pytest.raises(ApiError) as refused:
        upload(model, changed)
    with pytest.raises(InputError) as failed:
        train(ai4i, changed, tmp_path)
    assert told in str(refused.value)
    assert told in str(failed.value)


def test_a_name_that_is_not_there_is_like_none() -> None:
    assert explain_name(["Type", "Torque"], "Torque [Nm]") is None


@pytest.mark.parametrize("marks", [1, 2, 3])
def test_byte_order_marks_are_skipped_everywhere(
    model: ServedModel, ai4i: Dataset, content: str, tmp_path: Path, marks: int
) -> None:
    marked = b"\xef\xbb\xbf" * marks + content.encode()
    assert strip_marks(marked) == content.encode()
    assert upload(model, marked)[1:] == (3000, 0)
    assert len(train(ai4i, marked, tmp_path)) == 3000


ROWS: dict[str, tuple[Callable[[bytes], bytes], str]] = {
    "a zero byte": (lambda line: line.replace(b",", b",\0", 1), "value 2 of the row holds a zero byte"),
    "one bad byte": (lambda line: line.replace(b",", b",\xe9", 1), "value 2 of the row is not UTF-8 text"),
    "commas alone": (lambda line: b"," * line.count(b","), "the row is empty, commas without a value"),
    "blanks alone": (lambda line: b" ," * line.count(b",") + b"\t", "the row is empty, commas without a value"),
    "quotes alone": (lambda line: b'"",' * line.count(b",") + b'""', "the row is empty, commas without a value"),
    "one value less": (lambda line: line.rpartition(b",")[0], "values, expected"),
    "one value more": (lambda line: line + b",1", "values, expected"),
}


@pytest.mark.slow
@pytest.mark.parametrize("kind", ROWS)
def test_a_row_is_refused_for_the_same_reason_everywhere_and_again_when_it_comes_back(
    model: ServedModel, ai4i: Dataset, content: str, tmp_path: Path, kind: str
) -> None:
    damage, told = ROWS[kind]
    lines = content.encode().splitlines()
    lines[7] = damage(lines[7])
    changed = b"\n".join(lines) + b"\n"
    scored, *counts = upload(model, changed)
    assert counts == [2999, 1]
    assert told in scored
    with pytest.raises(InputError) as failed:
        train(ai4i, changed, tmp_path)
    assert told in str(failed.value)
    assert "row 8" in str(failed.value)
    assert upload(model, scored.encode())[1:] == (2999, 1)


def test_blank_rows_at_the_end_are_refused_and_counted(
    model: ServedModel, ai4i: Dataset, content: str, tmp_path: Path
) -> None:
    changed = (content + f"{',' * content.splitlines()[0].count(',')}\r\n" * 5).encode()
    assert upload(model, changed)[1:] == (3000, 5)
    with pytest.raises(InputError, match=r"5 of 3,005 rows refused: 5 where .*the row is empty"):
        train(ai4i, changed, tmp_path)


@pytest.mark.parametrize("encoding", ["cp1252", "latin-1", "mac-roman"])
def test_a_file_with_one_byte_a_letter_is_named_once(
    model: ServedModel, ai4i: Dataset, content: str, tmp_path: Path, encoding: str
) -> None:
    changed = content.replace("L", "Lé").encode(encoding)
    told = "is text in Windows-1252 (Latin-1) or another encoding of one byte a letter, expected CSV; save it as CSV"
    with pytest.raises(ApiError) as refused:
        upload(model, changed)
    with pytest.raises(InputError) as failed:
        train(ai4i, changed, tmp_path)
    assert told in str(refused.value)
    assert told in str(failed.value)


def test_one_bad_byte_beside_good_letters_is_a_rows_and_not_the_files() -> None:
    assert recognize("a,b\né,1\nü,2\n".encode() + b"\xe9,3\n") is None
    assert recognize(b"a,b\n\xe9,1\nx,2\n") is None
    assert recognize(b"a,b\n\xe9,1\n\xe8,2\n") is not None
