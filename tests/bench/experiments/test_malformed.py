"""The malformed requests: each is really wrong, in every system's protocol."""

from pathlib import Path

import msgspec
import pytest

from bench.experiments.malformed import SENTINEL_TEXT, list_cases
from bench.model import ServedModel, load_model
from bench.systems import ROBUST, list_systems, pick_systems


@pytest.fixture(scope="module")
def model(bundle_folder: Path) -> ServedModel:
    return load_model(bundle_folder)


@pytest.mark.parametrize("name", ROBUST)
def test_there_are_at_least_twenty_cases_and_none_is_the_sound_request(model: ServedModel, name: str) -> None:
    system = pick_systems(list_systems(model.name), (name,))[0]
    sound = system.row.encode(model.rows.take(0, 1))
    cases = list_cases(system, model)
    assert len(cases) >= 20
    for case in cases.values():
        assert case.body != sound
        assert SENTINEL_TEXT not in case.body


@pytest.mark.parametrize("name", ROBUST)
def test_a_wrong_value_stands_where_a_number_stood(model: ServedModel, name: str) -> None:
    system = pick_systems(list_systems(model.name), (name,))[0]
    body = list_cases(system, model)["true for a number"].body
    sound = system.row.encode(model.rows.take(0, 1))
    assert b"true" in body
    assert type(msgspec.json.decode(body)) is type(msgspec.json.decode(sound))
