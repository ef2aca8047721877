"""Which threshold is best: every cut between two scores that occur, with its alarms and its hits."""

import numpy as np
from numpy.typing import NDArray

from contract.dataset import Costs

Vector = NDArray[np.float64]

ABOVE_ALL = 1e-6


def cheapest_threshold(target: Vector, scores: Vector, costs: Costs) -> float:
    """The threshold with the least expected cost: midway between two scores that occur, or above them all."""
    flagged, hits, positives, cuts = count_by_cut(target, scores)
    cost = (positives - hits) * costs.missed + (flagged - hits) * costs.false_alarm
    best = int(np.argmin(cost))
    if positives * costs.missed < cost[best]:  # no alarm at all is cheaper than any
        highest = float(scores.max())
        return highest + ABOVE_ALL * max(1.0, abs(highest))
    return float(cuts[best])


def best_f1_threshold(target: Vector, scores: Vector) -> float:
    """The threshold with the highest F1, midway between two scores that occur."""
    flagged, hits, positives, cuts = count_by_cut(target, scores)
    return float(cuts[int(np.argmax(2 * hits / (flagged + positives)))])


def count_by_cut(target: Vector, scores: Vector) -> tuple[Vector, Vector, float, Vector]:
    """Alarms and hits of each cut from the highest score down, all positives, and the thresholds themselves."""
    order = np.argsort(-scores, kind="stable")
    ranked = scores[order]
    last = np.flatnonzero(np.diff(ranked, append=-np.inf))  # the last row of each distinct score
    hits = np.cumsum(target[order], dtype=np.float64)[last]
    below = np.append(ranked[last][1:], ranked[-1])
    flagged = (last + 1).astype(np.float64)
    middle = ((ranked[last] + below) / 2).astype(np.float64)
    cuts = np.where(middle > below, middle, ranked[last])  # between neighbouring floats there is no middle
    return flagged, hits, float(target.sum()), cuts
