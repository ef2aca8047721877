"""KServe's own client: every form of a request that it can make. Arguments: address, model, file of columns."""

import asyncio
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from kserve import InferenceRESTClient, InferInput, InferRequest, RESTConfig
from kserve.protocol.infer_type import RequestedOutput

address, model, file = sys.argv[1:]
columns: dict[str, list[Any]] = json.loads(Path(file).read_text())
rows = len(next(iter(columns.values())))


def make_inputs(number: str, shape: list[int], how: str) -> list[InferInput]:
    inputs = []
    for name, values in columns.items():
        is_text = isinstance(values[0], str)
        one = InferInput(name, shape, "BYTES" if is_text else number)
        if how == "list":
            one = InferInput(name, shape, one.datatype, values)
        else:
            kind = np.object_ if is_text else {"FP64": np.float64, "FP32": np.float32}[number]
            one.set_data_from_numpy(np.array(values, dtype=kind).reshape(shape), binary_data=how == "bytes")
        inputs.append(one)
    return inputs


def list_forms() -> Iterator[tuple[str, InferRequest | dict[str, Any]]]:
    for how in ("list", "json", "bytes"):
        for number in ("FP64", "FP32"):
            for shape in ([rows], [rows, 1]):
                yield f"{how} {number} {shape}", InferRequest(model, make_inputs(number, shape, how))
    inputs = make_inputs("FP64", [rows], "list")
    yield "an id", InferRequest(model, inputs, request_id="one")
    yield "a version", InferRequest(model, inputs, model_version="7")
    yield "parameters", InferRequest(model, inputs, parameters={"sequence_id": 1, "content_type": "pd", "binary": True})
    yield "an output", InferRequest(model, inputs, request_outputs=[RequestedOutput("score")])
    wanted = RequestedOutput("score", parameters={"binary_data": True})
    yield "an output as bytes", InferRequest(model, inputs, request_outputs=[wanted])
    yield "a dictionary", InferRequest(model, inputs).to_rest()[0]


async def main() -> None:
    client = InferenceRESTClient(RESTConfig(protocol="v2", retries=1))
    found: dict[str, Any] = {"ready": await client.is_model_ready(address, model_name=model)}
    for name, request in list_forms():
        answer = await client.infer(address, request, model_name=model)
        found[name] = answer.outputs[0].as_numpy().ravel().tolist()
    print(json.dumps(found))


asyncio.run(main())
