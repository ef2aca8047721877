"""The derived inference artifact: the same trees as ONNX, which answers one row ten times sooner."""

import json
import math

import onnxruntime
import xgboost
from onnxmltools.convert import convert_xgboost
from onnxmltools.convert.common.data_types import FloatTensorType

from app.contract.features.plan import Matrix
from app.contract.schema import Calibration, Task
from app.contract.scoring import PARITY_TOLERANCE, calibrate_margins, find_worst_difference
from training.errors import InputError

GRAPH_NAME = "margin"  # the converter's own default is random


class ParityError(InputError):
    """The artifact does not score as XGBoost does."""


def convert_booster(booster: xgboost.Booster, task: Task) -> bytes:
    """ONNX bytes of a graph from `features` (rows, features) to the margin (rows, 1), both float32."""
    inputs = [("features", FloatTensorType([None, booster.num_features()]))]
    graph = convert_xgboost(_simplify_booster(booster, task), initial_types=inputs, name=GRAPH_NAME)
    content: bytes = graph.SerializeToString(deterministic=True)
    return content


def _simplify_booster(booster: xgboost.Booster, task: Task) -> xgboost.Booster:
    """The same trees as the converter wants them: features f0, f1, …, and a linear link.

    Calibration works on margins, which a converted classifier would hide.
    """
    model = json.loads(booster.save_raw("json"))
    learner = model["learner"]
    if task == "binary":
        base = json.loads(learner["learner_model_param"]["base_score"])
        probability = float(base[0] if isinstance(base, list) else base)
        learner["learner_model_param"]["base_score"] = f"[{math.log(probability / (1 - probability))!r}]"
        learner["objective"] = {"name": "reg:squarederror", "reg_loss_param": {"scale_pos_weight": "1"}}
    plain = xgboost.Booster()
    plain.load_model(bytearray(json.dumps(model).encode()))
    plain.feature_names = None
    return plain


def check_parity(booster: xgboost.Booster, content: bytes, matrix: Matrix, calibration: Calibration, task: Task) -> int:
    """Compares the artifact's scores with XGBoost's on every row; the number of rows compared.

    Raises: ParityError if one differs by more than PARITY_TOLERANCE (absolute up to 1, relative above).
    """
    session = onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"])
    fast = calibrate_margins(session.run(None, {"features": matrix})[0][:, 0], calibration, task)
    exact = calibrate_margins(booster.inplace_predict(matrix, predict_type="margin"), calibration, task)
    worst = find_worst_difference(exact, fast)
    if not worst <= PARITY_TOLERANCE:
        raise ParityError(f"the ONNX artifact differs from XGBoost by {worst:.2g}, expected at most {PARITY_TOLERANCE}")
    return len(matrix)
