"""Rows that reach the leaves of a model, one each, on the very border of its splits: golden rows reach some alone."""

from collections.abc import Iterator

import numpy as np
import xgboost
from numpy.typing import NDArray

from contract.compute.plan import Matrix
from contract.compute.trees import Tree, read_trees

MOST_ROWS = 20_000  # of a larger model every so many leaves

Span = tuple[np.float32, np.float32]  # from the first on, below the second
_EVERYTHING: Span = (np.float32(-np.inf), np.float32(np.inf))


def make_leaf_rows(booster: xgboost.Booster, base: NDArray[np.float32]) -> Matrix:
    """Shape (leaves, features): `base`, a row of features, with what leads to each leaf; at most MOST_ROWS.

    A value stands on its split where the path goes right and just below where it goes left, so that a moved split
    sends it elsewhere. A leaf that no value can reach has no row; nor has the direction of what is missing.
    """
    paths = [spans for tree in read_trees(booster) for spans in _list_paths(tree)]
    paths = paths[:: -(-len(paths) // MOST_ROWS)] if paths else []
    matrix = np.tile(base.astype(np.float32), (len(paths), 1))
    for row, spans in enumerate(paths):
        for feature, span in spans.items():
            matrix[row, feature] = _choose_value(span, matrix[row, feature])
    return matrix


def _list_paths(tree: Tree) -> Iterator[dict[int, Span]]:
    """What each feature must be for each leaf that can be reached."""
    waiting: list[tuple[int, dict[int, Span]]] = [(0, {})]
    while waiting:
        node, spans = waiting.pop()
        left = tree.left_children[node]
        if left == -1:
            yield spans
            continue
        feature, split = tree.split_indices[node], np.float32(tree.split_conditions[node])
        low, high = spans.get(feature, _EVERYTHING)
        if low < split:
            waiting.append((left, {**spans, feature: (low, min(high, split))}))
        if split < high:
            waiting.append((tree.right_children[node], {**spans, feature: (max(low, split), high)}))


def _choose_value(span: Span, usual: np.float32) -> np.float32:
    low, high = span
    if np.isfinite(low):
        return low
    return np.nextafter(high, np.float32(-np.inf)) if np.isfinite(high) else usual
