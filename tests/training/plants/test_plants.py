"""Every plant gets the verdict that a good reviewer gives, by the check that should say it, in its words."""

import dataclasses

import msgspec
import pytest

from cli.errors import InputError
from contract.dataset import Accepted
from contract.report import Check
from contract.schema import Column
from tests.planted import forge
from tests.training.plants.catalog import CATALOG
from tests.training.plants.stage import Case, Frame, Plant, champion, change, edit_dataset, judge, send, table
from tests.training.plants.verdicts import find_alarms, is_right
from training.gate.judge import GateResult

pytestmark = pytest.mark.slow

PLANTS = [plant for sender, plants in CATALOG.items() if sender != "Honest" for plant in plants]


@pytest.mark.parametrize("plant", PLANTS, ids=lambda plant: plant.name)
def test_a_plant_gets_its_verdict_by_its_check_in_its_words(plant: Plant) -> None:
    result = judge(plant.make())
    assert is_right(plant, result), [
        (check.name, check.verdict, check.reason) for check in result.checks if check.verdict != "pass"
    ]


@pytest.mark.parametrize("plant", CATALOG["Honest"], ids=lambda plant: plant.name)
def test_an_honest_candidate_raises_no_alarm(plant: Plant) -> None:
    result = judge(plant.make())
    assert find_alarms(result) == []
    assert is_right(plant, result)


def test_at_least_ten_plants_are_not_from_the_list_and_six_candidates_are_honest() -> None:
    assert len(CATALOG["Careless and hurried"]) + len(CATALOG["Dishonest"]) >= 10
    assert len(CATALOG["Honest"]) >= 6


def find(result: GateResult, name: str) -> list[Check]:
    return [check for check in result.checks if check.name == name]


def send_flow_log(accepted: tuple[Accepted, ...]) -> Case:
    """A table like the flights': a leakage column that an honest feature is a copy of."""
    column = Column(name="coolant_flow", source="Flow", type="number", description="Set before the piece is begun")
    dataset = edit_dataset(
        columns=(*table().dataset.columns, column),
        leakage=(*table().dataset.leakage, "Flow logged"),
        accepted=accepted,
    )

    def log(frame: Frame) -> Frame:
        flow = frame["UDI"] * 37 % 101 + frame["Torque [Nm]"] / 5
        return frame.assign(**{"Flow": flow.round(1), "Flow logged": flow.round()})

    return send(change(log, dataset))


BY_NAME = Accepted(
    check="leakage/values", column="coolant_flow", by="Ada Miller", reason="The log repeats what was set beforehand"
)


def test_an_honest_column_beside_a_leakage_column_is_refused_and_said_so() -> None:
    (found,) = find(judge(send_flow_log(())), "leakage/values")
    assert found.verdict == "fail"
    assert "coolant_flow is nearly a copy of 'Flow logged'" in found.reason
    assert "accept it by name" in found.reason


def test_a_finding_that_is_accepted_by_name_blocks_no_more_and_says_who_and_why() -> None:
    result = judge(send_flow_log((BY_NAME,)))
    (found,) = find(result, "leakage/values")
    assert not found.blocking
    assert "Accepted by Ada Miller: The log repeats" in found.reason
    assert find(result, "accepted/unused") == []


def test_an_acceptance_that_accepts_nothing_is_refused() -> None:
    case = send(change(dataset=edit_dataset(accepted=(BY_NAME,))))
    (found,) = find(judge(case), "accepted/unused")
    assert (found.verdict, found.blocking) == ("fail", True)
    assert "Ada Miller accepts leakage/values about 'coolant_flow'" in found.reason


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"check": "comparison/pr_auc"}, "nobody may accept"),
        ({"check": "split/fitted rows"}, "nobody may accept"),
        ({"by": " "}, "`by` is empty"),
        ({"reason": ""}, "`reason` is empty"),
    ],
)
def test_an_acceptance_without_name_or_reason_or_of_a_models_fault_is_refused(
    changes: dict[str, str], words: str
) -> None:
    with pytest.raises(InputError, match=words):
        change(dataset=edit_dataset(accepted=(msgspec.structs.replace(BY_NAME, **changes),)))


def test_a_champion_of_the_first_version_is_compared_and_what_cannot_be_checked_is_said() -> None:
    old = forge(champion(), schema_version=1, rows=None, requirements=None)
    result = judge(dataclasses.replace(send(table()), champion=old))
    assert find_alarms(result) == []
    unchecked = {check.name: check for check in result.checks if check.reason.startswith("Not checked: ")}
    assert set(unchecked) == {"data/rows gone", "data/labels", "split/moved", "declared/requirements"}
    assert all(not check.blocking and "earlier version" in check.reason for check in unchecked.values())


def test_a_candidate_without_a_record_of_its_rows_is_to_be_trained_again() -> None:
    case = send(table())
    result = judge(dataclasses.replace(case, candidate=forge(case.candidate, rows=None)))
    (found,) = find(result, "split/fitted rows")
    assert found.verdict == "fail"
    assert "train it again" in found.reason
