"""How good the decisions are, from sums alone: of the scores, of the labels that came back, and of both together.

The scores alone are right only while the model is calibrated and its input is true: a sensor's offset makes them
better than the truth. They are never a reason to stop looking. `app/monitor/rules/quality.py` is the same in PromQL.
"""

import math
from typing import NamedTuple

CONFIDENCE_Z = 1.959963984540054  # 95 %
FEWEST_LABELS = 30  # fewer say nothing
WORST_ERROR = 1.0  # of a label: counted once, so that a few right scores are no certainty


class ScoreSums(NamedTuple):
    """Of the rows decided one way: how many, the sum of their scores p, and of p (1 - p)."""

    rows: float
    scores: float
    variance: float


class LabelSums(NamedTuple):
    """Of those whose outcome y is known: how many, how many events, the sum of p, and of (y - p)²."""

    rows: float
    events: float
    scores: float
    squared_error: float


class Events(NamedTuple):
    """How many `events` there are in `rows`, as an estimate with its variance."""

    rows: float
    events: float
    variance: float


class Estimated(NamedTuple):
    """An estimate with its 95 % interval."""

    value: float
    low: float
    high: float


def expect_events(scores: ScoreSums) -> Events:
    """From the scores alone: each row is an event with the probability that is its score."""
    return Events(scores.rows, scores.scores, scores.variance)


def estimate_events(scores: ScoreSums, labels: LabelSums) -> Events | None:
    """From scores and labels: the mean score, moved by the labels' mean of y - p.

    Prediction-powered inference (Angelopoulos et al., 2023, doi 10.1126/science.adi6000). Its variance is
    Var(p) / rows + Var(y - p) / labels. Right whatever the scores are worth, as long as the labels are
    those of a random part of the rows. None where there are too few labels.
    """
    if labels.rows < FEWEST_LABELS or scores.rows <= 0:
        return None
    moved = (labels.events - labels.scores) / labels.rows
    of_labels = (labels.squared_error + WORST_ERROR) / labels.rows - moved**2
    mean = scores.scores / scores.rows
    of_scores = (scores.scores - scores.variance) / scores.rows - mean**2
    variance = max(of_scores, 0.0) / scores.rows + max(of_labels, 0.0) / labels.rows
    return Events(scores.rows, max(scores.rows * (mean + moved), 0.0), scores.rows**2 * variance)


def measure_precision(alarms: Events) -> Estimated | None:
    """The share of events among the rows decided true."""
    if alarms.rows <= 0:
        return None
    return _bound(alarms.events / alarms.rows, math.sqrt(alarms.variance) / alarms.rows, 1.0)


def measure_recall(alarms: Events, others: Events) -> Estimated | None:
    """The share of the events that were decided true, by the delta method."""
    total = alarms.events + others.events
    if total <= 0:
        return None
    spread = others.events**2 * alarms.variance + alarms.events**2 * others.variance
    return _bound(alarms.events / total, math.sqrt(spread) / total**2, 1.0)


def measure_cost(alarms: Events, others: Events, missed: float, false_alarm: float) -> Estimated | None:
    """What a row costs in the mean."""
    rows = alarms.rows + others.rows
    if rows <= 0:
        return None
    cost = missed * others.events + false_alarm * (alarms.rows - alarms.events)
    error = math.sqrt(missed**2 * others.variance + false_alarm**2 * alarms.variance)
    return _bound(cost / rows, error / rows, math.inf)


def measure_share(hits: float, rows: float) -> Estimated | None:
    """A share with Wilson's interval (E. B. Wilson, 1927, doi 10.1080/01621459.1927.10502953)."""
    if rows <= 0:
        return None
    squared = CONFIDENCE_Z**2
    root = CONFIDENCE_Z * math.sqrt(max(hits * (rows - hits) / rows, 0.0) + squared / 4)
    middle, size = hits + squared / 2, rows + squared
    return Estimated(hits / rows, (middle - root) / size, (middle + root) / size)


def measure_calibration(groups: list[tuple[ScoreSums, LabelSums]]) -> float | None:
    """By how many standard errors there are more events than the scores say, over the rows decided either way.

    The variance is that of the labelled scores' errors, or what p (1 - p) of all rows makes of so many labels,
    whichever is larger: the first is too small where fewer events came than the scores say, the second where the
    labels are not of a random part. None where there are too few labels.
    """
    if sum(labels.rows for _, labels in groups) < FEWEST_LABELS:
        return None
    surplus = sum(labels.events - labels.scores for _, labels in groups)
    seen = sum(labels.squared_error for _, labels in groups)
    expected = sum(labels.rows * scores.variance / scores.rows for scores, labels in groups if scores.rows > 0)
    variance = max(seen, expected)
    return surplus / math.sqrt(variance) if variance > 0 else None


def _bound(value: float, error: float, most: float) -> Estimated:
    return Estimated(min(value, most), max(value - CONFIDENCE_Z * error, 0.0), min(value + CONFIDENCE_Z * error, most))
