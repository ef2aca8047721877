"""Rules that look at the windows of each minute, ours and others', and when they would alarm."""

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from app.monitor.rules.objectives import DriftLimits, to_seconds
from bench.drift.indexes import Flags, Floats, measure_indexes, measure_plain
from bench.drift.scene import Counts, Scene, View
from contract.psi import FEWEST_ROWS

PLAIN_LIMIT = 0.2  # "a significant change": N. Siddiqi, "Credit Risk Scorecards" (2006)
EVIDENTLY_LIMIT = 0.1  # of the Wasserstein distance in standard deviations, Evidently's default above 1,000 rows

Statistic = Literal["lower bound", "index", "mean index of replicas", "distance"]
VIEWS: dict[Statistic, View] = {
    "lower bound": "bins",
    "index": "bins",
    "mean index of replicas": "replicas",
    "distance": "cells",
}


@dataclass(frozen=True)
class AlarmRule:
    """An alarm is a minute in which the statistic of any of the windows, with enough rows, is above the limit."""

    title: str
    statistic: Statistic
    limit: float
    windows: tuple[str, ...]
    fewest_rows: int = FEWEST_ROWS

    @property
    def view(self) -> View:
        return VIEWS[self.statistic]


def list_rules(limits: DriftLimits) -> tuple[AlarmRule, ...]:
    """Lathe's two with the windows and limits of the objectives file first."""
    return (
        AlarmRule(f"**lower bound > {limits.warn:g}, any window**", "lower bound", limits.warn, limits.windows),
        AlarmRule(f"**lower bound > {limits.retrain:g}, any window**", "lower bound", limits.retrain, limits.windows),
        AlarmRule("PSI > 0.2, 1 h", "index", PLAIN_LIMIT, ("1h",)),
        AlarmRule("PSI > 0.2, 1 h, from 500 rows on", "index", PLAIN_LIMIT, ("1h",), 500),
        AlarmRule("PSI > 0.2, 24 h, from 500 rows on", "index", PLAIN_LIMIT, ("24h",), 500),
        AlarmRule("PSI > 0.2, 1 h, mean of ten replicas", "mean index of replicas", PLAIN_LIMIT, ("1h",)),
        AlarmRule("Evidently's default, 1 h", "distance", EVIDENTLY_LIMIT, ("1h",)),
        AlarmRule("Evidently's default, 24 h, from 1,000 rows on", "distance", EVIDENTLY_LIMIT, ("24h",), 1000),
    )


def find_alarms(rules: tuple[AlarmRule, ...], scene: Scene, counts: Counts) -> dict[str, Flags]:
    """By title of each rule of the scene's view: whether it alarms, of shape (minutes,)."""
    alarms = {rule.title: np.zeros(len(counts), dtype=np.bool_) for rule in rules if rule.view == scene.view}
    for window in {window: None for rule in rules if rule.title in alarms for window in rule.windows}:
        windows = sum_windows(counts, to_seconds(window) // 60)
        values = measure_statistics(scene, windows)
        rows = windows.reshape(len(windows), -1).sum(axis=1)
        for rule in rules:
            if rule.title in alarms and window in rule.windows:
                alarms[rule.title] |= (values[rule.statistic] > rule.limit) & (rows >= rule.fewest_rows)
    return alarms


def measure_statistics(scene: Scene, windows: NDArray[Any]) -> dict[Statistic, Floats]:
    """What can be had of the windows' counts, of the shape that `Scene.count` gives; each of shape (minutes,)."""
    if scene.view == "cells":
        return {"distance": measure_distances(windows, scene.ratios, scene.width)}
    if scene.view == "replicas":
        each = measure_plain(windows, scene.ratios, scene.reference_rows)
        return {"mean index of replicas": each.mean(axis=-1)}
    indexes = measure_indexes(windows, scene.ratios, scene.reference_rows)
    return {"lower bound": indexes.low, "index": indexes.psi}


def measure_distances(counts: NDArray[Any], ratios: Floats, width: float) -> Floats:
    """Wasserstein's between counts (..., cells) and the shares (cells,), in whatever `width` is a cell's width in."""
    live = counts.cumsum(axis=-1) / np.maximum(counts.sum(axis=-1, keepdims=True), 1)
    distances: Floats = np.abs(live - ratios.cumsum()).sum(axis=-1) * width
    return distances


def sum_windows(counts: Counts, minutes: int) -> Counts:
    """The counts of the last so many minutes at the end of each; fewer at the beginning."""
    total = counts.cumsum(axis=0)
    total[minutes:] -= total[:-minutes].copy()
    return total
