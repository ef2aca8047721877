"""POST /v1/predict on a real server: what it answers, what it refuses, and that it equals XGBoost's own scores."""

import json
from typing import Any

import httpx
import numpy as np
import pytest

from contract.bundle import Bundle
from contract.compute.scoring import PARITY_TOLERANCE, ReferenceModel
from tests.app.predictor.running import read_metrics
from training.data.table import Table

ROUTE = "/v1/predict"
JSON = {"content-type": "application/json"}


@pytest.fixture(scope="session")
def rows(table: Table) -> list[dict[str, Any]]:
    """A thousand rows as a client sends them."""
    columns = {name: values[:1000].tolist() for name, values in table.inputs.items()}
    return [dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)]


@pytest.fixture(scope="session")
def expected(bundle: Bundle, rows: list[dict[str, Any]]) -> np.ndarray:
    return ReferenceModel.from_bundle(bundle).score_table({name: [row[name] for row in rows] for name in rows[0]})


def scores_of(answer: httpx.Response) -> list[float]:
    assert answer.status_code == httpx.codes.OK, answer.text
    return [prediction["score"] for prediction in answer.json()["predictions"]]


def send(client: httpx.Client, body: bytes, **headers: str) -> httpx.Response:
    return client.post(ROUTE, content=body, headers={**JSON, **headers})


def refusal(answer: httpx.Response) -> tuple[int, str, str | None]:
    error = answer.json()["error"]
    return answer.status_code, error["code"], error.get("field")


def test_the_answer_has_model_threshold_predictions_and_request_id(
    client: httpx.Client, bundle: Bundle, row: dict[str, Any]
) -> None:
    answer = client.post(ROUTE, json=row)
    told = answer.json()
    manifest = bundle.manifest
    assert manifest.threshold is not None
    golden = manifest.golden[0].score
    assert told["model"] == {"name": manifest.name, "version": manifest.version}
    assert told["threshold"] == manifest.threshold
    assert told["predictions"][0]["score"] == pytest.approx(golden, abs=PARITY_TOLERANCE)
    assert told["predictions"][0]["decision"] is bool(golden >= manifest.threshold)
    assert told["request_id"] == answer.headers["x-request-id"]


def test_single_rows_score_as_xgboost_does(client: httpx.Client, rows: list[Any], expected: np.ndarray) -> None:
    scores = [scores_of(client.post(ROUTE, json=row))[0] for row in rows]
    np.testing.assert_allclose(scores, expected, atol=PARITY_TOLERANCE, rtol=0)


@pytest.mark.parametrize("size", [1, 7, 64, 65, 1000])
def test_batches_score_as_xgboost_does(client: httpx.Client, rows: list[Any], expected: np.ndarray, size: int) -> None:
    scores = scores_of(client.post(ROUTE, json={"rows": rows[:size]}))
    np.testing.assert_allclose(scores, expected[:size], atol=PARITY_TOLERANCE, rtol=0)


def test_a_batch_decides_row_by_row(client: httpx.Client, rows: list[Any], bundle: Bundle) -> None:
    told = client.post(ROUTE, json={"rows": rows}).json()
    decisions = {prediction["decision"] for prediction in told["predictions"]}
    assert decisions == {True, False}
    assert all(p["decision"] is (p["score"] >= bundle.manifest.threshold) for p in told["predictions"])


def test_a_whole_number_may_have_a_point(client: httpx.Client, row: dict[str, Any]) -> None:
    plain = {"rotational_speed_rpm": int(row["rotational_speed_rpm"])}
    pointed = {"rotational_speed_rpm": float(row["rotational_speed_rpm"])}
    assert scores_of(client.post(ROUTE, json=row | plain)) == scores_of(client.post(ROUTE, json=row | pointed))


@pytest.mark.parametrize(
    ("value", "code", "words"),
    [
        ("X", "unknown_category", "type is not a known category, expected one of L, M, H"),
        (" l\t", "unknown_category", "type is a known category but for upper and lower case, expected one of L, M, H"),
        ("TA==", "unknown_category", "expected one of L, M, H"),
        ("\u041c", "unknown_category", "expected one of L, M, H"),
        ("", "missing_value", "type is missing, expected one of L, M, H"),
        (" \u00a0", "missing_value", "type is missing"),
    ],
)
def test_a_category_that_is_not_declared_is_refused_and_the_known_ones_are_named(
    client: httpx.Client, row: dict[str, Any], value: str, code: str, words: str
) -> None:
    strange = row | {"type": value}
    single = client.post(ROUTE, json=strange)
    assert refusal(single) == (422, code, "type")
    assert words in single.json()["error"]["message"]
    assert "TA==" not in single.text
    many = client.post(ROUTE, json={"rows": [row, strange, row | {"type": "Y"}]})
    assert refusal(many) == (422, code, "rows[1].type")
    assert words.replace("type", "rows[1].type", 1) in many.json()["error"]["message"]


def test_blanks_around_a_category_are_not_part_of_it(client: httpx.Client, row: dict[str, Any]) -> None:
    (expected,) = scores_of(client.post(ROUTE, json=row))
    padded = row | {"type": f" {row['type']}\u00a0"}
    assert scores_of(client.post(ROUTE, json=padded)) == pytest.approx([expected], abs=PARITY_TOLERANCE)
    many = scores_of(client.post(ROUTE, json={"rows": [row, padded] * 40}))
    assert many == pytest.approx([expected] * 80, abs=PARITY_TOLERANCE)


def test_an_undeclared_category_is_scored_as_missing_where_the_dataset_file_says_so(
    lenient: httpx.Client, lenient_bundle: Bundle, row: dict[str, Any]
) -> None:
    strange = row | {"type": "X"}
    name = 'lathe_unknown_categories_total{feature="type"'
    before = {key: value for key, value in read_metrics(lenient).items() if key.startswith(name)}
    single = lenient.post(ROUTE, json=strange)
    many = lenient.post(ROUTE, json={"rows": [strange, row, strange]})
    after = {key: value for key, value in read_metrics(lenient).items() if key.startswith(name)}
    model = ReferenceModel.from_bundle(lenient_bundle)
    reference = model.score_table({key: [value] for key, value in strange.items()})
    assert scores_of(single) == pytest.approx(reference.tolist(), abs=PARITY_TOLERANCE)
    assert scores_of(many)[0] == pytest.approx(reference[0], abs=PARITY_TOLERANCE)
    assert sum(after.values()) - sum(before.values()) == 3
    assert single.json()["warnings"] == [{"code": "unknown_category", "field": "type"}]
    assert many.json()["warnings"] == [
        {"code": "unknown_category", "field": f"rows[{place}].type", "row": place} for place in (0, 2)
    ]
    assert "warnings" not in lenient.post(ROUTE, json=row).json()
    assert "warnings" not in lenient.post(ROUTE, json={"rows": [row]}).json()
    assert refusal(lenient.post(ROUTE, json=row | {"type": " "})) == (422, "missing_value", "type")


def test_repeating_a_name_in_the_same_row_is_refused(client: httpx.Client, row: dict[str, Any]) -> None:
    text = json.dumps(row)
    doubled = "{" + text[1:-1] + ', "torque_nm": 1.0}'
    escaped = "{" + text[1:-1] + ', "torque\\u005fnm": 1.0}'
    for body in (doubled, escaped, '{"rows": [' + doubled + "]}", '{"rows": [], "rows": [' + text + "]}"):
        assert refusal(send(client, body.encode()))[1] == "repeated_name"


def test_a_colon_in_a_category_is_no_repeated_name(lenient: httpx.Client, row: dict[str, Any]) -> None:
    assert len(scores_of(lenient.post(ROUTE, json=row | {"type": "a:b"}))) == 1


CORPUS: list[tuple[str, str, int, str]] = [
    # name, value in the place of a number or, after an exclamation mark, the whole body, status, code
    ("NaN", "NaN", 400, "malformed_json"),
    ("Infinity", "Infinity", 400, "malformed_json"),
    ("minus infinity", "-Infinity", 400, "malformed_json"),
    ("overflow", "1e999", 422, "above_maximum"),
    ("negative overflow", "-1e999", 422, "below_minimum"),
    ("huge integer", "9" * 400, 422, "above_maximum"),
    ("integer of 5000 digits", "9" * 5000, 422, "above_maximum"),
    ("true", "true", 422, "wrong_type"),
    ("string of a number", '"1"', 422, "wrong_type"),
    ("null", "null", 422, "missing_value"),
    ("array", "[1]", 422, "wrong_type"),
    ("object", "{}", 422, "wrong_type"),
    ("too large", "200.1", 422, "above_maximum"),
    ("too small", "-0.1", 422, "below_minimum"),
    ("leading zero", "01", 400, "malformed_json"),
    ("plus sign", "+1", 400, "malformed_json"),
    ("hexadecimal", "0x10", 400, "malformed_json"),
    ("lone surrogate", '"\\ud800"', 400, "malformed_json"),
    ("deep nesting", "[" * 10_000, 400, "malformed_json"),
    ("deep and closed", "[" * 2000 + "]" * 2000, 400, "malformed_json"),
    ("empty", "!", 400, "malformed_json"),
    ("blank", "!   ", 400, "malformed_json"),
    ("null body", "!null", 422, "wrong_type"),
    ("number body", "!1", 422, "wrong_type"),
    ("array body", "![]", 422, "wrong_type"),
    ("empty object", "!{}", 422, "missing_field"),
    ("rows is no list", '!{"rows": 1}', 422, "missing_field"),
    ("no rows", '!{"rows": []}', 422, "no_rows"),
    ("row is null", '!{"rows": [null]}', 422, "wrong_type"),
    ("row is a list", '!{"rows": [[1, 2]]}', 422, "wrong_type"),
    ("truncated", '!{"type": "L"', 400, "malformed_json"),
    ("two documents", "!{} {}", 400, "malformed_json"),
    ("single quotes", "!{'type': 'L'}", 400, "malformed_json"),
    ("byte order mark", '!\ufeff{"type": "L"}', 400, "malformed_json"),
    ("zero byte", '!{"type": "L\x00"}', 400, "malformed_json"),
    ("trailing comma", '!{"type": "L",}', 400, "malformed_json"),
]


@pytest.mark.parametrize(("value", "status", "code"), [case[1:] for case in CORPUS], ids=[case[0] for case in CORPUS])
def test_malformed_input_is_refused_with_a_stable_code(
    client: httpx.Client, row: dict[str, Any], value: str, status: int, code: str
) -> None:
    body = value[1:] if value.startswith("!") else json.dumps(row | {"torque_nm": 0.25}).replace("0.25", value)
    answer = send(client, body.encode())
    assert refusal(answer)[:2] == (status, code)
    assert len(answer.content) < 4096
    if not value.startswith("!"):
        in_batch = send(client, b'{"rows": [' + body.encode() + b"]}")
        assert refusal(in_batch)[:2] == (status, code)


def test_bytes_that_are_not_utf8_are_refused(client: httpx.Client, row: dict[str, Any]) -> None:
    for bad in (b"\xff", b"\xed\xa0\x80", b"\xc0\xaf"):
        body = json.dumps(row | {"type": "@"}).encode().replace(b"@", bad)
        assert refusal(send(client, body))[:2] == (400, "malformed_json")


def test_a_refusal_names_the_field_by_its_place(client: httpx.Client, row: dict[str, Any]) -> None:
    missing = {name: value for name, value in row.items() if name != "torque_nm"}
    assert refusal(client.post(ROUTE, json=missing)) == (422, "missing_field", "torque_nm")
    broken = [row, row | {"torque_nm": "12"}]
    assert refusal(client.post(ROUTE, json={"rows": broken})) == (422, "wrong_type", "rows[1].torque_nm")
    fraction = row | {"rotational_speed_rpm": 1500.5}
    assert refusal(client.post(ROUTE, json=fraction)) == (422, "not_whole", "rotational_speed_rpm")


@pytest.mark.parametrize("secret", ["secret-2911", "<script>alert(2911)</script>", "\r\nx-forged: 2911"])
def test_errors_never_repeat_the_input(client: httpx.Client, row: dict[str, Any], secret: str) -> None:
    bodies: list[object] = [
        row | {secret: 1},
        row | {"torque_nm": secret},
        {"rows": [row], secret: 1},
        {secret: 1},
        secret,
    ]
    for body in bodies:
        answer = client.post(ROUTE, json=body)
        assert answer.status_code == httpx.codes.UNPROCESSABLE_ENTITY
        assert "2911" not in answer.text


def test_unknown_fields_are_refused(client: httpx.Client, row: dict[str, Any]) -> None:
    assert refusal(client.post(ROUTE, json=row | {"extra": 1}))[:2] == (422, "unknown_field")
    assert refusal(client.post(ROUTE, json={"rows": [row], "extra": 1}))[:2] == (422, "unknown_field")


@pytest.mark.parametrize(
    ("content_type", "status"),
    [
        ("application/json; charset=utf-8", 200),
        ('Application/JSON; charset="UTF-8"', 200),
        ("application/json; charset=latin-1", 415),
        ("text/plain", 415),
        ("application/x-www-form-urlencoded", 415),
        ("multipart/form-data", 415),
    ],
)
def test_the_content_type_decides(client: httpx.Client, row: dict[str, Any], content_type: str, status: int) -> None:
    assert send(client, json.dumps(row).encode(), **{"content-type": content_type}).status_code == status


def test_a_compressed_body_is_refused(client: httpx.Client, row: dict[str, Any]) -> None:
    answer = send(client, json.dumps(row).encode(), **{"content-encoding": "gzip"})
    assert refusal(answer)[:2] == (415, "unsupported_media_type")


def test_more_rows_than_allowed_are_refused(client: httpx.Client, row: dict[str, Any]) -> None:
    assert refusal(client.post(ROUTE, json={"rows": [row] * 10_001}))[:2] == (422, "too_many_rows")
    assert len(scores_of(client.post(ROUTE, json={"rows": [row] * 10_000}))) == 10_000


def test_an_oversize_body_is_refused_before_it_is_read(client: httpx.Client) -> None:
    size = 8 * 1024 * 1024 + 1
    stated = client.post(ROUTE, content=b" " * size, headers=JSON)
    assert refusal(stated)[:2] == (413, "body_too_large")

    def chunks() -> Any:
        for _ in range(9):
            yield b" " * 1024 * 1024

    assert refusal(client.post(ROUTE, content=chunks(), headers=JSON))[:2] == (413, "body_too_large")


@pytest.mark.parametrize("given", ["abc-123", "A.b_c:9/=+"])
def test_a_safe_request_id_is_kept(client: httpx.Client, row: dict[str, Any], given: str) -> None:
    answer = client.post(ROUTE, json=row, headers={"x-request-id": given})
    assert answer.headers["x-request-id"] == answer.json()["request_id"] == given


@pytest.mark.parametrize("given", ['a"b', "a b", "x" * 65, "a\tb", "ü"])
def test_an_unsafe_request_id_is_replaced(client: httpx.Client, row: dict[str, Any], given: str) -> None:
    answer = client.post(ROUTE, json=row, headers={b"x-request-id": given.encode()})
    assert answer.headers["x-request-id"] == answer.json()["request_id"] != given
