"""Drifts planted into rows of the published recipe, whose truth is therefore known."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from cli.errors import InputError
from contract.bundle import Bundle
from contract.compute.scoring import ReferenceModel
from contract.dataset import Dataset
from training.data.sources.generator import (
    HEAT_LIMIT_K,
    QUALITIES,
    STRAIN_LIMITS_MIN_NM,
    Roles,
    find_failures,
    generate_milling,
)

ROW_MODES = ("heat_dissipation_failure", "power_failure", "overstrain_failure")  # that follow from the row itself
CHANCE_MODES = ("tool_wear_failure", "random_failure")

Change = Callable[[Roles], Roles]
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]


def move(role: str, *, deviations: float = 0.0, factor: float = 1.0, offset: float = 0.0) -> Change:
    """One measure of each row, times `factor`, moved; not below 0, and to what its sensor resolves."""

    def change(values: Roles) -> Roles:
        old = values[role]
        new = np.maximum(old * factor + deviations * old.std() + offset, 0.0)
        steps = 1.0 if old.dtype.kind == "i" else 10.0
        return values | {role: (np.rint(new * steps) / steps).astype(old.dtype)}

    return change


def keep(values: Roles) -> Roles:
    return values


@dataclass(frozen=True)
class PlantedDrift:
    """`change` is what becomes of the machine's rows, `misread` what the sensors then make of them.

    `strain` times the recipe's limits, and `heat_limit_k`, are what a machine stands.
    """

    title: str
    change: Change = keep
    strain: float = 1.0
    heat_limit_k: float = HEAT_LIMIT_K
    misread: Change = keep


DRIFTS = (
    PlantedDrift("none"),
    PlantedDrift("torque +0.5 σ", move("torque", deviations=0.5)),
    PlantedDrift("torque +2 σ", move("torque", deviations=2.0)),
    PlantedDrift("speed −0.5 σ", move("rotational_speed", deviations=-0.5)),  # noqa: RUF001 - a minus sign, as printed
    PlantedDrift("speed +1 σ", move("rotational_speed", deviations=1.0)),
    PlantedDrift("wear ×1.2", move("tool_wear", factor=1.2)),
    PlantedDrift("concept: strain limits −15 %", strain=0.85),  # noqa: RUF001 - a minus sign, as printed
    PlantedDrift("concept: heat limit 9.2 K", heat_limit_k=9.2),
    PlantedDrift("sensor: torque reads +10 Nm", misread=move("torque", offset=10.0)),
)


class ScoredRows(NamedTuple):
    """Of each row its score, whether it was decided true, and whether it failed; all of shape (rows,)."""

    scores: Floats
    alarms: Flags
    failed: Flags

    def take(self, rows: NDArray[np.intp]) -> "ScoredRows":
        return ScoredRows(self.scores[rows], self.alarms[rows], self.failed[rows])


def plant_drift(drift: PlantedDrift, rows: int, seed: int) -> tuple[Roles, Flags]:
    """What the sensors say of each row, one array of shape (rows,) a role, and whether the row failed."""
    values = drift.change(generate_milling(rows, seed))
    quality = (values["quality"][:, np.newaxis] == QUALITIES).argmax(axis=1)
    modes = find_failures(values, drift.strain * STRAIN_LIMITS_MIN_NM[quality], drift.heat_limit_k)
    failed = np.any([*modes.values(), *(values[mode] == 1 for mode in CHANCE_MODES)], axis=0)
    return drift.misread(values), failed


def score_drift(drift: PlantedDrift, bundle: Bundle, dataset: Dataset, rows: int, seed: int) -> ScoredRows:
    """What the bundle's model makes of a planted drift.

    Raises: InputError if the bundle is not of the dataset or decides nothing.
    """
    manifest = bundle.manifest
    if manifest.name != dataset.name or manifest.threshold is None or dataset.generator is None:
        raise InputError(f"the bundle is of {manifest.name!r}, expected one of {dataset.name!r} with a threshold")
    values, failed = plant_drift(drift, rows, seed)
    roles = {source: role for role, source in dataset.generator.roles.items()}
    table: dict[str, NDArray[Any]] = {column.name: values[roles[column.source]] for column in dataset.columns}
    scores = ReferenceModel.from_bundle(bundle).score_table(table)
    return ScoredRows(scores, scores >= manifest.threshold, failed)
