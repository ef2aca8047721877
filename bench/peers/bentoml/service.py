# mypy: ignore-errors
"""A BentoML service, as its documentation shows: numpy in, numpy out."""

import os

import bentoml
import numpy as np
import xgboost


@bentoml.service(name="machine", metrics={"enabled": True})
class Machine:
    def __init__(self) -> None:
        self.booster = xgboost.Booster(model_file=os.environ["BENCH_MODEL"])

    @bentoml.api
    def predict(self, rows: np.ndarray) -> np.ndarray:
        return self.booster.inplace_predict(rows.astype(np.float32))
