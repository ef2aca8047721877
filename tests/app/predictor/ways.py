"""Every way by which rows are scored and counted, as requests, and what their answers say of each row."""

import json
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import httpx

from contract.schema import Manifest
from tests.app.predictor.uploads import CSV, NDJSON, to_csv

JSON = "application/json"

Row = dict[str, Any]


class ScoredRow(NamedTuple):
    score: float
    decision: bool | None


class Question(NamedTuple):
    """One request and the rows that it asks for."""

    path: str
    content_type: str
    body: str
    read: Callable[[httpx.Response], list[ScoredRow]]


def read_predictions(answer: httpx.Response) -> list[ScoredRow]:
    assert answer.status_code == httpx.codes.OK, answer.text
    return [ScoredRow(one["score"], one["decision"]) for one in answer.json()["predictions"]]


def read_outputs(answer: httpx.Response) -> list[ScoredRow]:
    assert answer.status_code == httpx.codes.OK, answer.text
    outputs = {output["name"]: output["data"] for output in answer.json()["outputs"]}
    scores = outputs["score"]
    return list(map(ScoredRow, scores, outputs.get("decision", [None] * len(scores))))


def read_lines(answer: httpx.Response) -> list[ScoredRow]:
    assert answer.status_code == httpx.codes.OK, answer.text
    *lines, _ = [json.loads(line) for line in answer.content.splitlines()]
    return [ScoredRow(line["score"], line["decision"]) for line in lines]


def ask_predict(manifest: Manifest, rows: list[Row]) -> Question:
    return Question("/v1/predict", JSON, json.dumps({"rows": rows}), read_predictions)


def ask_infer(manifest: Manifest, rows: list[Row]) -> Question:
    tensors = [
        {
            "name": column.name,
            "shape": [len(rows)],
            "datatype": "BYTES" if column.type == "category" else "FP64",
            "data": [row[column.name] for row in rows],
        }
        for column in manifest.schema.columns
    ]
    return Question(f"/v2/models/{manifest.name}/infer", JSON, json.dumps({"inputs": tensors}), read_outputs)


def ask_csv(manifest: Manifest, rows: list[Row]) -> Question:
    return Question("/v1/batch", CSV, to_csv(rows), read_lines)


def ask_ndjson(manifest: Manifest, rows: list[Row]) -> Question:
    return Question("/v1/batch", NDJSON, "\n".join(map(json.dumps, rows)), read_lines)


def ask_alone(manifest: Manifest, rows: list[Row]) -> Iterator[Question]:
    yield from (Question("/v1/predict", JSON, json.dumps(row), read_predictions) for row in rows)


WAYS: dict[str, Callable[[Manifest, list[Row]], list[Question]]] = {
    "one by one": lambda manifest, rows: list(ask_alone(manifest, rows[:30])),
    "a few": lambda manifest, rows: [ask_predict(manifest, rows[:20])],
    "many": lambda manifest, rows: [ask_predict(manifest, rows)],
    "tensors, a few": lambda manifest, rows: [ask_infer(manifest, rows[:20])],
    "tensors, many": lambda manifest, rows: [ask_infer(manifest, rows)],
    "CSV": lambda manifest, rows: [ask_csv(manifest, rows)],
    "JSON lines": lambda manifest, rows: [ask_ndjson(manifest, rows)],
}
