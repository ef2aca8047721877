"""The simulation repeats itself, counts what it says, and each rule's statistic is the one that its name says."""

import math

import numpy as np
import pytest
from scipy import stats

from app.monitor.rules.objectives import load_objectives
from bench.drift.alarm_rules import find_alarms, list_rules, measure_distances, sum_windows
from bench.drift.alarm_tables import render_alarms, write_minutes
from bench.drift.alarms import AlarmSettings, simulate_alarms
from bench.drift.population import Population, load_populations
from bench.drift.scene import View, draw_scene
from contract.dataset import Dataset
from contract.psi import measure_psi

RULES = list_rules(load_objectives().drift)
NORMAL = Population("torque", np.random.default_rng(5).normal(40, 10, 10_000))
SMALL = AlarmSettings(weeks=1, changes=3, rates=(10.0,), shifts=(0.5, 2.0))


def ignore(line: str) -> None:
    """What the simulation is at is of no interest here."""


def test_windows_are_sums_of_the_last_minutes() -> None:
    counts = np.random.default_rng(1).integers(0, 9, (50, 3, 2))
    found = sum_windows(counts, 15)
    for minute in range(50):
        assert (found[minute] == counts[max(minute - 14, 0) : minute + 1].sum(axis=0)).all()


@pytest.mark.parametrize("view", ["bins", "replicas", "cells"])
def test_arrivals_are_poisson_and_fall_as_the_population_does(view: View) -> None:
    random = np.random.default_rng(2)
    scene = draw_scene(random, NORMAL, view, 8137, 1.0)
    counts = scene.count(random, 600.0, 400, 400)
    by_minute = counts.reshape(800, -1).sum(axis=1)
    assert by_minute.mean() == pytest.approx(600, abs=5 * math.sqrt(600 / 800))
    assert by_minute.var() == pytest.approx(600, rel=0.25)
    for half, shares in ((counts[:400], scene.before), (counts[400:], scene.after)):
        expected = 600 * 400 * shares
        seen = half.reshape(-1, len(shares)).sum(axis=0)
        assert (np.abs(seen - expected) <= 5 * np.sqrt(expected) + 1).all()


def test_distance_is_scipys_of_the_rows_to_a_cell() -> None:
    random = np.random.default_rng(3)
    scene = draw_scene(np.random.default_rng(4), NORMAL, "cells", 8137, 0.5)
    reference = np.random.default_rng(4).choice(NORMAL.values, 8137)
    counts = scene.count(random, 1000.0, 0, 1)
    rows = np.repeat(np.arange(counts.shape[1]), counts[0]) * NORMAL.deviation / 20
    lowest = min(NORMAL.values.min(), NORMAL.shift(0.5).min()) + 0.5 * NORMAL.deviation / 20
    expected = stats.wasserstein_distance(reference, rows + lowest) / np.std(reference)
    found = measure_distances(counts, scene.ratios, scene.width)
    assert found[0] == pytest.approx(expected, abs=1 / 20)
    assert found[0] == pytest.approx(expected, rel=0.02)


def test_an_alarm_is_what_the_contract_calls_drift_in_any_window() -> None:
    random = np.random.default_rng(6)
    scene = draw_scene(random, NORMAL, "bins", 8137, 0.5)
    counts = scene.count(random, 60.0, 100, 100)
    warn = RULES[0]
    found = find_alarms(RULES, scene, counts)[warn.title]
    for minute in range(0, 200, 9):
        windows = [counts[max(minute + 1 - size, 0) : minute + 1].sum(axis=0) for size in (15, 60, 360, 1440)]
        verdicts = [measure_psi(one.tolist(), scene.ratios.tolist(), 8137).judge(warn.limit) for one in windows]
        assert found[minute] == ("drift" in verdicts)
    assert found[150:].any()


def test_ours_is_silent_without_drift_and_quick_after_a_shift_and_the_same_each_time() -> None:
    rules = RULES[:3]
    findings = simulate_alarms((NORMAL,), rules, SMALL, ignore)
    assert findings == simulate_alarms((NORMAL,), rules, SMALL, ignore)
    warn, retrain = RULES[0].title, RULES[1].title
    assert findings.weeks[warn, 10.0].alarmed == findings.weeks[retrain, 10.0].alarmed == 0
    assert findings.delays[warn, "torque", 2.0, 10.0] <= 5
    assert findings.delays[warn, "torque", 0.5, 10.0] < findings.delays["PSI > 0.2, 1 h", "torque", 0.5, 10.0]


def test_few_rows_make_evidently_and_the_mean_of_replicas_alarm_without_drift() -> None:
    few = AlarmSettings(weeks=1, changes=1, rates=(0.1,), shifts=(2.0,))
    findings = simulate_alarms((NORMAL,), RULES, few, ignore)
    noisy = [title for (title, _), weeks in findings.weeks.items() if weeks.alarmed]
    assert {"Evidently's default, 1 h", "PSI > 0.2, 1 h, mean of ten replicas"} <= set(noisy)
    text = render_alarms(findings, RULES, ("torque",), few, "a normal distribution")
    assert "| Evidently's default, 1 h | – |" in text
    assert "Seed 0" in text


@pytest.mark.parametrize(("minutes", "text"), [(3, "3 min"), (99, "99 min"), (102, "1.7 h"), (math.inf, "never")])
def test_a_delay_is_written_as_a_person_says_it(minutes: float, text: str) -> None:
    assert write_minutes(minutes) == text


def test_the_population_is_every_column_of_numbers_that_may_alert(ai4i: Dataset) -> None:
    origin, populations = load_populations(ai4i, None)
    numbers = [column.name for column in ai4i.columns if column.drift == "alert" and column.type != "category"]
    assert [one.feature for one in populations] == numbers
    assert len(numbers) == 3
    assert "generated" in origin
    assert all(len(one.values) == 10_000 for one in populations)
