"""The recipe's rows: repeatable, of any count, and like the published file."""

from pathlib import Path

import msgspec
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cli.errors import InputError
from contract.dataset import Dataset, Generator
from tests.examples import examples
from training.data.sources.generator import generate_frame, generate_milling

MODES = ("tool_wear_failure", "heat_dissipation_failure", "power_failure", "overstrain_failure", "random_failure")


@pytest.fixture(scope="module")
def generated(ai4i: Dataset) -> pd.DataFrame:
    return generate_frame(ai4i, 10_000, 2020)


@pytest.fixture(scope="module")
def published_frame(published: Path) -> pd.DataFrame:
    return pd.read_csv(published, encoding="utf-8-sig")


def test_same_seed_gives_the_same_rows(ai4i: Dataset) -> None:
    pd.testing.assert_frame_equal(generate_frame(ai4i, 500, 1), generate_frame(ai4i, 500, 1))
    assert not generate_frame(ai4i, 500, 1).equals(generate_frame(ai4i, 500, 2))


@settings(max_examples=examples(25))
@given(rows=st.integers(1, 600), seed=st.integers(0, 2**63))
def test_any_count_and_seed_gives_that_many_possible_rows(rows: int, seed: int) -> None:
    values = generate_milling(rows, seed)
    assert {len(column) for column in values.values()} == {rows}
    assert values["index"].tolist() == list(range(1, rows + 1))
    assert values["torque"].min() >= 0
    assert values["tool_wear"].min() == 0
    assert values["tool_wear"].max() <= 240
    assert all(serial[0] == quality for serial, quality in zip(values["serial"], values["quality"], strict=True))
    assert len(set(values["serial"])) == rows


def test_a_row_fails_exactly_if_a_mode_does() -> None:
    values = generate_milling(20_000, 5)
    assert np.array_equal(values["failure"] == 1, np.any([values[mode] == 1 for mode in MODES], axis=0))


def test_heat_power_and_strain_failures_follow_from_the_row() -> None:
    values = generate_milling(20_000, 6)
    cool = np.rint(10 * values["process_temperature"]) - np.rint(10 * values["air_temperature"]) < 86
    slow = values["rotational_speed"] < 1380
    power = values["torque"] * values["rotational_speed"] * 2 * np.pi / 60
    limit = pd.Series(values["quality"]).map({"L": 11_000, "M": 12_000, "H": 13_000}).to_numpy()
    assert np.array_equal(values["heat_dissipation_failure"] == 1, cool & slow)
    assert np.array_equal(values["power_failure"] == 1, (power < 3500) | (power > 9000))
    assert np.array_equal(values["overstrain_failure"] == 1, values["tool_wear"] * values["torque"] > limit)


def test_wear_grows_by_the_quality_and_a_tool_ends_between_its_limits() -> None:
    values = generate_milling(20_000, 7)
    step = np.diff(values["tool_wear"])
    added = pd.Series(values["quality"]).map({"L": 2, "M": 3, "H": 5}).to_numpy()[:-1]
    assert np.array_equal(step[step > 0], added[step > 0])
    ends = np.flatnonzero(step < 0)
    assert values["tool_wear"][ends].min() > 195
    assert np.isin(np.flatnonzero(values["tool_wear_failure"]), ends).all()


def test_ten_thousand_rows_fail_about_as_often_as_published(generated: pd.DataFrame, ai4i: Dataset) -> None:
    assert 0.025 <= generated[ai4i.target.source].mean() <= 0.045


def test_columns_stand_as_in_the_published_file(generated: pd.DataFrame, published_frame: pd.DataFrame) -> None:
    assert list(generated) == list(published_frame)
    assert generated.dtypes.tolist() == published_frame.dtypes.tolist()


def test_failure_modes_are_as_frequent_as_in_the_published_file(
    generated: pd.DataFrame, published_frame: pd.DataFrame, ai4i: Dataset
) -> None:
    for mode in ai4i.leakage:
        assert 0.4 <= generated[mode].sum() / published_frame[mode].sum() <= 1.6, mode


@pytest.mark.parametrize("role", ["air_temperature", "rotational_speed", "torque", "tool_wear"])
def test_numbers_are_distributed_as_in_the_published_file(
    generated: pd.DataFrame, published_frame: pd.DataFrame, ai4i: Dataset, role: str
) -> None:
    assert ai4i.generator is not None
    column = ai4i.generator.roles[role]
    ours, theirs = generated[column], published_frame[column]
    assert abs(ours.mean() - theirs.mean()) < 0.05 * theirs.std()
    assert 0.9 < ours.std() / theirs.std() < 1.1
    assert np.allclose(ours * 10, np.rint(ours * 10))


def test_the_process_is_warmer_than_the_air_as_in_the_published_file(
    generated: pd.DataFrame, published_frame: pd.DataFrame
) -> None:
    # how the two walks run together is chance: only their difference is the recipe's
    for frame in (generated, published_frame):
        difference = frame["Process temperature [K]"] - frame["Air temperature [K]"]
        assert difference.mean() == pytest.approx(10.0, abs=0.05)
        assert difference.std() == pytest.approx(1.0, abs=0.05)


def test_speed_falls_with_torque_as_in_the_published_file(
    generated: pd.DataFrame, published_frame: pd.DataFrame
) -> None:
    columns = ["Rotational speed [rpm]", "Torque [Nm]"]
    ours, theirs = (frame[columns].corr().iloc[0, 1] for frame in (generated, published_frame))
    assert theirs == pytest.approx(-0.875, abs=0.001)
    assert ours == pytest.approx(theirs, abs=0.03)


def test_serial_numbers_count_as_in_the_published_file(generated: pd.DataFrame, published_frame: pd.DataFrame) -> None:
    for frame in (generated, published_frame):
        offset = frame["Product ID"].str[1:].astype(int) - frame["UDI"]
        assert offset.groupby(frame["Type"]).unique().map(list).to_dict() == {"H": [29413], "L": [47179], "M": [14859]}


@pytest.mark.parametrize(("rows", "seed"), [(0, 1), (-5, 1), (10**9, 1), (10, -1)])
def test_impossible_counts_and_seeds_are_refused(ai4i: Dataset, rows: int, seed: int) -> None:
    with pytest.raises(InputError, match="expected"):
        generate_frame(ai4i, rows, seed)


def test_a_dataset_without_generator_is_refused_with_what_to_do(churn: Dataset) -> None:
    with pytest.raises(InputError, match="'churn' has no generator: give a CSV"):
        generate_frame(churn, 10, 1)


def test_unknown_recipe_and_roles_are_named(ai4i: Dataset) -> None:
    assert ai4i.generator is not None
    unknown = msgspec.structs.replace(ai4i.generator, recipe="baking")
    with pytest.raises(InputError, match="'baking' is not known, expected one of milling"):
        generate_frame(msgspec.structs.replace(ai4i, generator=unknown), 10, 1)
    roles = dict(ai4i.generator.roles)
    roles["torsion"] = roles.pop("torque")
    renamed: Generator = msgspec.structs.replace(ai4i.generator, roles=roles)
    with pytest.raises(InputError, match="differ in torque, torsion"):
        generate_frame(msgspec.structs.replace(ai4i, generator=renamed), 10, 1)
