"""The OpenAPI document, its schemas and examples made from the bundle that is served."""

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from app.predictor.endpoints import predict
from app.predictor.openapi import answers, tensor_schemas
from contract.intake.values import describe_column
from contract.schema import Column, Manifest, ModelSchema

ERROR_SCHEMA = {
    "type": "object",
    "required": ["error", "request_id"],
    "properties": {
        "error": {
            "type": "object",
            "required": ["code", "message"],
            "properties": {
                "code": {"type": "string", "description": "Stable, for programs"},
                "message": {"type": "string", "description": "For people"},
                "field": {"type": "string", "description": "Which value, by the schema's names"},
            },
        },
        "request_id": {"type": "string"},
    },
}

WARNINGS = {
    "type": "array",
    "description": "Values that were taken although training never saw them; only where there are some",
    "items": {
        "type": "object",
        "required": ["code", "field"],
        "properties": {
            "code": {"type": "string"},
            "field": {"type": "string"},
            "row": {"type": "integer", "description": "Of many rows, from 0"},
        },
    },
}


def build_document(app: FastAPI, manifest: Manifest | None, max_rows: int, needs_keys: bool) -> dict[str, Any]:
    """The document of all routes; until a model is loaded, `manifest` is None and a row is any object."""
    document = get_openapi(title=app.title, version="1", routes=app.routes)
    schemas = document.setdefault("components", {}).setdefault("schemas", {})
    schemas["Error"] = ERROR_SCHEMA
    schemas[tensor_schemas.ERROR_NAME] = tensor_schemas.ERROR_SCHEMA
    schema = manifest.schema if manifest else None
    for path, operations in document["paths"].items():
        is_tensor = path.startswith(tensor_schemas.PREFIX)
        for operation in operations.values():
            operation["responses"].pop("422", None)
            name = tensor_schemas.ERROR_NAME if is_tensor else "Error"
            operation["responses"]["default"] = {
                "description": "Refused; the code says why",
                "content": {"application/json": {"schema": {"$ref": f"#/components/schemas/{name}"}}},
            }
            if is_tensor:
                tensor_schemas.describe_tensors(path, operation, manifest)
    values = {column.name: column_schema(column) for column in schema.columns} if schema else {}
    schemas[tensor_schemas.REQUEST_NAME] = tensor_schemas.request_schema(manifest, values)
    schemas["Row"] = row_schema(schema) if schema else {"type": "object"}
    schemas["Answer"] = answer_schema()
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


def answer_schema() -> dict[str, Any]:
    """JSON Schema of every answer of /v1/predict."""
    prediction = {
        "type": "object",
        "required": ["score", "decision"],
        "properties": {"score": {"type": "number"}, "decision": {"type": ["boolean", "null"]}},
    }
    named = {"type": "object", "properties": {"name": {"type": "string"}, "version": {"type": "string"}}}
    return {
        "type": "object",
        "required": ["model", "threshold", "predictions", "request_id"],
        "properties": {
            "model": named | {"required": ["name", "version"]},
            "threshold": {"type": ["number", "null"]},
            "predictions": {"type": "array", "items": prediction},
            "warnings": WARNINGS,
            "request_id": {"type": "string"},
        },
    }


def _describe_predict(operation: dict[str, Any], schema: ModelSchema | None, max_rows: int) -> None:
    row = {"$ref": "#/components/schemas/Row"}
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
    answer = {"application/json": {"schema": {"$ref": "#/components/schemas/Answer"}}}
    operation["responses"]["200"] = {"description": "One prediction a row, in the order of the rows", "content": answer}
