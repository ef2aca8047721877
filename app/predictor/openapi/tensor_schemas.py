"""What the OpenAPI document says of the Open Inference Protocol V2: its paths' parameters and requests."""

from typing import Any

from app.predictor.endpoints.infer_metadata import EXTENSIONS, describe_model
from app.predictor.inputs.tensor_reader import MATRIX
from contract.schema import Column, Manifest

PREFIX = "/v2"
REQUEST_NAME = "TensorRequest"
SWITCHES = {"binary_data_output": {"type": ["boolean", "null"]}}
ABOUT = f"""Any number of rows: the shape of each tensor is `[rows]` or `[rows, 1]`. The schema shows one row, since
JSON Schema cannot tie a shape to its data. Numbers may be of any numeric datatype; instead of a tensor a column,
one matrix named `{MATRIX}` of shape `[rows, columns]` may hold them all, categories as codes. Members and parameters
that mean nothing here are ignored, and null is as good as nothing. Extensions:
{", ".join(EXTENSIONS)}."""


def describe_tensors(path: str, operation: dict[str, Any], manifest: Manifest | None) -> None:
    """Adds to an operation under /v2 what the framework does not know."""
    for name in ("name", "version"):
        if f"{{{name}}}" in path:
            parameter: dict[str, Any] = {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
            if manifest:
                parameter["example"] = getattr(manifest, name)
            operation.setdefault("parameters", []).append(parameter)
    if not path.endswith("/infer"):
        return
    operation["description"] = ABOUT
    content: dict[str, Any] = {"schema": {"$ref": f"#/components/schemas/{REQUEST_NAME}"}}
    if manifest:
        content["example"] = {"inputs": [_example(column, kind) for column, kind in _inputs(manifest)]}
    operation["requestBody"] = {"required": True, "content": {"application/json": content}}


def request_schema(manifest: Manifest | None, value_schemas: dict[str, Any]) -> dict[str, Any]:
    """JSON Schema of a request with one row; `value_schemas` holds that of each column's value."""
    if manifest is None:
        return {"type": "object"}
    tensors = [_tensor_schema(column.name, kind, value_schemas[column.name]) for column, kind in _inputs(manifest)]
    size = len(tensors)
    inputs = {"type": "array", "prefixItems": tensors, "items": False, "minItems": size, "maxItems": size}
    return {
        "type": "object",
        "required": ["inputs"],
        "properties": {
            "inputs": inputs,
            "id": {"type": ["string", "null"]},
            "parameters": {"type": ["object", "null"], "properties": SWITCHES},
            "outputs": {"type": ["array", "null"], "items": _output_schema(manifest)},
        },
    }


def _output_schema(manifest: Manifest) -> dict[str, Any]:
    names = [output["name"] for output in describe_model(manifest)["outputs"]]
    return {"type": "object", "required": ["name"], "properties": {"name": {"enum": names}}}


def _inputs(manifest: Manifest) -> list[tuple[Column, str]]:
    kinds = [tensor["datatype"] for tensor in describe_model(manifest)["inputs"]]
    return list(zip(manifest.schema.columns, kinds, strict=True))


def _tensor_schema(name: str, datatype: str, value: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "required": ["name", "shape", "datatype", "data"],
        "properties": {
            "name": {"const": name},
            "shape": {"const": [1]},
            "datatype": {"const": datatype},
            "data": {"type": "array", "minItems": 1, "maxItems": 1, "items": value},
        },
    }


def _example(column: Column, datatype: str) -> dict[str, Any]:
    return {"name": column.name, "shape": [1], "datatype": datatype, "data": [column.example]}
