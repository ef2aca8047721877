"""Whether a model's trees are trees: XGBoost reads any numbers as places of nodes, and a wrong one ends the process."""

from collections.abc import Sequence
from typing import Any

import msgspec
import numpy as np
import xgboost
from numpy.typing import NDArray

from contract.bundle import MODEL_NAME
from contract.errors import BundleError

NO_PARENT = 2**31 - 1  # XGBoost's mark of the root


class Tree(msgspec.Struct):
    """What XGBoost writes of a tree, a place a node; a leaf has -1 as its left child."""

    left_children: list[int]
    right_children: list[int]
    parents: list[int]
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
    return _decode_trees(booster.save_raw("json"))


def _decode_trees(content: bytes | bytearray) -> list[Tree]:
    try:
        model = msgspec.json.decode(content, type=_Model)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise BundleError(f"{MODEL_NAME} is not readable by XGBoost: its trees are not there, {error}") from error
    return model.learner.gradient_booster.model.trees


def check_trees(booster: xgboost.Booster, features: int) -> None:
    """Raises: BundleError if a node leads to none of its tree, twice to the same, or asks for no feature."""
    for number, tree in enumerate(read_trees(booster)):
        is_tree = _is_tree(tree.left_children, tree.right_children, tree.split_indices, features)
        if not is_tree or not _leads_back(tree):
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


def _leads_back(tree: Tree) -> bool:
    """Whether the parent of each node that another leads to is that other; those of removed nodes mean nothing."""
    if not may_be_parents(tree.parents) or len(tree.parents) != len(tree.left_children):
        return False
    parents, left, right = map(np.asarray, (tree.parents, tree.left_children, tree.right_children))
    inner = np.flatnonzero(left != -1)  # what stands to the right of a leaf is never looked at
    return np.array_equal(parents[left[inner]], inner) and np.array_equal(parents[right[inner]], inner)


def may_be_parents(parents: Sequence[int] | NDArray[np.integer[Any]]) -> bool:
    """Whether the first of a tree's nodes has no parent and each other one has one of the tree."""
    places = np.asarray(parents)
    if not len(places) or places[0] != NO_PARENT:
        return False
    return len(places) == 1 or bool(0 <= places[1:].min() <= places[1:].max() < len(places))


def check_text(content: bytes) -> None:
    """Whether a model in JSON has trees whose nodes have parents: XGBoost follows these while it reads.

    Raises: BundleError.
    """
    for number, tree in enumerate(_decode_trees(content)):
        if not may_be_parents(tree.parents):
            raise BundleError(f"tree {number} of the model is damaged: the parent of a node is none of its nodes")
