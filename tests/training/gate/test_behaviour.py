import msgspec
import numpy as np
import pytest

from contract.dataset import Direction, MinimumFunction
from contract.report import Check
from contract.schema import Calibration
from tests import planted
from training.gate.behaviour import check_behaviour, score_moved, shuffle_scores
from training.gate.evidence import HoldoutEvidence, gather_evidence, score_frame


def gather(**behaviour: object) -> HoldoutEvidence:
    table = planted.machine_table()
    changed = msgspec.structs.replace(table.dataset.behaviour, **behaviour)
    dataset = msgspec.structs.replace(table.dataset, behaviour=changed)
    return gather_evidence(planted.candidate(), None, planted.with_dataset(table, dataset), planted.quick_params())


def ask(evidence: HoldoutEvidence) -> dict[str, Check]:
    return {check.subject: check for check in check_behaviour(evidence, planted.quick_policy().behaviour, seed=1)}


def test_honest_model_behaves_as_the_dataset_says() -> None:
    evidence = gather()
    checks = ask(evidence)
    said = evidence.dataset.behaviour
    assert {check.verdict for check in checks.values()} == {"pass"}
    assert len(checks) == len(said.directions) + len(said.minimum_function) + 1


def test_direction_turned_round_fails() -> None:
    right = planted.machine_table().dataset.behaviour.directions[0]
    wrong = msgspec.structs.replace(right, name="wrong", start=right.end, end=right.start)
    assert ask(gather(directions=(wrong,)))["wrong"].verdict == "fail"


def test_direction_that_moves_nothing_fails() -> None:
    still = Direction(name="still", given={}, start={"torque_nm": 40.0}, end={"torque_nm": 40.0})
    check = ask(gather(directions=(still,)))["still"]
    assert (check.verdict, check.found) == ("fail", "0% of 200 rows")


def test_minimum_function_decided_otherwise_fails() -> None:
    case = planted.machine_table().dataset.behaviour.minimum_function[0]
    turned = MinimumFunction(name="turned", row=case.row, decision=not case.decision)
    assert ask(gather(minimum_function=(turned,)))["turned"].verdict == "fail"


def test_columns_and_derived_features_can_both_be_moved() -> None:
    evidence = gather()
    model, holdout = evidence.candidate.model, evidence.holdout
    unmoved = score_frame(model, holdout.frame)
    assert np.array_equal(score_moved(model, holdout, {}), unmoved)
    assert not np.array_equal(score_moved(model, holdout, {"power_w": 9500.0}), unmoved)
    by_hand = holdout.frame.assign(**{"Torque [Nm]": 70.0}).assign(Type="H")
    assert np.array_equal(score_moved(model, holdout, {"torque_nm": 70.0, "type": "H"}), score_frame(model, by_hand))


def test_shuffling_what_the_model_reads_moves_scores_and_the_rest_moves_none() -> None:
    evidence = gather()
    model, frame = evidence.candidate.model, evidence.holdout.frame
    random = np.random.default_rng(0)
    assert np.abs(shuffle_scores(model, frame, ["UDI", "Product ID", "HDF"], random)).max() == 0.0
    assert np.abs(shuffle_scores(model, frame, ["Torque [Nm]"], random)).max() > 0.1


@pytest.mark.parametrize("slope", [-1.0, 0.0])
def test_turned_or_flat_scores_break_every_direction(slope: float) -> None:
    forged = planted.forge(planted.candidate(), calibration=Calibration(slope=slope, intercept=0.0))
    evidence = gather_evidence(forged, None, planted.machine_table(), planted.quick_params())
    checks = ask(evidence)
    assert {checks[direction.name].verdict for direction in evidence.dataset.behaviour.directions} == {"fail"}
