"""POST /v1/batch: uploads in any shape, each row scored as alone, refused rows told where they stand."""

import csv
import gzip
import io
import json
from typing import Any

import httpx
import numpy as np
import pytest

from app.predictor.endpoints.batch import CHUNK_BYTES
from contract.bundle import Bundle
from contract.compute.scoring import PARITY_TOLERANCE, ReferenceModel
from tests.app.predictor.running import read_metrics
from tests.app.predictor.uploads import CSV, NDJSON, list_rows, read_lines, refusal, to_csv, upload
from training.data.table import Table


@pytest.fixture(scope="session")
def rows(table: Table) -> list[dict[str, Any]]:
    return list_rows(table)


def score_table(bundle: Bundle, rows: list[dict[str, Any]]) -> np.ndarray:
    return ReferenceModel.from_bundle(bundle).score_table({name: [row[name] for row in rows] for name in rows[0]})


def test_every_row_scores_as_xgboost_does_over_many_chunks(
    client: httpx.Client, bundle: Bundle, rows: list[dict[str, Any]]
) -> None:
    many = rows * 3
    body = to_csv(many)
    assert len(body) > 3 * CHUNK_BYTES
    lines, summary = read_lines(upload(client, body))
    assert [line["row"] for line in lines] == list(range(1, len(many) + 1))
    expected = score_table(bundle, many)
    np.testing.assert_allclose([line["score"] for line in lines], expected, atol=PARITY_TOLERANCE, rtol=0)
    assert bundle.manifest.threshold is not None
    at_risk = sum(line["score"] >= bundle.manifest.threshold for line in lines)
    assert [line["decision"] for line in lines] == [line["score"] >= bundle.manifest.threshold for line in lines]
    counts, edges = np.histogram([line["score"] for line in lines], np.linspace(0, 1, 21))
    assert summary == {
        "rows": len(many),
        "scored": len(many),
        "rejected": 0,
        "warned": 0,
        "at_risk": at_risk,
        "quoted_formulas": 0,
        "histogram": {"edges": edges.tolist(), "counts": counts.tolist()},
    }


def test_json_lines_score_as_csv_does(client: httpx.Client, rows: list[dict[str, Any]]) -> None:
    body = "\n".join(json.dumps(row) for row in rows[:500])
    assert read_lines(upload(client, body, NDJSON)) == read_lines(upload(client, to_csv(rows[:500])))


def test_raw_names_a_byte_order_mark_any_order_and_other_columns_are_taken(
    client: httpx.Client, bundle: Bundle, rows: list[dict[str, Any]]
) -> None:
    source = {column.name: column.source for column in bundle.manifest.schema.columns}
    raw = [
        {"UDI": index, **{source[name]: row[name] for name in reversed(row)}, "Machine failure": 0, "": "x"}
        for index, row in enumerate(rows[:10])
    ]
    lines, _ = read_lines(upload(client, "\ufeff" + to_csv(raw).replace("\n", "\r\n")))
    np.testing.assert_allclose([line["score"] for line in lines], score_table(bundle, rows[:10]), atol=1e-6)
    assert lines[3]["carried"] == {"UDI": "3", "Machine failure": "0", "": "x"}


def test_quoted_cells_may_hold_commas_quotes_and_line_breaks(client: httpx.Client, rows: list[dict[str, Any]]) -> None:
    notes = ["plain, with a comma", 'a "quoted" word', "two\nlines", "\r\n", "ü€\u2028", ""]
    noted = [{"note": notes[index % len(notes)], **row} for index, row in enumerate(rows)]
    body = to_csv(noted * 2)
    assert len(body) > 2 * CHUNK_BYTES
    lines, summary = read_lines(upload(client, body))
    assert summary["rejected"] == 0
    assert [line["carried"]["note"] for line in lines] == [row["note"] for row in noted * 2]
    plain, _ = read_lines(upload(client, to_csv(rows)))
    assert [line["score"] for line in lines[: len(rows)]] == [line["score"] for line in plain]


def test_a_refused_row_is_told_in_its_place_and_the_others_are_scored(
    client: httpx.Client, rows: list[dict[str, Any]]
) -> None:
    header, *good = to_csv(rows[:4]).splitlines()
    cells = dict(zip(header.split(","), good[0].split(","), strict=True))

    def changed(**change: str) -> str:
        return ",".join((cells | change).values())

    cases = [
        (good[0], None),
        (changed(torque_nm=""), ("missing_value", "torque_nm")),
        (changed(torque_nm="1_0"), ("wrong_type", "torque_nm")),
        (changed(torque_nm="nan"), ("wrong_type", "torque_nm")),
        (changed(torque_nm="٣"), ("wrong_type", "torque_nm")),
        (changed(torque_nm="inf"), ("wrong_type", "torque_nm")),
        (changed(torque_nm="1e999"), ("above_maximum", "torque_nm")),
        (changed(torque_nm="12,5"), ("wrong_shape", None)),
        (changed(torque_nm='"x" 5'), ("malformed_csv", None)),
        (changed(rotational_speed_rpm="1500.5"), ("not_whole", "rotational_speed_rpm")),
        (changed(tool_wear_min="-1"), ("below_minimum", "tool_wear_min")),
        (changed(type=""), ("missing_value", "type")),
        (changed(type=cells["type"].lower()), ("unknown_category", "type")),
        (changed(type="X"), ("unknown_category", "type")),
        (good[1] + ",more", ("wrong_shape", None)),
        ("one cell", ("wrong_shape", None)),
        ("", ...),
        (changed(type=" " + cells["type"] + " ", torque_nm=" 12.5 "), None),
        (good[2], None),
    ]
    lines, summary = read_lines(upload(client, "\n".join([header, *(line for line, _ in cases)])))
    expected = [told for _, told in cases if told is not ...]
    found = [None if "score" in line else (line["error"]["code"], line["error"].get("field")) for line in lines]
    assert found == expected
    assert [line["row"] for line in lines] == list(range(1, len(expected) + 1))
    assert (summary["rows"], summary["scored"], summary["rejected"]) == (len(expected), 3, len(expected) - 3)


def test_a_row_reads_the_same_whatever_stands_beside_it(client: httpx.Client, rows: list[dict[str, Any]]) -> None:
    header, *good = to_csv(rows[:300]).splitlines()
    scores = [line["score"] for line in read_lines(upload(client, "\n".join([header, *good])))[0]]
    spaced = [line.replace(",", ", ") for line in good]
    assert [line["score"] for line in read_lines(upload(client, "\n".join([header, *spaced])))[0]] == scores
    holes = [header, *spaced, spaced[0].replace(f" {rows[0]['torque_nm']},", " ,"), '"', *good]
    lines, summary = read_lines(upload(client, "\n".join(holes)))
    assert [line["score"] for line in lines if "score" in line] == scores * 2
    assert summary["rejected"] == 2


@pytest.mark.parametrize("beside", [65.7, "65.7", None, True])
def test_a_number_as_text_is_no_number_in_json_lines_whatever_stands_beside_it(
    client: httpx.Client, row: dict[str, Any], beside: Any
) -> None:
    body = "\n".join(json.dumps(row | {"torque_nm": value}) for value in ("65.7", beside, "65.7"))
    lines, _ = read_lines(upload(client, body, NDJSON))
    assert [line["error"]["code"] for line in (lines[0], lines[2])] == ["wrong_type"] * 2
    assert ("score" in lines[1]) == (beside == 65.7)


def test_an_undeclared_category_is_warned_of_where_the_dataset_file_takes_it(
    lenient: httpx.Client, rows: list[dict[str, Any]]
) -> None:
    given = [rows[0], rows[0] | {"type": "X"}, rows[0] | {"torque_nm": "x"}, rows[0] | {"type": "y"}]
    lines, summary = read_lines(upload(lenient, to_csv(given)))
    warning = [{"code": "unknown_category", "field": "type"}]
    assert [line.get("warnings") for line in lines] == [None, warning, None, warning]
    assert (summary["scored"], summary["rejected"], summary["warned"]) == (3, 1, 2)
    table = list(csv.DictReader(io.StringIO(upload(lenient, to_csv(given), accept=CSV).text)))
    assert list(table[0])[-4:] == ["score", "decision", "error", "warning"]
    assert [line["warning"] for line in table] == ["", "unknown_category: type", "", "unknown_category: type"]
    receipts = upload(lenient, to_csv(given), accept=CSV, **{"x-lathe-receipt": "1"}).text
    assert receipts.splitlines()[0].endswith(",score,decision,error,warning,receipt")
    assert [bool(line["receipt"]) for line in csv.DictReader(io.StringIO(receipts))] == [True, True, False, True]


def test_bytes_that_are_no_text_cost_one_row(client: httpx.Client, rows: list[dict[str, Any]]) -> None:
    header, *good = to_csv(rows[:3]).splitlines()
    body = b"\n".join([header.encode(), good[0].encode(), b"\xff" + good[1].encode(), good[2].encode()])
    lines, _ = read_lines(upload(client, body))
    assert ["score" in line for line in lines] == [True, False, True]
    assert lines[1]["error"]["code"] == "malformed_csv"


def test_refused_json_lines_are_told_in_their_place(client: httpx.Client, rows: list[dict[str, Any]]) -> None:
    row = rows[0]
    cases: list[tuple[str, str | None]] = [
        (json.dumps(row), None),
        ("{", "malformed_json"),
        ("[]", "wrong_type"),
        ("", ""),
        (json.dumps(row | {"torque_nm": "12"}), "wrong_type"),
        (json.dumps(row | {"torque_nm": True}), "wrong_type"),
        (json.dumps(row | {"torque_nm": None}), "missing_value"),
        (json.dumps(row | {"torque_nm": 0.25}).replace("0.25", "NaN"), "malformed_json"),
        (json.dumps(row | {"torque_nm": 0.25}).replace("0.25", "1e999"), "above_maximum"),
        (json.dumps({name: value for name, value in row.items() if name != "type"}), "missing_field"),
        (json.dumps(row)[:-1] + ', "type": "L"}', "repeated_name"),
        (json.dumps(row | {"id": {"a:b": [1]}}), None),
    ]
    lines, _ = read_lines(upload(client, "\n".join(line for line, _ in cases), NDJSON))
    assert [line.get("error", {}).get("code") for line in lines] == [code for _, code in cases if code != ""]
    assert lines[-1]["carried"] == {"id": {"a:b": [1]}}


def test_a_csv_answer_is_the_upload_with_scores(client: httpx.Client, rows: list[dict[str, Any]]) -> None:
    named = [{"id": f"m, {index}", **row, "score": "old"} for index, row in enumerate(rows[:50])]
    named[7]["torque_nm"] = "broken"
    answer = upload(client, to_csv(named), accept=CSV)
    scored = list(csv.DictReader(io.StringIO(answer.text)))
    lines, summary = read_lines(upload(client, to_csv(named)))
    assert list(scored[0]) == ["id", *rows[0], "score", "decision", "error"]
    assert [row["id"] for row in scored] == [row["id"] for row in named]
    assert scored[7]["error"].startswith("wrong_type: torque_nm")
    for row, line in zip(scored, lines, strict=True):
        if "score" in line:
            assert float(row["score"]) == line["score"]
            assert row["decision"] == str(line["decision"]).lower()
    assert json.loads(answer.headers["x-lathe-summary"]) == summary
    assert answer.headers["content-disposition"] == 'attachment; filename="scored.csv"'
    again = upload(client, answer.text, accept=CSV)
    assert [row["score"] for row in csv.DictReader(io.StringIO(again.text))][:7] == [row["score"] for row in scored][:7]


def test_formulas_in_carried_cells_are_quoted_counted_and_left_alone_in_json_lines(
    client: httpx.Client, rows: list[dict[str, Any]]
) -> None:
    notes = ["=cmd|' /C calc'!A0", "-5", "a;@x", "plain", "+x"]
    named = [row | {"=note": note} for row, note in zip(rows, notes, strict=False)]
    answer = upload(client, to_csv(named), accept=CSV)
    scored = list(csv.DictReader(io.StringIO(answer.text)))
    assert [row["'=note"] for row in scored] == ["'=cmd|' /C calc'!A0", "-5", "a;'@x", "plain", "'+x"]
    assert json.loads(answer.headers["x-lathe-summary"])["quoted_formulas"] == 4  # the name of the column is one
    lines, summary = read_lines(upload(client, to_csv(named)))
    assert [line["carried"]["=note"] for line in lines] == notes
    assert summary["quoted_formulas"] == 0
    again = upload(client, answer.text, accept=CSV)
    assert json.loads(again.headers["x-lathe-summary"])["quoted_formulas"] == 0
    assert [row["'=note"] for row in csv.DictReader(io.StringIO(again.text))] == [row["'=note"] for row in scored]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("", (422, "no_rows", None)),
        ("HEADER\n", (422, "no_rows", None)),
        ("HEADER", (422, "no_rows", None)),
        ("nothing of it\n1\n", (400, "malformed_csv", None)),
        ("HEADER,HEADER\n", (400, "repeated_name", None)),
        ("HEADER,Type\n", (400, "repeated_name", None)),
        ('"open', (400, "malformed_csv", None)),
        (b"\xff\xfet\x00y\x00", (400, "malformed_csv", None)),
        (b"x" * 1_100_000, (413, "line_too_long", None)),
    ],
)
def test_an_upload_that_is_no_table_is_refused_once(
    client: httpx.Client, row: dict[str, Any], body: str | bytes, expected: tuple[int, str, str | None]
) -> None:
    given = body.replace("HEADER", ",".join(row)) if isinstance(body, str) else body
    assert refusal(upload(client, given)) == expected


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (gzip.compress(b"type,b\n1,2\n", mtime=0), "is packed with gzip, expected CSV; unpack it"),
        (
            b"PK\x03\x04 [Content_Types].xml xl/",
            "is an Excel workbook (.xlsx), expected CSV; save the sheet as",
        ),
        ("type,b\n1,2\n".encode("utf-16"), "is text in UTF-16, expected CSV; save it as CSV in UTF-8"),
        ("type,b\n1,2\n".encode("utf-16-be"), "is text in UTF-16, expected CSV; save it as CSV in UTF-8"),
        (b'[{"type": "L"}]', "is JSON, expected CSV; write the rows as CSV"),
        (b"<!DOCTYPE html><p>Log in", "is an HTML page, expected CSV; fetch the file itself"),
        (b"type,b\rL,1\r", "is text whose lines end with CR alone, expected CSV; save it with line ends LF or CRLF"),
        (b"type;torque_nm;b\nL;1,5;2\n", "has semicolons between its cells, expected commas; save it as CSV"),
        (b"Type\tTorque [Nm]\tkind, or so\nL\t1\t2\n", "has tabs between its cells, expected commas"),
        ("type,b\u00f6\n1,2\n".encode("cp1252"), "first line is not a header of UTF-8 text; save it as CSV in UTF-8"),
    ],
)
def test_an_upload_that_is_something_else_is_told_what_it_is(client: httpx.Client, body: bytes, told: str) -> None:
    answer = upload(client, body)
    assert refusal(answer) == (400, "malformed_csv", None)
    assert told in answer.json()["error"]["message"]


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (gzip.compress(b"{}\n", mtime=0), "is packed with gzip, expected JSON lines"),
        ('{"type": "L"}\n'.encode("utf-16"), "is text in UTF-16, expected JSON lines"),
        (
            b' [{"type": "L"}]',
            "is one JSON array, expected JSON lines; send each row as an object on",
        ),
    ],
)
def test_json_lines_that_are_something_else_are_told_what_they_are(
    client: httpx.Client, body: bytes, told: str
) -> None:
    answer = upload(client, body, NDJSON)
    assert refusal(answer) == (400, "malformed_json", None)
    assert told in answer.json()["error"]["message"]


def test_the_error_of_a_missing_column_names_both_its_names(client: httpx.Client, row: dict[str, Any]) -> None:
    message = upload(client, "type\nL\n").json()["error"]["message"]
    assert "air_temperature_k" in message
    assert "Air temperature [K]" in message


@pytest.mark.parametrize(
    ("content_type", "accept", "status"),
    [
        ("application/json", "*/*", 415),
        ("text/csv; charset=latin-1", "*/*", 415),
        (CSV, "text/html", 406),
        (NDJSON, CSV, 406),
        (CSV, "text/html, text/csv;q=0.5", 200),
        ("text/csv; charset=utf-8", "", 200),
        (CSV, "text/csv;q=0", 406),
        (CSV, "text/csv ; q=0.000, text/*", 406),
        (NDJSON, "application/x-ndjson;q=0, */*", 406),
        (CSV, "*/*;q=0", 406),
    ],
)
def test_the_media_types_decide(
    client: httpx.Client, row: dict[str, Any], content_type: str, accept: str, status: int
) -> None:
    assert upload(client, to_csv([row]), content_type, accept=accept).status_code == status


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        ("text/csv;q=0, */*", NDJSON),
        ("application/x-ndjson;q=0, */*", CSV),
        ("text/csv;q=0.001", CSV),
        ("*/*;q=0, text/csv", CSV),
    ],
)
def test_a_media_type_of_weight_zero_is_never_the_answer(
    client: httpx.Client, row: dict[str, Any], accept: str, expected: str
) -> None:
    assert upload(client, to_csv([row]), CSV, accept=accept).headers["content-type"].startswith(expected)


def test_rows_are_counted_and_binned_like_those_of_predict(client: httpx.Client, rows: list[dict[str, Any]]) -> None:
    before = read_metrics(client)
    upload(client, to_csv([*rows[:2500], rows[0] | {"torque_nm": "x"}, rows[0] | {"type": "unheard of"}]))
    after = read_metrics(client)

    def grown(prefix: str) -> float:
        return sum(value - before.get(name, 0) for name, value in after.items() if name.startswith(prefix))

    assert grown("lathe_predicted_rows_total") == 2500
    assert grown("lathe_score_rows_total") == 2500
    assert grown("lathe_rejected_rows_total") == 2
    (reason,) = [name for name in after if "rejected_rows" in name and 'reason="unknown_category"' in name]
    assert after[reason] - before[reason] == 1
    assert grown("lathe_unknown_categories_total") == 0
    assert grown("lathe_batches_total") == 1
    assert grown('lathe_requests_total{code="200",') == 2  # with the first scrape
