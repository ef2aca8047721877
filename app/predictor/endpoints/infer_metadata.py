"""The Open Inference Protocol V2: what a model takes and gives, and the server's extensions."""

from typing import Any

from contract.schema import Column, Manifest

EXTENSIONS = ["binary_tensor_data"]


def list_outputs(manifest: Manifest) -> list[dict[str, Any]]:
    """The outputs of a model; -1 is any number of rows."""
    outputs = [{"name": "score", "datatype": "FP64", "shape": [-1]}]
    if manifest.threshold is not None:
        outputs.append({"name": "decision", "datatype": "BOOL", "shape": [-1]})
    return outputs


def describe_model(manifest: Manifest) -> dict[str, Any]:
    """The protocol's model metadata; -1 is any number of rows."""
    columns = manifest.schema.columns
    inputs = [{"name": column.name, "datatype": _datatype(column), "shape": [-1]} for column in columns]
    return {
        "name": manifest.name,
        "versions": [manifest.version],
        "platform": "xgboost",
        "inputs": inputs,
        "outputs": list_outputs(manifest),
    }


def _datatype(column: Column) -> str:
    return {"category": "BYTES", "integer": "INT64", "number": "FP64"}[column.type]
