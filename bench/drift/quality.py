"""Precision and recall of planted drifts: the truth, the scores' sums, labels alone, and scores with labels.

The formulas are those of contract/quality.py, which the recording rules have too.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from bench.drift.planted import DRIFTS, Flags, PlantedDrift, ScoredRows, score_drift
from contract.bundle import Bundle
from contract.dataset import Dataset
from contract.quality import (
    Estimated,
    Events,
    LabelSums,
    ScoreSums,
    estimate_events,
    expect_events,
    measure_precision,
    measure_recall,
    measure_share,
)

PRECISION, RECALL = "precision", "recall"
TWO_SUMS, LABELS, BOTH = "two sums", "labels alone", "scores and labels"


@dataclass(frozen=True)
class QualitySettings:
    """Each draw takes `rows` of `population` rows and labels a random `labelled` share of them."""

    population: int = 200_000
    rows: int = 20_000
    labelled: float = 0.05
    draws: int = 400
    seed: int = 1


@dataclass
class Estimates:
    """What one way of estimating gave over all draws."""

    found: list[Estimated] = field(default_factory=list)
    draws: int = 0

    def add(self, estimated: Estimated | None) -> None:
        self.draws += 1
        if estimated is not None:
            self.found.append(estimated)

    @property
    def known(self) -> float:
        """The share of draws that have an estimate at all."""
        return len(self.found) / self.draws if self.draws else 0.0

    @property
    def mean(self) -> float:
        return float(np.mean([one.value for one in self.found])) if self.found else math.nan

    @property
    def ends(self) -> tuple[float, float]:
        """The mean of the lower and of the upper ends."""
        low, high = ([one.low for one in self.found], [one.high for one in self.found])
        return (float(np.mean(low)), float(np.mean(high))) if self.found else (math.nan, math.nan)

    def measure_error(self, truth: float) -> float:
        """The root of the mean squared error."""
        errors = [(one.value - truth) ** 2 for one in self.found]
        return math.sqrt(float(np.mean(errors))) if errors else math.nan

    def measure_coverage(self, truth: float) -> float:
        """The share of intervals that hold the truth."""
        held = [one.low <= truth <= one.high for one in self.found]
        return float(np.mean(held)) if held else math.nan


class DriftQuality(NamedTuple):
    """One drift: by measure the truth of the whole population, and by measure and way the estimates of the draws."""

    title: str
    truth: dict[str, float]
    estimates: dict[tuple[str, str], Estimates]


def measure_drifts(
    bundle: Bundle, dataset: Dataset, settings: QualitySettings, say: Callable[[str], None]
) -> list[DriftQuality]:
    """Every planted drift; the same for the same bundle and settings.

    Raises: InputError.
    """
    found = []
    for drift in DRIFTS:
        say(drift.title)
        found.append(measure_drift(drift, bundle, dataset, settings))
    return found


def measure_drift(drift: PlantedDrift, bundle: Bundle, dataset: Dataset, settings: QualitySettings) -> DriftQuality:
    """Raises: InputError."""
    population = score_drift(drift, bundle, dataset, settings.population, settings.seed)
    alarms, failed = population.alarms, population.failed
    hits = float((alarms & failed).sum())
    truth = {PRECISION: hits / max(alarms.sum(), 1), RECALL: hits / max(failed.sum(), 1)}
    estimates = {(measure, way): Estimates() for measure in truth for way in (TWO_SUMS, LABELS, BOTH)}
    random = np.random.default_rng([settings.seed, 1])
    for _ in range(settings.draws):
        rows = population.take(random.integers(settings.population, size=settings.rows))
        labelled = random.random(settings.rows) < settings.labelled
        for key, estimated in estimate_quality(rows, labelled).items():
            estimates[key].add(estimated)
    return DriftQuality(drift.title, truth, estimates)


def estimate_quality(rows: ScoredRows, labelled: Flags) -> dict[tuple[str, str], Estimated | None]:
    """By measure and way; None where there are too few labels."""
    alarms, others = (sum_rows(rows, side, labelled) for side in (rows.alarms, ~rows.alarms))
    expected = expect_events(alarms[0]), expect_events(others[0])
    estimated = estimate_events(*alarms), estimate_events(*others)
    hits, events = alarms[1].events, alarms[1].events + others[1].events
    return {
        (PRECISION, TWO_SUMS): measure_precision(expected[0]),
        (RECALL, TWO_SUMS): measure_recall(*expected),
        (PRECISION, LABELS): measure_share(hits, alarms[1].rows),
        (RECALL, LABELS): measure_share(hits, events),
        (PRECISION, BOTH): measure_precision(estimated[0]) if estimated[0] else None,
        (RECALL, BOTH): _measure_recall(*estimated),
    }


def sum_rows(rows: ScoredRows, side: Flags, labelled: Flags) -> tuple[ScoreSums, LabelSums]:
    """What the predictor's counters hold of the rows decided one way, and of those of them that are labelled."""
    scores = rows.scores[side]
    known = side & labelled
    seen, events = rows.scores[known], rows.failed[known].astype(np.float64)
    return (
        ScoreSums(len(scores), float(scores.sum()), float((scores * (1 - scores)).sum())),
        LabelSums(len(seen), float(events.sum()), float(seen.sum()), float(((events - seen) ** 2).sum())),
    )


def _measure_recall(alarms: Events | None, others: Events | None) -> Estimated | None:
    return measure_recall(alarms, others) if alarms and others else None
