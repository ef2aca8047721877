"""Planted drifts change what their names say and nothing else, and the truth follows."""

import numpy as np
import pytest

from bench.drift.planted import DRIFTS, PlantedDrift, keep, move, plant_drift, score_drift
from cli.errors import InputError
from contract.bundle import Bundle
from contract.dataset import Dataset
from training.data.sources.generator import generate_milling

ROWS, SEED = 20_000, 9
BY_TITLE = {drift.title: drift for drift in DRIFTS}


def find_drift(part: str) -> PlantedDrift:
    return next(drift for title, drift in BY_TITLE.items() if part in title)


def test_without_a_drift_the_rows_and_their_failures_are_the_recipes() -> None:
    values, failed = plant_drift(BY_TITLE["none"], ROWS, SEED)
    recipe = generate_milling(ROWS, SEED)
    assert all((values[role] == recipe[role]).all() for role in recipe)
    assert (failed == (recipe["failure"] == 1)).all()


@pytest.mark.parametrize(
    ("title", "role", "moved"),
    [
        ("torque +0.5 σ", "torque", lambda old: 0.5 * old.std()),
        ("torque +2 σ", "torque", lambda old: 2 * old.std()),
        ("speed +1", "rotational_speed", lambda old: old.std()),
        ("wear", "tool_wear", lambda old: 0.2 * old.mean()),
        ("reads", "torque", lambda old: 10.0),
    ],
)
def test_a_drift_moves_its_own_measure(title: str, role: str, moved: object) -> None:
    recipe = generate_milling(ROWS, SEED)
    values, _ = plant_drift(find_drift(title), ROWS, SEED)
    assert callable(moved)
    assert values[role].mean() - recipe[role].mean() == pytest.approx(moved(recipe[role]), rel=0.01)
    assert values[role].dtype == recipe[role].dtype
    assert values[role].min() >= 0
    measures = ("air_temperature", "process_temperature", "rotational_speed", "torque", "tool_wear", "quality")
    assert all((values[other] == recipe[other]).all() for other in measures if other != role)


@pytest.mark.parametrize("part", ["strain limits", "heat limit"])
def test_a_concept_drift_changes_no_row_and_makes_more_of_them_fail(part: str) -> None:
    recipe = generate_milling(ROWS, SEED)
    values, failed = plant_drift(find_drift(part), ROWS, SEED)
    assert all((values[role] == recipe[role]).all() for role in recipe)
    assert failed.sum() > 1.3 * recipe["failure"].sum()
    assert failed[recipe["failure"] == 1].all()


def test_a_sensors_offset_changes_no_failure() -> None:
    _, failed = plant_drift(find_drift("reads"), ROWS, SEED)
    assert (failed == (generate_milling(ROWS, SEED)["failure"] == 1)).all()


def test_a_measure_does_not_fall_below_zero() -> None:
    values = move("torque", offset=-1000.0)(generate_milling(50, SEED))
    assert not values["torque"].any()
    assert keep(values) is values


def test_a_bundle_of_another_dataset_is_refused(other_bundle: Bundle, ai4i: Dataset) -> None:
    with pytest.raises(InputError, match="expected one of 'ai4i'"):
        score_drift(BY_TITLE["none"], other_bundle, ai4i, 100, SEED)


def test_rows_are_decided_by_the_bundles_threshold(bundle: Bundle, ai4i: Dataset) -> None:
    rows = score_drift(BY_TITLE["none"], bundle, ai4i, ROWS, SEED)
    assert bundle.manifest.threshold is not None
    assert (rows.alarms == (rows.scores >= bundle.manifest.threshold)).all()
    assert 0 < rows.alarms.mean() < 0.1
    assert np.mean(rows.failed[rows.alarms]) > 0.5
