"""The OpenAPI document, its schemas and examples made from the bundle that is served."""

from typing import Any

import msgspec
from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from app.predictor.endpoints import explain, feedback, predict, what_if
from app.predictor.http.errors import ErrorAnswer, TensorErrorAnswer
from app.predictor.openapi import answers, tensor_schemas
from contract.intake.values import describe_column
from contract.schema import Column, Manifest, ModelSchema

ANSWERS = (
    ErrorAnswer,
    TensorErrorAnswer,
    predict.PredictAnswer,
    explain.Explanation,
    what_if.SweepAnswer,
    feedback.FeedbackAnswer,
)


def build_document(app: FastAPI, manifest: Manifest | None, max_rows: int, needs_keys: bool) -> dict[str, Any]:
    """The document of all routes; until a model is loaded, `manifest` is None and a row is any object."""
    document = get_openapi(title=app.title, version="1", routes=app.routes)
    schemas = document.setdefault("components", {}).setdefault("schemas", {})
    schemas |= msgspec.json.schema_components(ANSWERS, ref_template=answers.PLACE + "{name}")[1]
    schema = manifest.schema if manifest else None
    for path, operations in document["paths"].items():
        is_tensor = path.startswith(tensor_schemas.PREFIX)
        for operation in operations.values():
            operation["responses"].pop("422", None)
            error = TensorErrorAnswer if is_tensor else ErrorAnswer
            operation["responses"]["default"] = answers.describe_answer(error, "Refused; the code says why")
            if is_tensor:
                tensor_schemas.describe_tensors(path, operation, manifest)
    values = {column.name: column_schema(column) for column in schema.columns} if schema else {}
    schemas[tensor_schemas.REQUEST_NAME] = tensor_schemas.request_schema(manifest, values)
    schemas["Row"] = row_schema(schema) if schema else {"type": "object"}
    answers.describe_questions(document, schema, example_row(schema) if schema else {})
    if needs_keys:
        answers.describe_keys(document)
    _describe_predict(document["paths"][predict.ROUTE]["post"], schema, max_rows)
    return document


def row_schema(schema: ModelSchema) -> dict[str, Any]:
    """JSON Schema of one row."""
    return {
        "type": "object",
        "additionalProperties": False,
        "required": [column.name for column in schema.columns],
        "properties": {column.name: column_schema(column) for column in schema.columns},
    }


def column_schema(column: Column) -> dict[str, Any]:
    """JSON Schema of one value."""
    kind = "string" if column.type == "category" else column.type
    described: dict[str, Any] = {
        "type": [kind, "null"] if column.nullable else kind,
        "description": f"{column.description}; {describe_column(column)}",
    }
    if column.type == "category":
        described |= _describe_categories(column)
    bounds = {"minimum": column.minimum, "maximum": column.maximum}
    described |= {name: bound for name, bound in bounds.items() if bound is not None}
    if column.example is not None:
        described["examples"] = [column.example]
    return described


def _describe_categories(column: Column) -> dict[str, Any]:
    if column.unknown == "missing":
        text = f"{column.description}; {describe_column(column)}; another is taken as missing and warned of"
        about = {"description": text}
        return about if column.nullable else about | {"pattern": r"\S"}
    return {"enum": [*column.categories, *[None] * column.nullable]}


def example_row(schema: ModelSchema) -> dict[str, Any]:
    return {column.name: column.example for column in schema.columns}


def _describe_predict(operation: dict[str, Any], schema: ModelSchema | None, max_rows: int) -> None:
    row = answers.ROW
    rows = {
        "type": "object",
        "additionalProperties": False,
        "required": ["rows"],
        "properties": {"rows": {"type": "array", "minItems": 1, "maxItems": max_rows, "items": row}},
    }
    content: dict[str, Any] = {"schema": {"anyOf": [row, rows]}}
    if schema:
        one = example_row(schema)
        content["examples"] = {"one row": {"value": one}, "several rows": {"value": {"rows": [one, one]}}}
    operation["summary"] = "Scores and decisions"
    operation["description"] = "One row as an object of named fields, or several as an object with `rows`."
    operation["requestBody"] = {"required": True, "content": {"application/json": content}}
    operation["responses"]["200"] = answers.describe_answer(
        predict.PredictAnswer, "One prediction a row, in the order of the rows"
    )
