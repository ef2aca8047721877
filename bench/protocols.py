"""How each system is asked and how its answer is read; peers are handed the finished features."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from bench.model import Rows


@dataclass(frozen=True)
class Protocol:
    """One route. `calibrated` tells the bundle's own scores from the model's raw probabilities."""

    path: str
    encode: Callable[[Rows], bytes]
    read_scores: Callable[[bytes], Sequence[float]] | None  # None: a ceiling, nothing to compare
    calibrated: bool = False


def _encode(content: Any) -> bytes:
    return msgspec.json.encode(content)


def _tensor(name: str, shape: tuple[int, ...], data: list[float]) -> bytes:
    return _encode({"inputs": [{"name": name, "shape": shape, "datatype": "FP32", "data": data}]})


def _read(*keys: str) -> Callable[[bytes], Sequence[float]]:
    def read_scores(body: bytes) -> Sequence[float]:
        found = msgspec.json.decode(body)
        for key in keys:
            found = found[key]
        return found if isinstance(found, list) else [found]

    return read_scores


def _read_tensor(body: bytes) -> Sequence[float]:
    outputs = msgspec.json.decode(body)["outputs"]
    named = [output for output in outputs if output["name"] == "score"]
    data: list[float] = (named or outputs)[0]["data"]
    return data


def _read_predictions(body: bytes) -> Sequence[float]:
    return [prediction["score"] for prediction in msgspec.json.decode(body)["predictions"]]


def _positional(features: list[float]) -> dict[str, float]:
    return {f"feature_{index}": value for index, value in enumerate(features)}


LATHE_ROW = Protocol("/v1/predict", lambda rows: _encode(rows.records[0]), _read_predictions, calibrated=True)
LATHE_RECORDS = Protocol(
    "/v1/predict", lambda rows: _encode({"rows": rows.records}), _read_predictions, calibrated=True
)


def lathe_tensor(model: str) -> Protocol:
    """The raw columns as one matrix, categories as codes."""
    return Protocol(
        f"/v2/models/{model}/infer",
        lambda rows: _tensor("rows", rows.codes.shape, rows.codes.ravel().tolist()),
        _read_tensor,
        calibrated=True,
    )


V2 = Protocol(
    "/v2/models/machine/infer",
    lambda rows: _tensor("rows", rows.features.shape, rows.features.ravel().tolist()),
    _read_tensor,
)
KSERVE_V1 = Protocol(
    "/v1/models/machine:predict", lambda rows: _encode({"instances": rows.features.tolist()}), _read("predictions")
)
BENTOML = Protocol("/predict", lambda rows: _encode({"rows": rows.features.tolist()}), _read())
MLFLOW = Protocol("/invocations", lambda rows: _encode({"inputs": rows.features.tolist()}), _read("predictions"))
RAY = Protocol("/", lambda rows: _encode({"rows": rows.features.tolist()}), _read())
TUTORIAL_ROW = Protocol("/predict", lambda rows: _encode(_positional(rows.features[0].tolist())), _read("probability"))
TUTORIAL_RECORDS = Protocol(
    "/predict_batch", lambda rows: _encode([_positional(row) for row in rows.features.tolist()]), _read("probabilities")
)
EMPTY = Protocol("/predict", lambda rows: _encode(rows.records[0]), None)
