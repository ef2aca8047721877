"""What a person is told of the inputs' oddities, and that good data has none."""

from pathlib import Path

import msgspec
import numpy as np
import pandas as pd
import pytest

from contract.dataset import Dataset
from tests.churn import generate_churn
from training.data.columns import describe_columns
from training.data.sources.source import RawData
from training.data.validation import validate_raw


@pytest.fixture
def lenient(churn: Dataset) -> Dataset:
    columns = tuple(
        msgspec.structs.replace(one, unknown="missing", nullable=True) if one.source == "Contract" else one
        for one in churn.columns
    )
    return msgspec.structs.replace(churn, columns=columns)


def load_notes(frame: pd.DataFrame, dataset: Dataset, folder: Path) -> tuple[str, ...]:
    return validate_raw(RawData(frame, "made"), dataset, folder / "rejected.csv").notes


def test_good_data_needs_no_word(churn: Dataset, lenient: Dataset, tmp_path: Path) -> None:
    assert load_notes(generate_churn(500), churn, tmp_path) == load_notes(generate_churn(500), lenient, tmp_path) == ()


def test_categories_that_count_as_missing_are_named_and_counted(lenient: Dataset, tmp_path: Path) -> None:
    frame = generate_churn(500)
    years = int((frame["Contract"] == "One year").sum())
    frame["Contract"] = frame["Contract"].replace("One year", "one year")
    frame.loc[frame.index[frame["Contract"] == "Two year"][0], "Contract"] = "[red]"
    told, never = load_notes(frame, lenient, tmp_path)
    assert told.startswith(f"{years + 1} rows have another 'Contract' than the dataset file names, taken as missing: ")
    assert f"'one year' ({years}), '[red]' (1)" in told
    assert never.startswith("no row has the 'Contract' 'One year'")


def test_only_the_first_of_many_are_named(lenient: Dataset) -> None:
    frame = generate_churn(100).astype({"SeniorCitizen": str})
    frame["Contract"] = [f"plan {number}" for number in range(100)]
    told, never = describe_columns(frame, lenient)
    assert told.count("'plan ") == 5
    assert "and 95 more" in told
    assert never.count("'") == 2 + 2 * 3


def test_an_empty_column_is_told(churn: Dataset, tmp_path: Path) -> None:
    frame = generate_churn(500).assign(TotalCharges=np.nan)
    assert load_notes(frame, churn, tmp_path) == (
        "column 'TotalCharges' is empty: every row lacks a value, so nothing can be learned from it",
    )
