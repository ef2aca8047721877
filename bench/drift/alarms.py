"""A seeded simulation: how often each rule alarms without drift, and how soon after a shift."""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from bench.drift.alarm_rules import AlarmRule, find_alarms
from bench.drift.population import Population
from bench.drift.scene import draw_scene

WEEK, DAY = 7 * 24 * 60, 24 * 60  # minutes
WATCHED = 3 * DAY  # after a shift
RATES = (0.1, 1.0, 10.0, 100.0)  # rows a second
SHIFTS = (0.25, 0.5, 1.0, 2.0)  # standard deviations
COSTLY_SHARE = 5  # rules whose counts are many get one replication of so many


@dataclass(frozen=True)
class AlarmSettings:
    """How much is simulated; `weeks` and `changes` are replications for each feature and rate."""

    weeks: int = 100
    changes: int = 50
    reference_rows: int = 8137  # what is left of 10,000 rows for the fit
    seed: int = 0
    rates: tuple[float, ...] = RATES
    shifts: tuple[float, ...] = SHIFTS


@dataclass(frozen=True)
class Weeks:
    """Weeks without drift, of one feature each: how many have an alarm, and the share of all their minutes that has."""

    alarmed: int
    weeks: int
    minutes: float


@dataclass(frozen=True)
class AlarmFindings:
    """`weeks` by rule and rate, over all features; `delays` by rule, feature, shift and rate, a median in minutes.

    A delay is infinite where the rule is silent for three days in half of the changes.
    """

    weeks: dict[tuple[str, float], Weeks]
    delays: dict[tuple[str, str, float, float], float]


def simulate_alarms(
    populations: tuple[Population, ...],
    rules: tuple[AlarmRule, ...],
    settings: AlarmSettings,
    say: Callable[[str], None],
) -> AlarmFindings:
    """The same findings for the same settings; a replication's rows do not depend on how many there are."""
    weeks: dict[tuple[str, float], Weeks] = {}
    delays: dict[tuple[str, str, float, float], float] = {}
    for rate in settings.rates:
        say(f"weeks without drift at {rate:g} rows/s")
        weeks |= {(title, rate): found for title, found in _simulate_weeks(populations, rules, settings, rate).items()}
    for feature, population in enumerate(populations):
        say(f"shifts of {population.feature}")
        for shift in settings.shifts:
            for rate in settings.rates:
                medians = _simulate_changes(population, rules, settings, (feature, shift, rate))
                delays |= {(title, population.feature, shift, rate): delay for title, delay in medians.items()}
    return AlarmFindings(weeks, delays)


def count_replications(rules: tuple[AlarmRule, ...], most: int) -> int:
    """How often rules of one view are tried."""
    return most if rules[0].view == "bins" else max(most // COSTLY_SHARE, 1)


def group_rules(rules: tuple[AlarmRule, ...]) -> list[tuple[AlarmRule, ...]]:
    """Those that see the same counts together."""
    views = dict.fromkeys(rule.view for rule in rules)
    return [tuple(rule for rule in rules if rule.view == view) for view in views]


def _simulate_weeks(
    populations: tuple[Population, ...], rules: tuple[AlarmRule, ...], settings: AlarmSettings, rate: float
) -> dict[str, Weeks]:
    """Each week begins with empty windows, as after a release: the first verdicts are from few rows."""
    found: dict[str, Weeks] = {}
    for alike in group_rules(rules):
        minutes: dict[str, list[float]] = {rule.title: [] for rule in alike}
        for feature, population in enumerate(populations):
            for replication in range(count_replications(alike, settings.weeks)):
                random = _seed(settings, 0, feature, rate, alike, replication)
                scene = draw_scene(random, population, alike[0].view, settings.reference_rows, 0.0)
                alarms = find_alarms(alike, scene, scene.count(random, 60 * rate, WEEK, 0))
                for title, alarmed in alarms.items():
                    minutes[title].append(float(alarmed.mean()))
        found |= {
            title: Weeks(sum(share > 0 for share in shares), len(shares), float(np.mean(shares)))
            for title, shares in minutes.items()
        }
    return found


def _simulate_changes(
    population: Population, rules: tuple[AlarmRule, ...], settings: AlarmSettings, where: tuple[int, float, float]
) -> dict[str, float]:
    """The median delay of each rule, a day after the windows began to fill."""
    feature, shift, rate = where
    found: dict[str, float] = {}
    for alike in group_rules(rules):
        delays: dict[str, list[float]] = {rule.title: [] for rule in alike}
        for replication in range(count_replications(alike, settings.changes)):
            random = _seed(settings, shift, feature, rate, alike, replication)
            scene = draw_scene(random, population, alike[0].view, settings.reference_rows, shift)
            alarms = find_alarms(alike, scene, scene.count(random, 60 * rate, DAY, WATCHED))
            for title, alarmed in alarms.items():
                after = np.flatnonzero(alarmed[DAY:])
                delays[title].append(float(after[0] + 1) if len(after) else math.inf)
        found |= {title: float(np.quantile(minutes, 0.5, method="higher")) for title, minutes in delays.items()}
    return found


def _seed(
    settings: AlarmSettings, shift: float, feature: int, rate: float, alike: tuple[AlarmRule, ...], replication: int
) -> np.random.Generator:
    view = sorted(("bins", "cells", "replicas")).index(alike[0].view)
    return np.random.default_rng([settings.seed, round(1000 * shift), feature, round(1000 * rate), view, replication])
