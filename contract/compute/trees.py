"""Whether a model's trees are trees: XGBoost reads any numbers as places of nodes, and a wrong one ends the process."""

from collections.abc import Sequence

import msgspec
import numpy as np
import xgboost

from contract.errors import BundleError


class Tree(msgspec.Struct):
    """What XGBoost writes of a tree, a place a node; a leaf has -1 as its left child."""

    left_children: list[int]
    right_children: list[int]
    split_indices: list[int]
    split_conditions: list[float]


class _Trees(msgspec.Struct):
    trees: list[Tree]


class _GradientBooster(msgspec.Struct):
    model: _Trees


class _Learner(msgspec.Struct):
    gradient_booster: _GradientBooster


class _Model(msgspec.Struct):
    learner: _Learner


def read_trees(booster: xgboost.Booster) -> list[Tree]:
    """Raises: BundleError if XGBoost writes something else."""
    try:
        model = msgspec.json.decode(booster.save_raw("json"), type=_Model)
    except msgspec.DecodeError as error:
        raise BundleError(f"the model's trees cannot be read: {error}") from error
    return model.learner.gradient_booster.model.trees


def check_trees(booster: xgboost.Booster, features: int) -> None:
    """Raises: BundleError if a node leads to none of its tree, twice to the same, or asks for no feature."""
    for number, tree in enumerate(read_trees(booster)):
        if not _is_tree(tree.left_children, tree.right_children, tree.split_indices, features):
            raise BundleError(f"tree {number} of the model is damaged: a node leads to no node or asks for no feature")


def _is_tree(left: Sequence[int], right: Sequence[int], splits: Sequence[int], features: int) -> bool:
    if not len(left) == len(right) == len(splits) > 0:
        return False
    inner = np.asarray(left) != -1
    children = np.concatenate([np.asarray(left)[inner], np.asarray(right)[inner]])
    if len(children) and not 0 < children.min() <= children.max() < len(left):  # nothing leads to the root
        return False
    split_features = np.asarray(splits)[inner]
    are_known = not len(split_features) or 0 <= split_features.min() <= split_features.max() < features
    return are_known and len(np.unique(children)) == len(children)
