"""Rows by a published recipe, at any count and seed: the source of data that needs no file and no network."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cli.errors import InputError
from contract.dataset import Dataset

MAX_ROWS = 10_000_000

Roles = dict[str, NDArray[Any]]
Random = np.random.Generator

# Published: S. Matzka (2020), UCI dataset 601.
QUALITIES = np.array(["L", "M", "H"])
QUALITY_SHARES = (0.5, 0.3, 0.2)
WEAR_MIN = np.array([2, 3, 5])  # that a workpiece of each quality adds
STRAIN_LIMITS_MIN_NM = np.array([11_000, 12_000, 13_000])
TOOL_LIFE_MIN = (200, 240)
WORN_TOOL_FAILURES = 51 / 120  # the rest of the worn tools is replaced in time
POWER_W = 2860.0
POWER_LIMITS_W = (3500.0, 9000.0)
HEAT_LIMIT_K = 8.6
HEAT_LIMIT_RPM = 1380
RANDOM_FAILURES = 0.001

# Open in the text, fitted to the published file: mean speed and its spread at each torque.
IDLE_RPM = 895.0
IDLE_TORQUE_NM = 5.0
FASTEST_RPM = 2850.0
SPEED_NOISE_RPM = 51.0
SERIAL_OFFSETS = np.array([47_179, 14_859, 29_413])

RPM_PER_RADIAN_SECOND = 60.0 / (2.0 * np.pi)


@dataclass(frozen=True)
class Recipe:
    """A way to make rows: `generate(rows, seed)` gives one array of shape (rows,) a role."""

    title: str
    generate: Callable[[int, int], Roles]


def generate_milling(rows: int, seed: int) -> Roles:
    """Workpieces on a milling machine, one array of shape (rows,) a role; K, rpm, Nm and min, rounded as sensors do.

    Source: S. Matzka, "Explainable Artificial Intelligence for Predictive Maintenance Applications" (2020).
    """
    random = np.random.Generator(np.random.PCG64(seed))
    air = 300.0 + _walk(random, rows, 2.0)
    process = air + 10.0 + _walk(random, rows, 1.0)
    quality = random.choice(len(QUALITIES), size=rows, p=QUALITY_SHARES)
    index = np.arange(1, rows + 1)
    values: Roles = {
        "index": index,
        "serial": np.char.add(QUALITIES[quality], (index + SERIAL_OFFSETS[quality]).astype(str)).astype(object),
        "quality": QUALITIES[quality].astype(object),
        "air_temperature": _round_tenths(air),
        "process_temperature": _round_tenths(process),
    }
    torque = _round_tenths(np.abs(random.normal(40.0, 10.0, rows)))
    values["rotational_speed"] = _draw_speed(random, torque)
    values["torque"] = torque
    values["tool_wear"], worn_out = _wear_tools(random, WEAR_MIN[quality])
    modes = find_failures(values, STRAIN_LIMITS_MIN_NM[quality])
    modes["tool_wear_failure"] = worn_out
    modes["random_failure"] = random.random(rows) < RANDOM_FAILURES
    values["failure"] = np.any(list(modes.values()), axis=0).astype(np.int64)
    return values | {mode: failed.astype(np.int64) for mode, failed in modes.items()}


RECIPES: dict[str, Recipe] = {"milling": Recipe("the published AI4I recipe", generate_milling)}


def find_recipe(dataset: Dataset) -> Recipe:
    """The recipe that the dataset file names.

    Raises: InputError if it names none or one that is not here.
    """
    if dataset.generator is None:
        raise InputError(f"dataset {dataset.name!r} has no generator: give a CSV or Parquet file or URL")
    if dataset.generator.recipe not in RECIPES:
        known = ", ".join(RECIPES)
        raise InputError(f"generator recipe {dataset.generator.recipe!r} is not known, expected one of {known}")
    return RECIPES[dataset.generator.recipe]


def generate_frame(dataset: Dataset, rows: int, seed: int) -> pd.DataFrame:
    """`rows` raw rows under the dataset's raw column names, in the order of `generator.roles`.

    Raises: InputError if there is no such recipe, its roles are not the dataset's, or a number is out of bounds.
    """
    if not 1 <= rows <= MAX_ROWS:
        raise InputError(f"the generator is to make {rows:,} rows, expected 1 to {MAX_ROWS:,}")
    if seed < 0:
        raise InputError(f"the generator was given the seed {seed}, expected 0 or more")
    recipe = find_recipe(dataset)
    roles = dataset.generator.roles if dataset.generator else {}
    values = recipe.generate(rows, seed)
    if different := sorted(roles.keys() ^ values.keys()):
        raise InputError(
            f"dataset {dataset.name!r}: generator.roles and the recipe differ in {', '.join(different)}; "
            f"expected {', '.join(values)}"
        )
    return pd.DataFrame({column: values[role] for role, column in roles.items()})


def _round_tenths(values: NDArray[np.float64]) -> NDArray[np.float64]:
    tenths: NDArray[np.float64] = np.rint(values * 10.0) / 10.0
    return tenths


def _walk(random: Random, rows: int, deviation: float) -> NDArray[np.float64]:
    """A random walk with mean 0 and the given standard deviation."""
    walk = random.standard_normal(rows).cumsum()
    walk -= walk.mean()
    spread = walk.std()
    return walk * (deviation / spread) if spread > 0 else walk


def _draw_speed(random: Random, torque: NDArray[np.float64]) -> NDArray[np.int64]:
    """Speed in rpm from the power and normal noise."""
    speed = IDLE_RPM + POWER_W * RPM_PER_RADIAN_SECOND / (torque + IDLE_TORQUE_NM)
    noisy = np.minimum(speed, FASTEST_RPM) + random.normal(0.0, SPEED_NOISE_RPM, len(torque))
    return np.rint(noisy).astype(np.int64)


def _wear_tools(random: Random, added: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Minutes of wear before each workpiece, and whether the tool's end was a failure; both of shape (rows,)."""
    rows = len(added)
    before = np.cumsum(added) - added
    starts, ends = [0], []
    while True:
        life = int(random.integers(*TOOL_LIFE_MIN, endpoint=True))
        end = int(np.searchsorted(before, before[starts[-1]] + life, side="right")) - 1
        if end + 1 >= rows:
            break
        ends.append(end)
        starts.append(end + 1)
    tool = np.repeat(np.arange(len(starts)), np.diff([*starts, rows]))
    worn_out = np.zeros(rows, dtype=np.bool_)
    worn_out[ends] = random.random(len(ends)) < WORN_TOOL_FAILURES
    return before - before[starts][tool], worn_out


def find_failures(
    values: Roles, strain_limit: NDArray[Any], heat_limit_k: float = HEAT_LIMIT_K
) -> dict[str, NDArray[np.bool_]]:
    """The failure modes that follow from the row itself; they and `strain_limit`, in min Nm, have shape (rows,)."""
    difference = _round_tenths(values["process_temperature"] - values["air_temperature"])
    power = values["torque"] * values["rotational_speed"] / RPM_PER_RADIAN_SECOND
    return {
        "heat_dissipation_failure": (difference < heat_limit_k) & (values["rotational_speed"] < HEAT_LIMIT_RPM),
        "power_failure": (power < POWER_LIMITS_W[0]) | (power > POWER_LIMITS_W[1]),
        "overstrain_failure": values["tool_wear"] * values["torque"] > strain_limit,
    }
