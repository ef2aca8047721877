import msgspec
import numpy as np
import pytest

from contract.report import SliceLine
from tests import planted
from training.data.table import Table
from training.gate.evidence import gather_evidence
from training.gate.slices import find_lack, judge_slices, list_slices


def table_sliced_by(*names: str) -> Table:
    table = planted.machine_table()
    return planted.with_dataset(table, msgspec.structs.replace(table.dataset, slices=names))


def test_slices_of_a_category_hold_every_row_once() -> None:
    table = table_sliced_by("type")
    slices = list(list_slices(table))
    assert [value for _, value, _ in slices] == ["L", "M", "H"]
    assert np.array_equal(np.sort(np.concatenate([rows for _, _, rows in slices])), np.arange(len(table)))


def test_a_number_is_cut_into_bands_of_about_equal_size() -> None:
    table = table_sliced_by("strain_ratio", "tool_wear_min")
    for name in table.dataset.slices:
        rows = [rows for column, _, rows in list_slices(table) if column == name]
        assert len(rows) == 4
        assert np.array_equal(np.sort(np.concatenate(rows)), np.arange(len(table)))
        assert max(map(len, rows)) < 1.2 * min(map(len, rows))


def test_rows_without_a_value_are_a_slice_of_their_own() -> None:
    table = planted.customer_table("churn")
    name = next(column.name for column in table.dataset.columns if column.nullable)
    sliced = planted.with_dataset(table, msgspec.structs.replace(table.dataset, slices=(name,)))
    missing = {value: rows for _, value, rows in list_slices(sliced)}["missing"]
    assert np.isnan(table.values[name][missing]).all()


def test_slice_with_too_few_positives_is_shown_and_blocks_nothing() -> None:
    evidence = gather_evidence(planted.candidate(), planted.champion(), planted.machine_table(), planted.quick_params())
    policy = msgspec.structs.replace(planted.quick_policy(), min_positives=16)
    lines, checks = judge_slices(evidence, policy, seed=1)
    small = {line.value for line in lines if line.positives is not None and line.positives < 16}
    assert small == {"H"}
    assert [(check.name, check.verdict, check.blocking) for check in checks if "type=H" in check.name] == [
        ("slice/type=H", "not_enough_evidence", False)
    ]
    assert all(line.metrics for line in lines if line.value not in small)


def test_slice_is_measured_on_its_own_rows() -> None:
    evidence = gather_evidence(planted.candidate(), planted.champion(), planted.machine_table(), planted.quick_params())
    lines, _ = judge_slices(evidence, planted.quick_policy(), seed=1)
    (rows,) = (rows for _, value, rows in list_slices(evidence.holdout) if value == "L")
    part = evidence.candidate.judgement.take(rows)
    line = next(line for line in lines if line.value == "L")
    recall = next(metric for metric in line.metrics if metric.name == "recall")
    assert line.rows == len(rows)
    assert recall.values["candidate"].mean == part.hits / part.target.sum()


@pytest.mark.parametrize(
    ("positives", "lack"),
    [(9, "9 positives"), (10, None), (50, None), (90, None), (91, "9 negatives"), (100, "0 negatives")],
)
def test_support_of_a_slice_is_the_rows_of_its_rarer_outcome(positives: int, lack: str | None) -> None:
    policy = msgspec.structs.replace(planted.quick_policy(), min_positives=10)
    found = find_lack(SliceLine(column="type", value="L", rows=100, positives=positives), policy)
    assert (found.found if found else None) == lack


@pytest.mark.parametrize(("rows", "lack"), [(49, "49 rows"), (50, None)])
def test_support_of_a_slice_of_numbers_is_its_rows(rows: int, lack: str | None) -> None:
    policy = msgspec.structs.replace(planted.quick_policy(), min_rows=50)
    found = find_lack(SliceLine(column="type", value="L", rows=rows, positives=None), policy)
    assert (found.found if found else None) == lack
