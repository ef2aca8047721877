"""Drift between what two models learnt from: nothing on the same rows, much on moved ones, none without a champion."""

import dataclasses

import numpy as np
import pytest

from contract.schema import ReferenceBins
from tests import planted
from training.gate.drift import LIMIT, describe_drift, measure_psi
from training.gate.evidence import gather_evidence

HALVES = ReferenceBins(edges=(0.0,), categories=(), ratios=(0.5, 0.5, 0.0), drift="alert")


def test_psi_is_the_formulas() -> None:
    values = np.array([-1.0] * 25 + [1.0] * 75)
    expected = (0.25 - 0.5) * np.log(0.25 / 0.5) + (0.75 - 0.5) * np.log(0.75 / 0.5)
    assert measure_psi(HALVES, values) == pytest.approx(expected)


def test_an_empty_bin_and_no_rows_are_finite() -> None:
    assert np.isfinite(measure_psi(HALVES, np.array([])))
    assert measure_psi(HALVES, np.full(10, np.nan)) > LIMIT


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


def test_an_empty_bin_counts_as_one_row_in_ten_thousand() -> None:
    values = np.full(100, -1.0)
    expected = (1.0 - 0.5) * np.log(1.0 / 0.5) + (1e-4 - 0.5) * np.log(1e-4 / 0.5)
    assert measure_psi(HALVES, values) == pytest.approx(expected, rel=1e-12)


def test_a_bin_that_the_reference_never_saw_counts_as_one_row_in_ten_thousand() -> None:
    values = np.array([-1.0] * 49 + [1.0] * 49 + [np.nan] * 2)
    expected = 2 * (0.49 - 0.5) * np.log(0.49 / 0.5) + (0.02 - 1e-4) * np.log(0.02 / 1e-4)
    assert measure_psi(HALVES, values) == pytest.approx(expected, rel=1e-12)
