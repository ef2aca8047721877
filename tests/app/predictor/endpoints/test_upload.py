"""One upload: where its bytes are cut changes nothing, and a row without a finite score costs only itself."""

import contextlib
import csv
import io
import json
import tracemalloc
from collections import Counter
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.predictor.endpoints.upload import Upload, split_lines
from app.predictor.endpoints.upload_answer import CsvWriter, NdjsonWriter
from app.predictor.http.errors import BadRequestError, TooLargeError
from app.predictor.http.spool import Spool
from app.predictor.inputs.csv_upload import CsvReader
from app.predictor.inputs.ndjson_upload import NdjsonReader
from app.predictor.scoring.model import Scored, ScoringError, ServedModel
from contract.bundle import Bundle
from contract.intake.csv_text import MAX_LINE_BYTES
from tests.examples import examples


@pytest.fixture(scope="module")
def model(bundle: Bundle) -> ServedModel:
    return ServedModel(bundle, 1)


def send(model: ServedModel, parts: list[bytes], kind: str = "csv", is_csv: bool = False) -> tuple[bytes, int, int]:
    """The answer, and the rows that were scored and refused."""
    reader = CsvReader(model.manifest.schema)
    other = NdjsonReader(model.manifest.schema)
    spool = Spool(2**30)
    upload = Upload(
        model, reader if kind == "csv" else other, CsvWriter(reader, False) if is_csv else NdjsonWriter(), spool
    )
    scored, refused = 0, Counter[str]()
    for index, part in enumerate(parts):
        progress = upload.feed(part, index == len(parts) - 1)
        scored += sum(len(one.scores) for one in progress.scored)
        refused += progress.rejected
    summary = upload.finish()
    assert (summary["scored"], summary["rejected"]) == (scored, refused.total())
    answer = b"".join(iter(lambda: spool.read(1_000_000), b""))
    spool.close()
    return answer, scored, refused.total()


def cut(content: bytes, places: list[int]) -> list[bytes]:
    ends = sorted({place % (len(content) + 1) for place in places} | {len(content)})
    return [content[start:end] for start, end in zip([0, *ends], ends, strict=False)]


notes = st.text(st.sampled_from('a,"\n\r ü\u2028'), max_size=8)


@settings(max_examples=examples(150), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.tuples(notes, st.sampled_from(["40.5", "", "x", " 7 ", "1e3"])), min_size=1, max_size=12),
    st.lists(st.integers(0, 5000), max_size=8),
    st.booleans(),
)
def test_a_csv_reads_the_same_wherever_it_is_cut(
    model: ServedModel, row: dict[str, Any], given_rows: list[tuple[str, str]], places: list[int], is_csv: bool
) -> None:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")  # which also makes it quote a lone \r
    writer.writerow(["note", *row])
    for note, torque in given_rows:
        writer.writerow([note, *(row | {"torque_nm": torque}).values()])
    content = text.getvalue().encode()
    whole, scored, refused = send(model, [content], is_csv=is_csv)
    assert scored + refused == len(given_rows)
    if not is_csv:
        lines = [json.loads(line) for line in whole.splitlines()[:-1]]
        assert [line.get("carried", {}).get("note") for line in lines] == [note for note, _ in given_rows]
        good = {"40.5", " 7 "}
        assert ["score" in line for line in lines] == [torque in good for _, torque in given_rows]
    assert send(model, cut(content, places), is_csv=is_csv)[0] == whole


@settings(max_examples=examples(60), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.sampled_from(["good", "", "{", "[]", "null", '{"type": "L"}', "ü", '"']), min_size=1, max_size=12),
    st.lists(st.integers(0, 3000), max_size=8),
)
def test_json_lines_read_the_same_wherever_they_are_cut(
    model: ServedModel, row: dict[str, Any], given_lines: list[str], places: list[int]
) -> None:
    content = "\n".join([json.dumps(row), *(json.dumps(row) if line == "good" else line for line in given_lines)])
    whole, scored, refused = send(model, [content.encode()], "ndjson")
    assert scored == 1 + given_lines.count("good")
    assert refused == len([line for line in given_lines if line not in ("good", "")])
    assert send(model, cut(content.encode(), places), "ndjson")[0] == whole


@settings(max_examples=examples(100), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=300), st.lists(st.integers(0, 300), max_size=4))
def test_any_bytes_after_a_header_are_told_row_by_row(
    model: ServedModel, row: dict[str, Any], junk: bytes, places: list[int]
) -> None:
    good = ",".join(map(str, row.values())).encode()
    content = ",".join(row).encode() + b"\n" + good + b"\n" + junk
    whole, scored, _ = send(model, [content])
    assert scored >= 1
    assert b"summary" in whole.splitlines()[-1]
    assert send(model, cut(content, places))[1] >= 1


def test_a_row_without_a_finite_score_costs_only_itself(
    model: ServedModel, row: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    usual = model.score_columns

    def score(columns: Any) -> Scored:
        if 77.0 in columns["torque_nm"]:
            raise ScoringError("the model's score is not finite")
        return usual(columns)

    monkeypatch.setattr(model, "score_columns", score)
    lines = [json.dumps(row | {"torque_nm": torque}) for torque in (40.0, 77.0, 41.0)]
    answer, scored, refused = send(model, ["\n".join(lines).encode()], "ndjson")
    told = [json.loads(line) for line in answer.splitlines()]
    assert (scored, refused) == (2, 1)
    assert [line["row"] for line in told[:-1]] == [1, 2, 3]
    assert told[1]["error"]["code"] == "score_not_finite"


@pytest.mark.slow
@pytest.mark.parametrize("is_csv", [False, True])
def test_many_columns_and_short_rows_take_little_memory(model: ServedModel, is_csv: bool) -> None:
    header = ",".join(
        [column.name for column in model.manifest.schema.columns] + [f"c{index}" for index in range(1000)]
    )
    reader = CsvReader(model.manifest.schema)
    with contextlib.closing(Spool(2**30)) as spool:
        upload = Upload(model, reader, CsvWriter(reader, False) if is_csv else NdjsonWriter(), spool)
        upload.feed(header.encode() + b"\n", False)
        tracemalloc.start()
        progress = upload.feed(b"x\n" * 2000, True)
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert progress.rows == progress.rejected.total() == 2000
    assert peak < 40 * 2**20


@pytest.mark.parametrize("letter", ["x", "\x01"])
def test_long_names_of_carried_columns_take_little_memory(model: ServedModel, letter: str) -> None:
    """Each row in JSON repeats them, and a control character takes six bytes there."""
    columns = [column.name for column in model.manifest.schema.columns]
    header = ",".join(columns + [f"{index:04}{letter * 1000}" for index in range(64)])
    with contextlib.closing(Spool(2**30)) as spool:
        upload = Upload(model, CsvReader(model.manifest.schema), NdjsonWriter(), spool)
        upload.feed(header.encode()[:MAX_LINE_BYTES] + b"\n", False)
        tracemalloc.start()
        progress = upload.feed((b"," * (len(columns) + 63) + b"\n") * 64, True)
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert progress.rows == progress.rejected.total() == 64
    assert peak < 40 * 2**20


def test_more_columns_than_are_allowed_are_refused(model: ServedModel) -> None:
    header = ",".join(
        [column.name for column in model.manifest.schema.columns] + [f"c{index}" for index in range(5000)]
    )
    with contextlib.closing(Spool(2**30)) as spool:
        upload = Upload(model, CsvReader(model.manifest.schema), NdjsonWriter(), spool)
        with pytest.raises(BadRequestError, match="more columns than the 1024 allowed"):
            upload.feed(header.encode() + b"\n" + b"x\n" * 4000, True)


def feed_all(upload: Upload, parts: list[bytes]) -> None:
    for index, part in enumerate(parts):
        upload.feed(part, index == len(parts) - 1)


def fit(row: dict[str, Any], size: int) -> bytes:
    """A line of so many bytes, with a field that is carried."""
    line = json.dumps({**row, "note": ""})
    return (line[:-2] + "x" * (size - len(line)) + line[-2:]).encode()


@pytest.mark.parametrize(
    "places", [[], [1], [65_536], [65_537], [100, 30_000, 65_530], list(range(0, 140_000, 61_440))]
)
@pytest.mark.parametrize("end", [b"\n", b""], ids=["ended", "not ended"])
def test_the_longest_line_is_as_long_wherever_it_is_cut(
    model: ServedModel, row: dict[str, Any], places: list[int], end: bytes
) -> None:
    short = json.dumps(row).encode() + b"\n"
    content = short + fit(row, MAX_LINE_BYTES) + b"\n" + short + fit(row, MAX_LINE_BYTES) + end
    assert send(model, cut(content, places) or [content], "ndjson")[1:] == (4, 0)
    for longer in (
        fit(row, MAX_LINE_BYTES + 1) + end,
        short + fit(row, MAX_LINE_BYTES + 1) + b"\n" + short,
        short * 800 + fit(row, MAX_LINE_BYTES + 1) + end,
    ):
        with contextlib.closing(Spool(2**30)) as spool:
            upload = Upload(model, NdjsonReader(model.manifest.schema), NdjsonWriter(), spool)
            with pytest.raises(TooLargeError, match="longer than 65536 bytes"):
                feed_all(upload, [*cut(longer, places), b""])


class CountingReader(CsvReader):
    """Notes the sizes of what it is given to read."""

    headers = 0
    largest = 0

    def read_header(self, lines: bytes, is_last: bool) -> bytes:
        self.headers += 1
        return super().read_header(lines, is_last)

    def read(self, lines: bytes, is_last: bool) -> Any:
        self.largest = max(self.largest, len(lines))
        return super().read(lines, is_last)


def test_a_header_that_does_not_end_is_not_read_again_for_each_line(model: ServedModel) -> None:
    with contextlib.closing(Spool(2**30)) as spool:
        reader = CountingReader(model.manifest.schema)
        upload = Upload(model, reader, NdjsonWriter(), spool)
        for part in (b'"type' + b"\n" * 60_000, b"\n" * 60_000):
            upload.feed(part, False)
        assert reader.headers <= 4
        with pytest.raises(BadRequestError):
            upload.feed(b"", True)


def test_no_more_than_a_long_line_is_read_in_one_go(model: ServedModel, row: dict[str, Any]) -> None:
    """What is handed to a call into C bounds for how long it holds the interpreter."""
    with contextlib.closing(Spool(2**30)) as spool:
        reader = CountingReader(model.manifest.schema)
        upload = Upload(model, reader, NdjsonWriter(), spool)
        lines = (",".join(row) + "\n" + (",".join(map(str, row.values())) + "\n") * 10_000).encode()
        assert upload.feed(lines, True).rows == 10_000
    assert 0 < reader.largest <= MAX_LINE_BYTES + 1


@given(st.binary() | st.text(st.sampled_from("a\n")).map(str.encode), st.integers(1, 4))
def test_lines_are_parted_by_their_number_and_none_is_lost(lines: bytes, most: int) -> None:
    parts = split_lines(lines, most)
    assert b"".join(parts) == lines
    assert all(part.count(b"\n") == most and part.endswith(b"\n") for part in parts[:-1])
    assert len(parts[-1].removesuffix(b"\n").split(b"\n")) <= most
