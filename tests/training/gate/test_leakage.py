import dataclasses

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract.schema import Column
from tests import planted
from training.gate.evidence import HoldoutEvidence, gather_evidence
from training.gate.leakage import check_leakage, correlate, list_copies, name_forbidden
from training.gate.policy import LeakageRules

RULES = LeakageRules(correlation=0.97)


def gather(with_champion: bool = True) -> HoldoutEvidence:
    champion = planted.champion() if with_champion else None
    return gather_evidence(planted.candidate(), champion, planted.machine_table(), planted.quick_params())


def test_honest_model_reads_nothing_forbidden_and_copies_nothing() -> None:
    assert [check.verdict for check in check_leakage(gather(), RULES)] == ["pass", "pass"]


def test_physics_behind_a_failure_mode_is_no_copy_of_it() -> None:
    strongest = max(found for _, _, found in list_copies(gather()))
    assert 0.1 < strongest < 0.8


@pytest.mark.parametrize("source", ["HDF", "Machine failure", "UDI"])
def test_column_from_a_forbidden_source_is_found_by_its_name(source: str) -> None:
    lamp = Column(name="lamp", source=source, type="integer", description="Looks harmless")
    evidence = gather()
    schema = planted.candidate().manifest.schema
    forged = planted.forge(planted.candidate(), schema=msgspec.structs.replace(schema, columns=(*schema.columns, lamp)))
    candidate = evidence.candidate.__class__(forged, evidence.candidate.model, evidence.candidate.judgement)
    tampered = dataclasses.replace(evidence, candidate=candidate)
    names, _ = check_leakage(tampered, RULES)
    assert names.verdict == "fail"
    assert source in names.found


def test_shortened_leakage_list_is_still_kept_by_the_champion() -> None:
    evidence = gather()
    dataset = msgspec.structs.replace(evidence.dataset, leakage=())
    shortened = dataclasses.replace(
        evidence,
        table=planted.with_dataset(evidence.table, dataset),
        holdout=planted.with_dataset(evidence.holdout, dataset),
    )
    assert {"HDF", "TWF"} <= name_forbidden(shortened)


@given(st.floats(0.01, 100), st.floats(-10, 10), st.booleans())
def test_a_copy_is_found_however_it_is_scaled_shifted_or_turned(scale: float, shift: float, turned: bool) -> None:
    answer = np.array([0.0, 0, 0, 1, 0, 1, 0, 0])
    copy = (-1 if turned else 1) * scale * answer + shift
    assert abs(correlate(copy, answer)) == pytest.approx(1.0)


def test_missing_values_and_constants_are_no_correlation() -> None:
    answer = np.array([0.0, 1, 0, 1])
    assert correlate(np.full(4, 2.0), answer) == 0.0
    assert correlate(np.array([np.nan, np.nan, 1.0, 2.0]), answer) == 0.0
    assert correlate(np.array([0.0, 1.0, np.nan, 1.0]), answer) == pytest.approx(1.0)
