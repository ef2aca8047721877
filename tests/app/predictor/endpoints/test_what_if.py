"""POST /v1/sweep: the score along one column equals the scores of the rows one by one."""

from typing import Any

import httpx
import pytest

from app.predictor.endpoints.what_if import find_range
from contract.bundle import Bundle
from tests.app.predictor.running import read_metrics

ROUTE = "/v1/sweep"


def sweep(client: httpx.Client, row: dict[str, Any], column: str, **more: Any) -> dict[str, Any]:
    answer = client.post(ROUTE, json={"row": row, "column": column, **more})
    assert answer.status_code == httpx.codes.OK, answer.text
    return dict(answer.json())


@pytest.mark.parametrize("column", ["torque_nm", "tool_wear_min", "type"])
def test_each_point_scores_as_the_row_with_that_value(client: httpx.Client, row: dict[str, Any], column: str) -> None:
    told = sweep(client, row, column, points=80)
    rows = [row | {column: value} for value in told["values"]]
    answer = client.post("/v1/predict", json={"rows": rows}).json()
    assert told["scores"] == pytest.approx([one["score"] for one in answer["predictions"]], abs=1e-6)


def test_numbers_stand_on_the_sensors_steps_over_the_range_seen(
    client: httpx.Client, bundle: Bundle, row: dict[str, Any]
) -> None:
    told = sweep(client, row, "torque_nm", points=200)
    column = next(column for column in bundle.manifest.schema.columns if column.name == "torque_nm")
    edges = bundle.manifest.reference["torque_nm"].edges
    seen = find_range(bundle.manifest, column)
    assert seen is not None
    assert seen[0] <= edges[0] < edges[-1] <= seen[1]
    assert told["unit"] == "Nm"
    assert row["torque_nm"] in told["values"]
    assert told["values"] == sorted(told["values"])
    assert all(round(value, 1) == value for value in told["values"])
    assert max(0, seen[0]) - 0.1 <= told["values"][0] <= edges[0]
    assert edges[-1] <= told["values"][-1] <= seen[1] + 0.1
    assert 100 < len(told["values"]) <= 201


def test_whole_numbers_stay_whole_and_within_the_bounds(client: httpx.Client, row: dict[str, Any]) -> None:
    values = sweep(client, row, "tool_wear_min", points=30)["values"]
    assert all(isinstance(value, int) for value in values)
    assert values[0] >= 0


def test_the_rows_own_value_is_within_reach(client: httpx.Client, row: dict[str, Any]) -> None:
    assert sweep(client, row | {"torque_nm": 180.0}, "torque_nm")["values"][-1] == 180.0


@pytest.mark.parametrize("points", [2, 3, 50, 200])
@pytest.mark.parametrize(
    ("column", "own"), [("torque_nm", 41.23), ("tool_wear_min", 101), ("rotational_speed_rpm", 1367)]
)
def test_the_rows_own_value_is_one_of_the_points(
    client: httpx.Client, row: dict[str, Any], column: str, own: float, points: int
) -> None:
    told = sweep(client, row | {column: own}, column, points=points)
    assert told["values"] == sorted(told["values"])
    assert len(told["values"]) <= points + 1
    own_score = client.post("/v1/predict", json=row | {column: own}).json()["predictions"][0]["score"]
    assert told["scores"][told["values"].index(own)] == pytest.approx(own_score, abs=1e-6)


def test_categories_are_swept_in_the_schemas_order(client: httpx.Client, row: dict[str, Any]) -> None:
    assert sweep(client, row, "type")["values"] == ["L", "M", "H"]


def test_an_undeclared_category_beside_the_swept_column_is_warned_of(
    client: httpx.Client, lenient: httpx.Client, row: dict[str, Any]
) -> None:
    strange = row | {"type": "X"}
    warning = [{"code": "unknown_category", "field": "type"}]
    assert sweep(lenient, strange, "torque_nm", points=3)["warnings"] == warning
    assert "warnings" not in sweep(lenient, strange, "type")
    refused = client.post(ROUTE, json={"row": strange, "column": "torque_nm"})
    assert (refused.status_code, refused.json()["error"]["code"]) == (422, "unknown_category")


def test_a_sweep_is_no_traffic(client: httpx.Client, row: dict[str, Any]) -> None:
    before = read_metrics(client)
    sweep(client, row, "torque_nm")
    after = read_metrics(client)
    assert [name for name in after if "rows_total" in name and after[name] != before[name]] == []


@pytest.mark.parametrize(
    ("change", "status", "code", "field"),
    [
        ({"column": "no_such"}, 422, "unknown_field", "column"),
        ({"points": 1}, 422, "below_minimum", "points"),
        ({"points": 201}, 422, "above_maximum", "points"),
        ({"points": "many"}, 422, "invalid_row", None),
        ({"extra": 1}, 422, "invalid_row", None),
        ({"row": {}}, 422, "missing_field", "type"),
        ({"row": {"rows": []}}, 422, "wrong_shape", "rows"),
        ({"row": None}, 422, "wrong_type", None),
    ],
)
def test_a_bad_question_is_refused(
    client: httpx.Client, row: dict[str, Any], change: dict[str, Any], status: int, code: str, field: str | None
) -> None:
    answer = client.post(ROUTE, json={"row": row, "column": "torque_nm"} | change)
    error = answer.json()["error"]
    assert (answer.status_code, error["code"], error.get("field")) == (status, code, field)


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b'{"row": {"type": "\xff"}, "column": "type"}',
        b'{"row": {"type": "\\ud800"}, "column": "type"}',
        b'{"column": "type", "column": "type", "row": ',
        b'{"row": ' + b"[" * 5000 + b"]" * 5000 + b', "column": "type"}',
    ],
)
def test_what_is_not_json_is_refused(client: httpx.Client, body: bytes) -> None:
    answer = client.post(ROUTE, content=body)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "malformed_json")
