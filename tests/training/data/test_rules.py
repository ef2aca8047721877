"""The dataset file's rules, cell by cell."""

import msgspec
import pandas as pd

from contract.dataset import Dataset
from tests.churn import generate_churn
from training.data.reading import read_values
from training.data.rules import build_rules, find_broken


def test_sound_rows_break_nothing(churn: Dataset) -> None:
    assert find_broken(read_values(generate_churn(200), churn), churn).empty


def test_each_cell_is_blamed_once_for_the_first_cause(churn: Dataset) -> None:
    frame = generate_churn(200).astype({"tenure": object})
    frame.loc[5, "tenure"] = "long"
    frame.loc[9, "tenure"] = -3.5
    broken = find_broken(read_values(frame, churn), churn)
    assert broken.to_dict("records") == [
        {"row": 5, "column": "tenure", "reason": "is not a number"},
        {"row": 9, "column": "tenure", "reason": "is below 0 months"},
    ]


def test_a_cell_is_blamed_for_the_same_cause_however_many_others_are_wrong(churn: Dataset) -> None:
    frame = generate_churn(1000).astype({"tenure": float})
    wrong = {200.5: "is above 120 months", -3.5: "is below 0 months", float("inf"): "is not finite"}
    for place, value in enumerate([*wrong, 0.5] * 200):
        frame.loc[place, "tenure"] = value
    broken = find_broken(read_values(frame, churn), churn).set_index("row")["reason"]
    found = {value: set(broken[frame["tenure"] == value]) for value in wrong}
    assert found == {value: {reason} for value, reason in wrong.items()}


def test_every_declared_column_has_a_rule(ai4i: Dataset, churn: Dataset, charges: Dataset) -> None:
    for dataset in (ai4i, churn, charges):
        rules = build_rules(dataset, pd.DataFrame({dataset.target.source: [0.0]}))
        assert set(rules.columns) == set(dataset.raw_columns)


def test_identifiers_must_be_there_and_leakage_need_not(charges: Dataset) -> None:
    frame = generate_churn(200).astype(object)
    frame.loc[3, ["Churn", "TotalCharges"]] = None
    frame.loc[7, "Branch"] = None
    broken = find_broken(read_values(frame, charges), charges)
    assert broken.to_dict("records") == [{"row": 7, "column": "Branch", "reason": "is missing"}]


def test_a_missing_text_beside_an_impossible_number_is_told_without_a_warning(churn: Dataset) -> None:
    frame = generate_churn(200)
    frame.loc[3, "Contract"] = None
    frame.loc[5, "MonthlyCharges"] = -1.0
    broken = find_broken(read_values(frame, churn), churn)
    assert broken["reason"].tolist() == ["is missing", "is below 0 USD"]


def test_an_undeclared_category_is_refused_unless_the_dataset_file_takes_it_as_missing(churn: Dataset) -> None:
    frame = generate_churn(200)
    frame.loc[3, "Contract"] = "one year"
    broken = find_broken(read_values(frame, churn), churn)
    assert broken["reason"].tolist() == ["is not one of Month-to-month, One year, Two year"]
    columns = tuple(msgspec.structs.replace(column, unknown="missing") for column in churn.columns)
    lenient = msgspec.structs.replace(churn, columns=columns)
    assert find_broken(read_values(frame, lenient), lenient).empty
