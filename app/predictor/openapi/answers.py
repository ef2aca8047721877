"""The OpenAPI document of what stands beside /v1/predict: explanations, sweeps, uploads, feedback."""

from typing import Any

import msgspec

from app.predictor.endpoints import batch, explain, feedback, what_if
from contract.schema import ModelSchema

PLACE = "#/components/schemas/"
ROW = {"$ref": f"{PLACE}Row"}
STRING = {"type": "string"}
# a line of the header, and at least one of anything: a row that is refused is reported in the answer
CSV_PATTERN = r"^{header}\n[ -~]*[!-~][ -~]*$"

Described = dict[str, Any]


def describe_questions(document: Described, schema: ModelSchema | None, example: Described) -> None:
    """Fills in bodies and answers; `example` is a row."""
    names = [column.name for column in schema.columns] if schema else []
    paths = document["paths"]
    question = {"row": example, "column": names[0] if names else "", "points": 10}
    for route, summary, content, answer in (
        (explain.ROUTE, "Why one row scores as it does", _json(ROW, example), explain.Explanation),
        (
            what_if.ROUTE,
            "Scores of one row as one value moves",
            _json(_sweep_request(names), question),
            what_if.SweepAnswer,
        ),
        (
            feedback.ROUTE,
            "What really happened, by receipt",
            _json(_feedback_request(schema)),
            feedback.FeedbackAnswer,
        ),
    ):
        _fill(paths[route], summary, content, answer)
    csv: Described = {"schema": {"type": "string", "pattern": CSV_PATTERN.format(header=",".join(names))}}
    if schema:
        csv["example"] = "\n".join([",".join(names), ",".join(str(example[name]) for name in names)])
    operation = paths[batch.ROUTE]["post"]
    operation["summary"] = "Scores an upload of any length"
    operation["description"] = (
        "A CSV with a header, or one JSON object a line (application/x-ndjson). The answer is JSON lines with a "
        "summary at the end or, for Accept: text/csv, the uploaded columns with score, decision and error."
    )
    operation["requestBody"] = {"required": True, "content": {"text/csv": csv}}
    lines = {"application/x-ndjson": {"schema": STRING}, "text/csv": {"schema": STRING}}
    operation["responses"]["200"] = {"description": "One line a row, in the order of the rows", "content": lines}


def describe_keys(document: Described) -> None:
    """Says that POST routes need an API key."""
    document["components"]["securitySchemes"] = {
        "bearer": {"type": "http", "scheme": "bearer"},
        "header": {"type": "apiKey", "in": "header", "name": "X-API-Key"},
    }
    for operations in document["paths"].values():
        if "post" in operations:
            operations["post"]["security"] = [{"bearer": []}, {"header": []}]


def describe_answer(kind: type[msgspec.Struct], description: str) -> Described:
    """A response in JSON, whose schema is among the document's components."""
    content = {"application/json": {"schema": {"$ref": f"{PLACE}{kind.__name__}"}}}
    return {"description": description, "content": content}


def _fill(operations: Described, summary: str, content: Described, answer: type[msgspec.Struct]) -> None:
    operation = operations["post"]
    operation["summary"] = summary
    operation["requestBody"] = {"required": True, "content": {"application/json": content}}
    operation["responses"]["200"] = describe_answer(answer, "Answered")


def _json(schema: Described, example: Described | None = None) -> Described:
    return {"schema": schema} | ({"example": example} if example else {})


def _object(**properties: Described) -> Described:
    return {"type": "object", "required": list(properties), "properties": properties}


def _list(items: Described, **bounds: int) -> Described:
    return {"type": "array", "items": items, **bounds}


def _sweep_request(names: list[str]) -> Described:
    points = {"type": "integer", "minimum": what_if.MIN_POINTS, "maximum": what_if.MAX_POINTS}
    column = {"type": "string", "enum": names} if names else STRING
    request = _object(row=ROW, column=column, points=points | {"default": what_if.DEFAULT_POINTS})
    return request | {"required": ["row", "column"], "additionalProperties": False}


def _feedback_request(schema: ModelSchema | None) -> Described:
    is_event = schema is not None and schema.task == "binary"
    description = "Whether the event happened" if is_event else "What was measured"
    outcome = {"type": "boolean" if is_event else "number", "description": description}
    label = _object(receipt=STRING, outcome=outcome) | {"additionalProperties": False}
    labels = _object(feedback=_list(label, minItems=1, maxItems=feedback.MAX_LABELS))
    return {"anyOf": [label, labels | {"additionalProperties": False}]}
