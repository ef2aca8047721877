"""The order column: read as time runs or refused with the way out, never sorted as text."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cli.errors import InputError
from contract.dataset import Dataset, Group, Order
from training.data.dataset_file import is_format
from training.data.order import count_ties, measure_agreement, read_order
from training.data.sources.generator import generate_frame
from training.data.sources.source import RawData
from training.data.splits import time_holdout
from training.data.table import Table
from training.data.validation import validate_raw
from training.printing import describe_groups, doubt_groups

ROWS = 1200
START = datetime(2024, 2, 20, 23)


def make_dataset(ai4i: Dataset, order: dict[str, Any] | str = "When") -> Dataset:
    """AI4I with a column When beside its own, which gives the order."""
    told = order if isinstance(order, str) else Order(column="When", **order)
    return msgspec.structs.replace(
        ai4i, identifiers=("UDI", "When", "Product ID"), raw_types={}, order=told, prevalence=None
    )


@pytest.fixture(scope="session")
def rows(ai4i: Dataset) -> pd.DataFrame:
    frame = generate_frame(ai4i, ROWS, 5).astype(str)
    return frame.set_axis(pd.RangeIndex(2, ROWS + 2), axis=0)


def load(rows: pd.DataFrame, when: list[str], dataset: Dataset, folder: Path) -> Table:
    return validate_raw(RawData(rows.assign(When=when), "file rows.csv"), dataset, folder / "rejected.csv")


def hours(form: str) -> list[str]:
    return [(START + timedelta(hours=index)).strftime(form) for index in range(ROWS)]


@pytest.mark.parametrize(
    ("when", "order"),
    [
        ([f"W-{index}" for index in range(1, ROWS + 1)], {"counter": True}),
        (hours("%m/%d/%Y %H:%M"), {"format": "%m/%d/%Y %H:%M"}),
        (hours("%d.%m.%y %I:%M %p"), {"format": "%d.%m.%y %I:%M %p"}),
        (hours("%Y-%m-%d %H:%M"), {}),
        (hours("%Y-%m-%dT%H:%M:%S.250Z"), {}),
        (hours("%Y-%m-%dT%H:%M:%S+05:30"), {}),
        ([str(index) for index in range(ROWS)], {}),
        ([f" {index}e0 " for index in range(ROWS)], {}),
        ([str(1_700_000_000_000_000_000 + index) for index in range(ROWS)], {}),
        ([str(ROWS - index) for index in range(ROWS)], {}),
    ],
)
def test_the_order_of_time_is_that_of_the_rows_however_it_is_written(
    ai4i: Dataset, rows: pd.DataFrame, tmp_path: Path, when: list[str], order: dict[str, Any]
) -> None:
    table = load(rows, when, make_dataset(ai4i, order), tmp_path)
    is_backward = when[0] == str(ROWS)
    expected = range(ROWS, 0, -1) if is_backward else range(1, ROWS + 1)
    assert table.frame["UDI"].tolist() == list(expected)
    assert table.notes == ()
    if not is_backward:
        assert len(set(table.groups.tolist())) < ROWS / 20
        newest = table.frame["UDI"].to_numpy()[time_holdout(table).test]
        assert newest.min() > ROWS * 0.8


@pytest.mark.parametrize(
    ("when", "told"),
    [
        (
            [f"W-{index}" for index in range(1, ROWS + 1)],
            r"row 2: order column 'When' has 'W-1', expected a number or a date or time in ISO 8601; "
            r"write `order: \{column: When, counter: true\}` into the dataset file",
        ),
        (hours("%m/%d/%Y"), r'write `order: \{column: When, format: "%m/%d/%Y"\}` into the dataset file'),
        (hours("%d.%m.%Y %H:%M"), r'write `order: \{column: When, format: "%d.%m.%Y %H:%M"\}` into'),
        (["01/02/2024"] * ROWS, r'"%m/%d/%Y"\}` or, if that is what it means, `.*"%d/%m/%Y"\}` into'),
        ([f"piece {index} of many" for index in range(ROWS)], "name a column that runs with time as `order`"),
        (["2024-02-30"] * ROWS, "has '2024-02-30', expected"),
    ],
)
def test_what_no_form_fits_is_refused_with_the_way_out(
    ai4i: Dataset, rows: pd.DataFrame, tmp_path: Path, when: list[str], told: str
) -> None:
    with pytest.raises(InputError, match=told) as caught:
        load(rows, when, make_dataset(ai4i), tmp_path)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("base", "odd", "reason"),
    [
        ("%Y-%m-%d %H:%M", "", "When is missing"),
        ("%Y-%m-%d %H:%M", "2024-03-01", "When is not a time in ISO 8601 without a zone as in the other rows"),
        ("%Y-%m-%d %H:%M", "2024-03-01 10:00Z", "When is not a time in ISO 8601 without a zone"),
        ("%Y-%m-%dT%H:%M:%S+00:00", "2024-03-01T10:00:00", "When is not a time in ISO 8601 with a zone"),
        ("%Y-%m-%d %H:%M:%S", "2024-03-01 23:59:60", "When is not a time in ISO 8601 without a zone"),
        ("%Y-%m-%d %H:%M:%S", "2024-03-01 24:00:00", "When is not a time in ISO 8601 without a zone"),
        ("%Y-%m-%d", "20240301", "When is not a date in ISO 8601 as in the other rows, and decides their order"),
        ("%Y%m%d%H", "2024-03-01", "When is not a number"),
        ("%Y%m%d%H", "nan", "When is not a number"),
        ("%Y%m%d%H", "inf", "When is not a number"),
    ],
)
def test_one_cell_of_another_form_costs_its_row(
    ai4i: Dataset, rows: pd.DataFrame, tmp_path: Path, base: str, odd: str, reason: str
) -> None:
    when = hours(base)
    when[7] = odd
    with pytest.raises(InputError, match=f"1 of {ROWS:,} rows refused: 1 where {reason}"):
        load(rows, when, make_dataset(ai4i), tmp_path)
    assert pd.read_csv(tmp_path / "rejected.csv")["row"].tolist() == [9]


def test_a_counter_and_a_format_refuse_the_cells_that_are_none(
    ai4i: Dataset, rows: pd.DataFrame, tmp_path: Path
) -> None:
    counters = [f"W-{index}" for index in range(ROWS)]
    with pytest.raises(InputError, match="1 where When is not 'W-' with a whole number behind it as in the other rows"):
        load(rows, [*counters[:-1], "V-5"], make_dataset(ai4i, {"counter": True}), tmp_path)
    with pytest.raises(InputError, match=r"1 where When is not a time as '%m/%d/%Y' has it"):
        load(rows, [*hours("%m/%d/%Y")[:-1], "13/13/2024"], make_dataset(ai4i, {"format": "%m/%d/%Y"}), tmp_path)
    with pytest.raises(InputError, match=r"has '02/20/2024', expected a time as '%d/%m/%Y' has it; write"):
        load(rows, hours("%m/%d/%Y"), make_dataset(ai4i, {"format": "%d/%m/%Y"}), tmp_path)


def test_time_across_a_change_of_the_clocks_runs_on(ai4i: Dataset, rows: pd.DataFrame, tmp_path: Path) -> None:
    autumn = [datetime(2024, 10, 27, 0, 30) + timedelta(minutes=5 * index) for index in range(ROWS)]
    when = [
        (moment + timedelta(hours=2 if moment.hour < 1 and moment.day == 27 else 1)).strftime("%Y-%m-%dT%H:%M:%S")
        + ("+02:00" if moment.hour < 1 and moment.day == 27 else "+01:00")
        for moment in autumn
    ]
    assert when != sorted(when)
    assert load(rows, when, make_dataset(ai4i), tmp_path).frame["UDI"].tolist() == list(range(1, ROWS + 1))


def test_an_order_that_has_nothing_to_do_with_the_file_is_refused_unless_it_is_declared(
    ai4i: Dataset, rows: pd.DataFrame, tmp_path: Path
) -> None:
    shuffled = rows.sample(frac=1, random_state=3).set_axis(rows.index, axis=0)
    when = shuffled["UDI"].tolist()
    told = r"hardly agree \(rank correlation -?0\.\d{3}, expected 0.9 or more\); .* unsorted_file: true\}` into"
    with pytest.raises(InputError, match=told):
        load(shuffled, when, make_dataset(ai4i), tmp_path)
    table = load(shuffled, when, make_dataset(ai4i, {"unsorted_file": True}), tmp_path)
    expected = load(rows, rows["UDI"].tolist(), make_dataset(ai4i), tmp_path)
    assert table.sha256 == expected.sha256
    with pytest.raises(InputError, match="order column 'When' is the same in every row; check that it runs with time"):
        load(rows, ["2024-01-01"] * ROWS, make_dataset(ai4i), tmp_path)


def test_rows_of_machine_after_machine_agree_within_each(ai4i: Dataset, rows: pd.DataFrame, tmp_path: Path) -> None:
    when = [str(index % 100) for index in range(ROWS)]
    with pytest.raises(InputError, match="hardly agree"):
        load(rows, when, make_dataset(ai4i), tmp_path)
    blocks = np.repeat(np.arange(ROWS // 100), 100)
    assert measure_agreement(np.tile(np.arange(100), ROWS // 100), blocks) == pytest.approx(1.0)


def test_ties_are_told_with_what_decides_them(ai4i: Dataset, rows: pd.DataFrame, tmp_path: Path) -> None:
    when = [str(index // 2) for index in range(ROWS)]
    table = load(rows, when, make_dataset(ai4i), tmp_path)
    assert table.notes == ("1,200 rows share their 'When' with another: among those the key 'UDI' decides",)
    assert table.frame["UDI"].is_monotonic_increasing
    assert table.take(np.arange(5)).notes == table.notes
    keyless = msgspec.structs.replace(make_dataset(ai4i), key=None)
    assert load(rows, when, keyless, tmp_path).notes[0].endswith("among those the order of the file decides")


def test_groups_are_counted_and_doubted_where_they_hold_one_row(
    ai4i: Dataset, rows: pd.DataFrame, tmp_path: Path
) -> None:
    table = load(rows, rows["UDI"].tolist(), make_dataset(ai4i), tmp_path)
    assert describe_groups(table) == f"{len(set(table.groups.tolist()))} groups (a new one where tool_wear_min falls)"
    assert list(doubt_groups(table)) == []
    lone = msgspec.structs.replace(table.dataset, group=Group(by="UDI"))
    doubts = list(doubt_groups(Table(lone, table.frame, table.origin, table.sha256)))
    assert len(doubts) == 1
    assert doubts[0].startswith("1,200 groups (one for each UDI) in 1,200 rows: if that is not so")


@pytest.mark.parametrize(
    ("form", "expected"),
    [("%m/%d/%Y", True), ("%Y-%m-%dT%H:%M:%S.%f%z", True), ("when", False), ("%Q", False), ("", False), ("%", False)],
)
def test_a_format_is_checked_when_the_dataset_file_is_read(form: str, expected: bool) -> None:
    assert is_format(form) is expected


@given(st.lists(st.integers(-(10**17), 10**17), min_size=1, max_size=30))
def test_numbers_sort_as_numbers(numbers: list[int]) -> None:
    values = pd.Series([str(number) for number in numbers], dtype=object)
    reading = read_order(values, Order(column="a"))
    assert reading.keys.tolist() == numbers
    assert not reading.unreadable.any()
    assert count_ties(reading.keys) == sum(1 for number in numbers if numbers.count(number) > 1)


@given(st.lists(st.datetimes(datetime(1700, 1, 1), datetime(2200, 1, 1)), min_size=1, max_size=30))
def test_times_sort_as_times(moments: list[datetime]) -> None:
    values = pd.Series([moment.isoformat(sep=" ", timespec="microseconds") for moment in moments], dtype=object)
    reading = read_order(values, Order(column="a"))
    assert np.argsort(reading.keys, kind="stable").tolist() == sorted(range(len(moments)), key=moments.__getitem__)
