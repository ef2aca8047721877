"""The derived inference artifact: the same trees as ONNX, which gives the same float32 margins five times sooner.

XGBoost begins with the base margin and adds the leaves in the order of the trees, in float32. So does this graph: its
first tree is one leaf that holds the base margin. ONNX's own `base_values` would be added last, and round otherwise.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import onnx
import xgboost
from onnx import TensorProto, helper

from contract.compute.engine import INPUT_NAME, OUTPUT_NAME

GRAPH_NAME = "margin"
OPSETS = (("ai.onnx.ml", 3), ("", 15))
IR_VERSION = 8  # the oldest that has these opsets

NODE_ATTRIBUTES = (
    "treeids",
    "nodeids",
    "modes",
    "featureids",
    "values",
    "truenodeids",
    "falsenodeids",
    "missing_value_tracks_true",
)

Tree = Mapping[str, Any]  # as in XGBoost's JSON: one list a property, one entry a node
Node = dict[str, Any]


class ConversionError(ValueError):
    """A model that this graph cannot express."""


def convert_booster(booster: xgboost.Booster) -> bytes:
    """ONNX bytes of a graph from `features` (rows, features) to the margin (rows, 1), both float32.

    Raises: ConversionError for categorical splits and anything but one margin of plain trees.
    """
    trees = _list_trees(booster)
    nodes = [_leaf(0, 0, _find_base_margin(booster))]
    nodes += [node for index, tree in enumerate(trees, 1) for node in _list_nodes(index, tree)]
    leaves = [node for node in nodes if node["modes"] == "LEAF"]
    attributes: dict[str, Any] = {
        f"nodes_{name}": [node[name] for node in nodes] for name in nodes[0] if name != "weights"
    }
    attributes |= {f"target_{name}": [leaf[name] for leaf in leaves] for name in ("treeids", "nodeids", "weights")}
    ensemble = helper.make_node(
        "TreeEnsembleRegressor",
        [INPUT_NAME],
        [OUTPUT_NAME],
        domain=OPSETS[0][0],
        n_targets=1,
        target_ids=[0] * len(leaves),
        **attributes,
    )
    inputs = helper.make_tensor_value_info(INPUT_NAME, TensorProto.FLOAT, [None, booster.num_features()])
    outputs = helper.make_tensor_value_info(OUTPUT_NAME, TensorProto.FLOAT, [None, 1])
    opsets = [helper.make_opsetid(*opset) for opset in OPSETS]
    graph = helper.make_graph([ensemble], GRAPH_NAME, [inputs], [outputs])
    model = helper.make_model(graph, opset_imports=opsets, ir_version=IR_VERSION, producer_name="lathe")
    onnx.checker.check_model(model)
    content: bytes = model.SerializeToString(deterministic=True)
    return content


def _list_trees(booster: xgboost.Booster) -> list[Tree]:
    learner = json.loads(booster.save_raw("json"))["learner"]
    gradient, outputs = learner["gradient_booster"], learner["learner_model_param"]
    if gradient["name"] != "gbtree" or outputs["num_class"] not in ("0", "1") or outputs["num_target"] != "1":
        raise ConversionError(f"booster {gradient['name']!r} of {outputs} is no sum of plain trees")
    trees: list[Tree] = gradient["model"]["trees"]
    if any(tree["categories_nodes"] for tree in trees):
        raise ConversionError("a tree splits by categories, expected numbers alone")
    return trees


def _list_nodes(index: int, tree: Tree) -> Iterator[Node]:
    places = ("left_children", "right_children", "split_conditions", "split_indices", "default_left")
    for place, (left, right, value, feature, is_left) in enumerate(zip(*(tree[name] for name in places), strict=True)):
        if left == -1:
            yield _leaf(index, place, value)
        else:
            yield _node(index, place, "BRANCH_LT", feature, value, left, right, is_left)


def _leaf(tree: int, place: int, weight: float) -> Node:
    return _node(tree, place, "LEAF") | {"weights": float(np.float32(weight))}


def _node(
    tree: int,
    place: int,
    mode: str,
    feature: int = 0,
    value: float = 0.0,
    left: int = 0,
    right: int = 0,
    is_missing_left: int = 0,
) -> Node:
    values = (tree, place, mode, feature, float(np.float32(value)), left, right, int(is_missing_left))
    return dict(zip(NODE_ATTRIBUTES, values, strict=True))


def _find_base_margin(booster: xgboost.Booster) -> float:
    """The margin that XGBoost begins with, computed by itself: the same trees, with nothing in their leaves."""
    model = json.loads(booster.save_raw("json"))
    for tree in model["learner"]["gradient_booster"]["model"]["trees"]:
        values = zip(tree["left_children"], tree["split_conditions"], strict=True)
        tree["split_conditions"] = [0.0 if left == -1 else value for left, value in values]
    empty = xgboost.Booster()
    empty.load_model(bytearray(json.dumps(model).encode()))
    row = np.zeros((1, booster.num_features()), dtype=np.float32)
    return float(empty.inplace_predict(row, predict_type="margin", validate_features=False)[0])
