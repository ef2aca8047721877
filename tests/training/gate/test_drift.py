"""Drift between what two models learnt from: nothing on the same rows, much on moved ones, none without a champion."""

import dataclasses

import numpy as np
import pytest

from contract.psi import measure_psi
from contract.schema import ReferenceBins
from tests import planted
from training.gate.drift import LIMIT, ColumnReference, describe_drift
from training.gate.evidence import gather_evidence

HALVES = ReferenceBins(edges=(0.0,), categories=(), ratios=(0.5, 0.5, 0.0), drift="alert")


def test_a_shift_is_the_index_less_what_chance_adds() -> None:
    values = np.array([-1.0] * 25 + [1.0] * 75)
    index = measure_psi([25, 75, 0], HALVES.ratios, 1000)
    assert ColumnReference(HALVES, 1000).measure(values) == pytest.approx(index.psi - 2 * (1 / 100 + 1 / 1000))


def test_an_empty_bin_and_no_rows_are_finite() -> None:
    reference = ColumnReference(HALVES, 1000)
    assert np.isfinite(reference.measure(np.array([])))
    assert reference.measure(np.full(10, np.nan)) > LIMIT


@pytest.mark.slow
def test_the_champions_own_rows_have_not_drifted_and_moved_ones_have() -> None:
    table = planted.machine_table()
    evidence = gather_evidence(planted.candidate(), planted.champion(), table, planted.quick_params())
    lines = {line.feature: line for line in describe_drift(evidence)}
    assert set(lines) >= {column.name for column in table.dataset.columns}
    assert max(line.psi for line in lines.values()) < LIMIT / 2
    moved = dataclasses.replace(table, frame=table.frame.assign(**{"Torque [Nm]": table.frame["Torque [Nm]"] * 1.5}))
    again = {line.feature: line.psi for line in describe_drift(dataclasses.replace(evidence, table=moved))}
    assert again["torque_nm"] > LIMIT
    assert again["tool_wear_min"] == lines["tool_wear_min"].psi


def test_a_first_run_has_nothing_to_drift_from() -> None:
    evidence = gather_evidence(planted.candidate(), None, planted.machine_table(), planted.quick_params())
    assert list(describe_drift(evidence)) == []
