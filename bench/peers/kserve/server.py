# mypy: ignore-errors
"""KServe's Python server with a custom model, as its documentation shows: V1 `instances` and V2 tensors."""

import argparse
import uuid

import numpy as np
import xgboost
from kserve import InferOutput, InferRequest, InferResponse, Model, ModelServer, model_server
from kserve.protocol.rest.server import RESTServer


class Machine(Model):
    """One XGBoost model. V1 arrives as a dict, V2 as an InferRequest."""

    def __init__(self, path: str) -> None:
        super().__init__("machine")
        self.booster = xgboost.Booster(model_file=path)
        self.ready = True

    def predict(self, payload, headers=None, response_headers=None):
        if isinstance(payload, InferRequest):
            scores = self.booster.inplace_predict(payload.inputs[0].as_numpy())
            output = InferOutput(name="predict", shape=list(scores.shape), datatype="FP32", data=scores.tolist())
            return InferResponse(
                response_id=payload.id or str(uuid.uuid4()), model_name=self.name, infer_outputs=[output]
            )
        return {"predictions": self.booster.inplace_predict(np.asarray(payload["instances"], np.float32)).tolist()}


class LoopbackServer(RESTServer):
    """KServe listens on every address and has no setting for it; the benchmark stays on loopback."""

    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.config.host = "127.0.0.1"


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--model", required=True)
    parser.add_argument("--port", type=int, required=True)
    given = parser.parse_args()
    model_server.RESTServer = LoopbackServer
    ModelServer(http_port=given.port, enable_grpc=False, workers=1).start([Machine(given.model)])


if __name__ == "__main__":
    main()
