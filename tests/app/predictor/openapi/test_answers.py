"""The document has the schema of the types that answers are encoded from, and of nothing else."""

from collections.abc import Iterator
from typing import Any

import httpx
import msgspec
import pytest

from app.predictor.endpoints import explain, feedback, predict, what_if
from app.predictor.http.errors import ErrorAnswer, TensorErrorAnswer
from contract.bundle import Bundle
from tests.app.predictor.running import RunningServer
from tests.patience import LAST_RESORT_SECONDS

WITH_RECEIPT = {"x-lathe-receipt": "1"}


@pytest.fixture(scope="module")
def lenient_client(lenient_server: RunningServer) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=lenient_server.url, timeout=LAST_RESORT_SECONDS) as session:
        yield session


@pytest.fixture
def strange_row(lenient_bundle: Bundle) -> dict[str, Any]:
    """A row with a category that training never saw, which is warned of."""
    row = dict(lenient_bundle.manifest.golden[0].row)
    column = next(column for column in lenient_bundle.manifest.schema.columns if column.type == "category")
    return row | {column.name: "never seen"}


def assert_holds_all(answer: httpx.Response, kind: type[msgspec.Struct]) -> None:
    """Nothing is in the answer that its type has not, and the other way round."""
    assert msgspec.json.decode(msgspec.json.encode(msgspec.json.decode(answer.content, type=kind))) == answer.json()


def test_each_answer_is_wholly_its_type(client: httpx.Client, row: dict[str, Any]) -> None:
    predicted = client.post(predict.ROUTE, json=row, headers=WITH_RECEIPT)
    assert_holds_all(predicted, predict.PredictAnswer)
    assert_holds_all(client.post(predict.ROUTE, json={"rows": [row, row]}, headers=WITH_RECEIPT), predict.PredictAnswer)
    assert_holds_all(client.post(explain.ROUTE, json=row), explain.Explanation)
    assert_holds_all(client.post(what_if.ROUTE, json={"row": row, "column": next(iter(row))}), what_if.SweepAnswer)
    label = {"receipt": predicted.json()["predictions"][0]["receipt"], "outcome": True}
    assert_holds_all(client.post(feedback.ROUTE, json=label), feedback.FeedbackAnswer)


def test_a_warning_is_part_of_each_answers_type(lenient_client: httpx.Client, strange_row: dict[str, Any]) -> None:
    other = next(name for name, value in strange_row.items() if value != "never seen")
    for route, body, kind in (
        (predict.ROUTE, strange_row, predict.PredictAnswer),
        (predict.ROUTE, {"rows": [strange_row, strange_row]}, predict.PredictAnswer),
        (explain.ROUTE, strange_row, explain.Explanation),
        (what_if.ROUTE, {"row": strange_row, "column": other}, what_if.SweepAnswer),
    ):
        answer = lenient_client.post(route, json=body)
        assert answer.json()["warnings"]
        assert_holds_all(answer, kind)


def test_each_error_is_wholly_its_type(client: httpx.Client, row: dict[str, Any]) -> None:
    for route in (predict.ROUTE, explain.ROUTE, what_if.ROUTE, feedback.ROUTE, "/nowhere"):
        assert_holds_all(client.post(route, json={"unknown": 1}), ErrorAnswer)
    without = {name: value for name, value in row.items() if name != next(iter(row))}
    refused = client.post(predict.ROUTE, json=without)
    assert refused.json()["error"]["field"]
    assert_holds_all(refused, ErrorAnswer)
    assert_holds_all(client.post("/v2/models/other/infer", json={"inputs": []}), TensorErrorAnswer)


def test_the_document_shows_receipts_and_warnings(client: httpx.Client) -> None:
    schemas = client.get("/openapi.json").json()["components"]["schemas"]
    assert set(schemas["Prediction"]["properties"]) == {"score", "decision", "receipt"}
    assert schemas["Prediction"]["required"] == ["score", "decision"]
    for name in ("PredictAnswer", "Explanation", "SweepAnswer"):
        assert "warnings" in schemas[name]["properties"]
        assert "warnings" not in schemas[name]["required"]
