"""Bad data is refused with the rows as evidence; good data becomes a table."""

from collections.abc import Callable
from pathlib import Path

import msgspec
import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cli.errors import InputError
from contract.dataset import Dataset
from tests.churn import generate_churn
from tests.examples import examples
from training.data.load import load_table
from training.data.reading import read_values
from training.data.sources.source import RawData
from training.data.sources.tables import read_rows
from training.data.table import write_rows
from training.data.validation import validate_raw

Planted = Callable[[str], str]


@pytest.fixture
def rejected(tmp_path: Path) -> Path:
    return tmp_path / "new" / "rejected.csv"


def read_rejected(path: Path) -> pd.DataFrame:
    return pd.read_csv(path, dtype=str, keep_default_na=False)


@pytest.mark.parametrize(
    ("name", "reasons"),
    [
        ("wrong-type", {5: "Torque [Nm] is not a number", 9: "Tool wear [min] is not a whole number"}),
        (
            "impossible-value",
            {
                4: "Torque [Nm] is above 200 Nm",
                7: "Air temperature [K] is below 250 K; Rotational speed [rpm] is not finite",
            },
        ),
        ("duplicate-key", {10: "UDI stands more than once", 11: "UDI stands more than once"}),
        ("unknown-category", {6: "Type is not one of L, M, H"}),
        ("missing-value", {8: "Process temperature [K] is missing"}),
        ("third-class", {8: "Machine failure is not 1 or 0"}),
    ],
)
def test_bad_rows_are_refused_with_line_reason_and_raw_values(
    ai4i: Dataset, planted: Planted, rejected: Path, name: str, reasons: dict[int, str]
) -> None:
    source = planted(f"{name}.csv")
    with pytest.raises(InputError) as caught:
        load_table(ai4i, source, rejected)
    assert str(rejected) in str(caught.value)
    assert f"{len(reasons)} of 24 rows refused" in str(caught.value)
    assert f"row {min(reasons)} (" in str(caught.value)
    assert "\n" not in str(caught.value)
    evidence = read_rejected(rejected)
    assert dict(zip(evidence["row"].astype(int), evidence["reason"], strict=True)) == reasons
    raw = read_rows(source).loc[list(reasons)]
    assert evidence.drop(columns=["row", "reason"]).to_numpy().tolist() == raw.to_numpy().tolist()


@pytest.mark.parametrize(
    ("name", "cause"),
    [
        ("missing-column", r"lacks the columns 'Torque \[Nm\]'; found 'UDI', .*'RNF'; expected every"),
        ("extra-column", "has the columns 'Operator', which the dataset file does not declare"),
        ("no-positives", "no row has Machine failure = 1 among 24 rows"),
    ],
)
def test_data_that_is_wrong_as_a_whole_is_refused(
    ai4i: Dataset, planted: Planted, rejected: Path, name: str, cause: str
) -> None:
    with pytest.raises(InputError, match=cause) as caught:
        load_table(ai4i, planted(f"{name}.csv"), rejected)
    assert caught.value.exit_code == 2
    assert not rejected.exists()


def test_shifted_labels_are_refused_with_the_positives_as_evidence(
    ai4i: Dataset, planted: Planted, rejected: Path
) -> None:
    with pytest.raises(InputError, match=r"prevalence 50\.00% is outside 0\.50% to 15\.00%: 12 of 24 rows"):
        load_table(ai4i, planted("label-shift.csv"), rejected)
    assert read_rejected(rejected)["Machine failure"].tolist() == ["1"] * 12


def test_a_table_is_sorted_in_time_with_settled_types(ai4i: Dataset, planted: Planted, rejected: Path) -> None:
    raw = read_rows(planted("good.csv"))
    table = validate_raw(RawData(raw.iloc[::-1], "reversed"), ai4i, rejected)
    assert table.frame["UDI"].tolist() == list(range(1, 25))
    assert table.frame.index.tolist() == list(range(24))
    assert table.frame.dtypes["Tool wear [min]"] == np.int64
    assert table.frame.dtypes["Torque [Nm]"] == np.float64
    assert table.target.sum() == 2
    assert table.sha256 == validate_raw(RawData(raw, "as it is"), ai4i, rejected).sha256


@pytest.mark.parametrize("cell", [" 6", "6 ", "006", "6e0", "6.0", "+6", "\u00a06"])
def test_a_declared_number_is_read_as_one_however_a_cell_writes_it(
    ai4i: Dataset, planted: Planted, rejected: Path, cell: str
) -> None:
    raw = read_rows(planted("good.csv"))
    raw.loc[7, "UDI"] = cell
    table = validate_raw(RawData(raw, "written otherwise"), ai4i, rejected)
    assert table.frame["UDI"].tolist() == list(range(1, 25))
    assert table.frame.dtypes["UDI"] == np.int64
    assert table.sha256 == load_table(ai4i, planted("good.csv"), rejected).sha256


@pytest.mark.parametrize(
    ("cell", "reason"),
    [
        ("6a", "UDI is not a number"),
        ("0x6", "UDI is not a number"),
        ("6.5", "UDI is not a whole number"),
        ("1e999", "UDI is not finite"),
        ("9007199254740993", "UDI is too large a whole number, declare the column as text"),
        ("  ", "UDI is missing"),
        ("5.0", "UDI stands more than once"),
    ],
)
def test_a_cell_that_is_not_the_declared_number_costs_its_row_and_not_the_order(
    ai4i: Dataset, planted: Planted, rejected: Path, cell: str, reason: str
) -> None:
    raw = read_rows(planted("good.csv"))
    raw.loc[7, "UDI"] = cell
    with pytest.raises(InputError, match=r"rows refused"):
        validate_raw(RawData(raw, "one bad cell"), ai4i, rejected)
    evidence = read_rejected(rejected).set_index("row")
    assert evidence.loc["7", "reason"] == reason
    assert set(evidence.index) <= {"6", "7"}


def test_a_column_declared_as_text_stays_text_and_loses_only_its_blanks(ai4i: Dataset, planted: Planted) -> None:
    raw = read_rows(planted("good.csv")).assign(**{"Product ID": [f" {number:04d}" for number in range(24)]})
    frame = read_values(raw, ai4i).frame
    assert frame["Product ID"].tolist() == [f"{number:04d}" for number in range(24)]


def test_one_good_load_takes_away_the_stale_file_of_rejected_rows(
    ai4i: Dataset, planted: Planted, rejected: Path
) -> None:
    with pytest.raises(InputError):
        load_table(ai4i, planted("missing-value.csv"), rejected)
    assert rejected.exists()
    load_table(ai4i, planted("good.csv"), rejected)
    assert not rejected.exists()


def test_a_load_that_fails_before_validation_leaves_no_stale_evidence(
    ai4i: Dataset, planted: Planted, rejected: Path
) -> None:
    rejected.parent.mkdir()
    rejected.write_text("row,reason\n")
    with pytest.raises(InputError):
        load_table(ai4i, planted("empty.csv"), rejected)
    assert not rejected.exists()


def test_many_reasons_are_counted_and_shortened(ai4i: Dataset, planted: Planted, rejected: Path) -> None:
    raw = read_rows(planted("good.csv")).assign(
        **{name: "" for name in ai4i.raw_columns if name not in (*ai4i.leakage, "UDI")}
    )
    with pytest.raises(InputError, match=r"24 of 24 rows refused: 24 where .*, 3 reasons more; for example row 2 \("):
        validate_raw(RawData(raw, "holes"), ai4i, rejected)
    assert len(read_rejected(rejected)) == 24


def test_an_evidence_file_that_cannot_be_written_is_said_so(ai4i: Dataset, planted: Planted, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises((InputError), match=r"cannot be (written|removed)"):
        load_table(ai4i, planted("missing-value.csv"), tmp_path / "file" / "rejected.csv")


def test_missing_values_pass_where_the_column_allows_them(churn: Dataset, rejected: Path) -> None:
    frame = generate_churn(500)
    table = validate_raw(RawData(frame, "made"), churn, rejected)
    assert table.frame["TotalCharges"].isna().sum() == frame["TotalCharges"].isna().sum() > 0
    assert table.frame["SeniorCitizen"].isin(["0", "1"]).all()


def test_whole_rows_that_repeat_are_refused_where_no_key_is_declared(churn: Dataset, rejected: Path) -> None:
    keyless = msgspec.structs.replace(churn, key=None, identifiers=("Branch",))
    frame = generate_churn(300).drop(columns="customerID").drop_duplicates(ignore_index=True)
    validate_raw(RawData(frame, "single"), keyless, rejected)
    doubled = pd.concat([frame, frame.iloc[[4]]], ignore_index=True)
    with pytest.raises(InputError, match=r"2 of \d+ rows refused: 2 where the whole row stands more than once"):
        validate_raw(RawData(doubled, "doubled"), keyless, rejected)
    assert read_rejected(rejected)["row"].tolist() == ["4", str(len(frame))]


@pytest.mark.parametrize("value", [np.inf, -np.inf, np.nan])
def test_a_target_that_is_no_finite_number_is_refused(charges: Dataset, rejected: Path, value: float) -> None:
    frame = generate_churn(50)
    frame.loc[3, "MonthlyCharges"] = value
    with pytest.raises(InputError, match=r"1 of 50 rows refused: 1 where MonthlyCharges is (not finite|missing)"):
        validate_raw(RawData(frame, "made"), charges, rejected)


@settings(max_examples=examples(30), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_no_broken_row_is_lost_and_no_sound_row_is_blamed(
    data: st.DataObject, ai4i: Dataset, planted: Planted, rejected: Path
) -> None:
    raw = read_rows(planted("good.csv"))
    lines = data.draw(st.sets(st.sampled_from(raw.index.tolist()), min_size=1))
    for line in lines:
        column = data.draw(st.sampled_from([column.source for column in ai4i.columns]))
        raw.loc[line, column] = data.draw(st.sampled_from(["", "x", "1e999", "-1e6", "NaN"]))
    with pytest.raises(InputError):
        validate_raw(RawData(raw, "drawn"), ai4i, rejected)
    assert read_rejected(rejected)["row"].astype(int).tolist() == sorted(lines)


def test_a_rejected_cell_that_a_spreadsheet_would_run_is_quoted(
    ai4i: Dataset, planted: Planted, rejected: Path
) -> None:
    raw = read_rows(planted("good.csv"))
    raw.loc[3, ["Product ID", "Type"]] = ["=1+1", "-L"]
    with pytest.raises(InputError, match="1 of 24 rows refused"):
        validate_raw(RawData(raw, "file rows.csv"), ai4i, rejected)
    assert pd.read_csv(rejected)[["Product ID", "Type"]].to_numpy().tolist() == [["'=1+1", "'-L"]]


def test_rows_written_for_a_person_are_quoted_and_counted(ai4i: Dataset, planted: Planted, rejected: Path) -> None:
    raw = read_rows(planted("good.csv"))
    raw.loc[[3, 4], "Product ID"] = ["=1+1", "@x"]
    table = validate_raw(RawData(raw, "file rows.csv"), ai4i, rejected)
    rejected.parent.mkdir()
    assert write_rows(table, rejected.with_name("rows.csv")) == 2
    assert pd.read_csv(rejected.with_name("rows.csv"))["Product ID"].tolist()[1:3] == ["'=1+1", "'@x"]
