"""What every route is asked, and how answers are compared."""

import json
from typing import Any, NamedTuple

from contract.bundle import Bundle
from tests.app.predictor.running import dumps
from tests.app.predictor.server.wire.talk import RawAnswer

CSV_ROWS = 3000


class Question(NamedTuple):
    """A POST of which only the order of packets and the headers around it vary."""

    target: str
    content_type: str
    body: bytes


def make_questions(bundle: Bundle, row: dict[str, Any]) -> dict[str, Question]:
    """One of each way through the server: small and at once, small and awaited, large, streamed."""
    kinds = {column.name: "BYTES" if column.type == "category" else "FP64" for column in bundle.manifest.schema.columns}
    tensors = [{"name": name, "shape": [1], "datatype": kinds[name], "data": [value]} for name, value in row.items()]
    line = ",".join(str(value) for value in row.values()) + "\n"
    as_json = "application/json"
    return {
        "a row": Question("/v1/predict", as_json, dumps(row)),
        "a few rows": Question("/v1/predict", as_json, dumps({"rows": [row] * 3})),
        "rows for a thread": Question("/v1/predict", as_json, dumps({"rows": [row] * 100})),
        "a large body": Question("/v1/predict", as_json, dumps({"rows": [row] * 2000})),
        "tensors": Question(f"/v2/models/{bundle.manifest.name}/infer", as_json, dumps({"inputs": tensors})),
        "an explanation": Question("/v1/explain", as_json, dumps(row)),
        "an upload": Question("/v1/batch", "text/csv", (",".join(row) + "\n" + line * CSV_ROWS).encode()),
        "what is refused": Question("/v1/predict", as_json, dumps({"rows": []})),
    }


def normalise(answer: RawAnswer) -> tuple[int, dict[str, str], Any]:
    """What must not depend on how the question came."""
    headers = {name: value for name, value in answer.headers.items() if name not in ("date", "x-request-id")}
    del headers["content-length"]  # of numbers with one digit more or less
    return answer.status, headers, read_lines(answer.body)


def read_lines(body: bytes) -> list[Any]:
    """The documents of an answer, without what differs between any two."""
    lines = [json.loads(line, parse_float=round_number) for line in body.splitlines()]
    for line in lines:
        line.pop("request_id", None)
    return lines


def round_number(text: str) -> float:
    """A score depends in its last digits on how many rows are scored at once."""
    return round(float(text), 6)
