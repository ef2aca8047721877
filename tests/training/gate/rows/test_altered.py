"""The column whose values changed is named from digests alone, and an honest change names none."""

import numpy as np
import pandas as pd
import pytest

from contract.dataset import Dataset
from tests import planted
from training.data.table import Table
from training.gate.rows.altered import find_altered
from training.lineage.row_digests import Digests, digest_table, strip_outcomes

RANDOM = np.random.default_rng(8)
_DIGESTS: dict[int, tuple[Table, Digests]] = {}  # by identity: tables have no hash


def digest_once(table: Table) -> Digests:
    """What a bundle keeps of the table's rows."""
    if id(table) not in _DIGESTS:
        _DIGESTS[id(table)] = (table, strip_outcomes(digest_table(table)))
    return _DIGESTS[id(table)][1]


def name(frame: pd.DataFrame, table: Table, known: Table | None = None) -> tuple[str, ...]:
    dataset: Dataset = table.dataset
    return find_altered(frame, dataset.columns, digest_once(known or table))


@pytest.mark.parametrize("index", range(6))
@pytest.mark.parametrize("share", [0.02, pytest.param(1.0, marks=pytest.mark.slow)])
def test_a_column_whose_values_stand_in_other_rows_is_named(index: int, share: float) -> None:
    table = planted.machine_table()
    column = table.dataset.columns[index]
    rows = np.flatnonzero(RANDOM.random(len(table)) < share)
    frame = table.frame.copy()
    frame.loc[rows, column.source] = RANDOM.permutation(frame.loc[rows, column.source].to_numpy())
    assert name(frame, table) == (column.name,)


@pytest.mark.slow
def test_a_column_of_text_and_one_with_missing_values_are_named() -> None:
    table = planted.customer_table("churn").take(np.arange(500))
    for column in table.dataset.columns:
        frame = table.frame.assign(**{column.source: RANDOM.permutation(table.frame[column.source].to_numpy())})
        assert column.name in name(frame, table), column.name


def test_a_category_that_is_left_in_no_row_is_put_back() -> None:
    table = planted.machine_table()
    assert name(table.frame.assign(Type="L"), table) == ("type",)


def test_a_false_value_in_some_rows_is_named() -> None:
    table = planted.machine_table()
    frame = table.frame.copy()
    frame.loc[frame.index % 10 == 3, "Torque [Nm]"] = 0.0
    assert name(frame, table) == ("torque_nm",)


def test_new_rows_removed_rows_and_a_new_order_name_no_column() -> None:
    table = planted.machine_table()
    shorter = table.take(np.arange(len(table) // 2))
    assert name(table.frame, table) == ()
    assert name(table.frame.sample(frac=1, random_state=1), table) == ()
    assert name(shorter.frame, table) == ()
    assert name(table.frame, table, known=shorter) == ()
    window = table.take(np.arange(len(table) // 4, len(table)))
    assert name(window.frame, table, known=shorter) == ()


def test_two_columns_changed_in_the_same_rows_name_none() -> None:
    table = planted.machine_table()
    sources = ["Torque [Nm]", "Tool wear [min]"]
    frame = table.frame.assign(**{one: RANDOM.permutation(table.frame[one].to_numpy()) for one in sources})
    assert name(frame, table) == ()
