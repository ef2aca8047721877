"""Whether a model's trees are trees: XGBoost reads any numbers as places of nodes, and a wrong one ends the process."""

from collections.abc import Sequence

import msgspec
import numpy as np
import xgboost

from contract.errors import BundleError


class _Tree(msgspec.Struct):
    left_children: list[int]
    right_children: list[int]
    split_indices: list[int]


class _Trees(msgspec.Struct):
    trees: list[_Tree]


class _GradientBooster(msgspec.Struct):
    model: _Trees


class _Learner(msgspec.Struct):
    gradient_booster: _GradientBooster


class _Model(msgspec.Struct):
    learner: _Learner


def check_trees(booster: xgboost.Booster, features: int) -> None:
    """Raises: BundleError if a node leads to none of its tree, twice to the same, or asks for no feature."""
    try:
        model = msgspec.json.decode(booster.save_raw("json"), type=_Model)
    except msgspec.DecodeError as error:
        raise BundleError(f"the model's trees cannot be read: {error}") from error
    for number, tree in enumerate(model.learner.gradient_booster.model.trees):
        if not _is_tree(tree.left_children, tree.right_children, tree.split_indices, features):
            raise BundleError(f"tree {number} of the model is damaged: a node leads to no node or asks for no feature")


def _is_tree(left: Sequence[int], right: Sequence[int], splits: Sequence[int], features: int) -> bool:
    if not len(left) == len(right) == len(splits) > 0:
        return False
    inner = np.asarray(left) != -1
    children = np.concatenate([np.asarray(left)[inner], np.asarray(right)[inner]])
    if len(children) and not 0 < children.min() <= children.max() < len(left):  # nothing leads to the root
        return False
    asked = np.asarray(splits)[inner]
    is_asked = not len(asked) or 0 <= asked.min() <= asked.max() < features
    return is_asked and len(np.unique(children)) == len(children)
