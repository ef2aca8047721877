"""The hash that stands for the data."""

import numpy as np
import pandas as pd
import pytest

from contract.dataset import Dataset
from training.data.fingerprint import fingerprint_frame
from training.data.table import Table


def test_order_of_columns_and_width_of_numbers_change_nothing(table: Table, ai4i: Dataset) -> None:
    turned = table.frame[list(reversed(list(table.frame)))].astype({"UDI": "int32", "Machine failure": "float64"})
    assert fingerprint_frame(turned, ai4i) == table.sha256


def test_a_minus_zero_is_a_zero(table: Table, ai4i: Dataset) -> None:
    frame = table.frame.astype({"Tool wear [min]": "float64"})
    frame.loc[frame["Tool wear [min]"] == 0, "Tool wear [min]"] = -0.0
    assert fingerprint_frame(frame, ai4i) == table.sha256


@pytest.mark.parametrize(("column", "value"), [("Torque [Nm]", 40.000000000000007), ("Type", "l"), ("RNF", 7)])
def test_one_changed_value_changes_it(table: Table, ai4i: Dataset, column: str, value: str | float) -> None:
    frame = table.frame.copy()
    frame.loc[17, column] = value
    assert fingerprint_frame(frame, ai4i) != table.sha256


def test_order_of_rows_counts(table: Table, ai4i: Dataset) -> None:
    assert fingerprint_frame(table.frame.iloc[::-1], ai4i) != table.sha256


def test_values_that_join_alike_differ(churn: Dataset) -> None:
    frame = pd.DataFrame(dict.fromkeys(churn.raw_columns, "x"), index=range(2)).astype(object)
    one, two = frame.copy(), frame.copy()
    one["Branch"], two["Branch"] = ['a","b', "c"], ["a", 'b","c']
    none = frame.assign(Branch=np.array([None, "c"], dtype=object))
    assert len({fingerprint_frame(each, churn) for each in (frame, one, two, none)}) == 4
