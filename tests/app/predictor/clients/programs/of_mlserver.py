"""MLServer's types and codecs. Arguments: address, model, file of columns."""

import json
import sys
import urllib.request
import warnings
from pathlib import Path
from typing import Any

import numpy as np
from mlserver.codecs import NumpyCodec, StringCodec
from mlserver.types import InferenceRequest, InferenceResponse, Parameters, RequestInput, RequestOutput

warnings.simplefilter("ignore")  # `dict` is deprecated, and what people have
address, model, file = sys.argv[1:]
columns: dict[str, list[Any]] = json.loads(Path(file).read_text())
rows = len(next(iter(columns.values())))


def ask(body: str) -> list[float]:
    request = urllib.request.Request(f"{address}/v2/models/{model}/infer", data=body.encode(), method="POST")
    request.add_header("content-type", "application/json")
    with urllib.request.urlopen(request) as answer:
        told = InferenceResponse.model_validate_json(answer.read())
    scores: list[float] = NumpyCodec.decode_output(told.outputs[0]).ravel().tolist()
    return scores


plain = [
    RequestInput(name=name, shape=[rows], datatype="BYTES" if isinstance(values[0], str) else "FP64", data=values)
    for name, values in columns.items()
]
coded = [
    StringCodec.encode_input(name, values, use_bytes=False)
    if isinstance(values[0], str)
    else NumpyCodec.encode_input(name, np.array(values, dtype=np.float64))
    for name, values in columns.items()
]
about = {"id": "one", "parameters": Parameters(content_type="pd"), "outputs": [RequestOutput(name="score")]}
found = {}
for name, request in {
    "plain": InferenceRequest(inputs=plain),
    "coded": InferenceRequest(inputs=coded),
    "about": InferenceRequest(inputs=coded, **about),
}.items():
    found[f"{name}, dict"] = ask(json.dumps(request.dict()))
    found[f"{name}, json"] = ask(request.json())
    found[f"{name}, model_dump"] = ask(json.dumps(request.model_dump()))
    found[f"{name}, with nulls"] = ask(request.model_dump_json(exclude_unset=False, exclude_none=False))
print(json.dumps(found))
