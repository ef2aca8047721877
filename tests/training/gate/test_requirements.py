"""What the dataset file asks is held against what the champion was made under."""

import dataclasses

import msgspec
import pytest

from contract.dataset import Dataset
from contract.report import Check
from contract.schema import Column, Value
from tests import planted
from training.gate.evidence import gather_evidence
from training.gate.requirements import check_requirements

NEW = Column(name="humidity", source="Humidity", type="number", description="A new sensor", nullable=True)


def ask(dataset: Dataset) -> dict[str, Check]:
    table = planted.machine_table()
    evidence = gather_evidence(planted.candidate(), planted.champion(), table, planted.quick_params())
    changed = dataclasses.replace(evidence, table=planted.with_dataset(table, dataset))
    return {check.subject: check for check in check_requirements(changed)}


def edit_rows(dataset: Dataset, **values: Value) -> Dataset:
    rows = tuple(
        msgspec.structs.replace(case, row={**case.row, **values}) for case in dataset.behaviour.minimum_function
    )
    behaviour = msgspec.structs.replace(dataset.behaviour, minimum_function=rows)
    return msgspec.structs.replace(dataset, behaviour=behaviour)


def test_the_same_file_asks_for_the_same() -> None:
    assert {check.verdict for check in ask(planted.machine_table().dataset).values()} == {"pass"}


@pytest.mark.parametrize("value", [None, 0.4])
def test_a_new_column_in_the_rows_of_the_behaviour_asks_for_nothing_less(value: float | None) -> None:
    dataset = planted.machine_table().dataset
    wider = msgspec.structs.replace(dataset, columns=(*dataset.columns, NEW))
    assert ask(edit_rows(wider, humidity=value))["behaviour"].verdict == "pass"


def test_another_value_of_a_known_column_is_named() -> None:
    found = ask(edit_rows(planted.machine_table().dataset, torque_nm=41.0))["behaviour"]
    assert found.verdict == "fail"
    assert "'an ordinary piece is no alarm' was changed" in found.reason
