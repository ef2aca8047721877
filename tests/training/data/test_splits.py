"""Splits: whole, disjoint, repeatable, stable when data is added."""

from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import numpy as np
import pytest

from cli.errors import InputError
from contract.dataset import Dataset
from tests.churn import generate_churn
from training.data.load import load_table
from training.data.sources.source import RawData
from training.data.splits import Split, group_holdout, grouped_folds, repeated_folds, time_holdout
from training.data.table import Table
from training.data.validation import validate_raw


def make_churn(dataset: Dataset, folder: Path, rows: int = 2000) -> Table:
    return validate_raw(RawData(generate_churn(2000).iloc[:rows], "made"), dataset, folder / "rejected.csv")


def is_whole(split: Split, table: Table) -> bool:
    return np.array_equal(np.sort(np.concatenate([split.train, split.test])), np.arange(len(table)))


def test_time_holdout_is_the_last_part(table: Table) -> None:
    split = time_holdout(table, 0.25)
    assert is_whole(split, table)
    assert len(split.test) == 1000
    assert split.train.max() < split.test.min()


def test_time_holdout_needs_an_order(churn: Dataset, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="'churn' has no order column"):
        time_holdout(make_churn(churn, tmp_path))


def test_group_holdout_divides_no_group(table: Table) -> None:
    split = group_holdout(table)
    assert is_whole(split, table)
    assert not set(table.groups[split.train]) & set(table.groups[split.test])
    assert 0.1 < len(split.test) / len(table) < 0.35


@pytest.mark.parametrize("rows", [1200, 2503, 3999])
def test_added_rows_of_a_machine_move_no_row_to_the_other_side(table: Table, rows: int) -> None:
    earlier = group_holdout(table.take(np.arange(rows)))
    assert earlier.test.tolist() == [row for row in group_holdout(table).test if row < rows]


def test_added_rows_of_customers_move_no_row_to_the_other_side(churn: Dataset, tmp_path: Path) -> None:
    earlier, later = (group_holdout(make_churn(churn, tmp_path, rows)) for rows in (700, 2000))
    assert earlier.test.tolist() == [row for row in later.test if row < 700]


def test_membership_follows_the_group_and_not_its_place(churn: Dataset, tmp_path: Path) -> None:
    frame = generate_churn(2000)
    sides = []
    for each in (frame, frame.iloc[::-1]):
        table = validate_raw(RawData(each, "made"), churn, tmp_path / "rejected.csv")
        sides.append(set(table.frame["customerID"].iloc[group_holdout(table).test]))
    assert sides[0] == sides[1]


def test_repeated_folds_test_every_row_once_a_repeat_with_even_positives(table: Table) -> None:
    splits = list(repeated_folds(table, 5, 3, seed=1))
    assert len(splits) == 15
    assert np.bincount(np.concatenate([split.test for split in splits])).tolist() == [3] * len(table)
    positives = [table.target[split.test].sum() for split in splits]
    assert max(positives) - min(positives) <= 1


def test_grouped_folds_divide_no_group(table: Table, churn: Dataset, charges: Dataset, tmp_path: Path) -> None:
    for each in (table, make_churn(churn, tmp_path), make_churn(charges, tmp_path)):
        splits = list(grouped_folds(each, 4, seed=1))
        assert len(splits) == 4
        assert all(is_whole(split, each) for split in splits)
        assert not any(set(each.groups[split.train]) & set(each.groups[split.test]) for split in splits)


@pytest.mark.parametrize(
    "make", [lambda table: repeated_folds(table, 3, 2, 7), lambda table: grouped_folds(table, 3, 7)]
)
def test_folds_repeat_with_their_seed(table: Table, make: Callable[[Table], Iterator[Split]]) -> None:
    for one, two in zip(make(table), make(table), strict=True):
        assert np.array_equal(one.test, two.test)


def test_folds_without_a_group_rule_and_for_regression(churn: Dataset, charges: Dataset, tmp_path: Path) -> None:
    for dataset in (churn, charges):
        single = make_churn(msgspec.structs.replace(dataset, group=None), tmp_path, 200)
        assert sum(len(split.test) for split in grouped_folds(single, 4, seed=1)) == 200
        assert sum(len(split.test) for split in repeated_folds(single, 4, 2, seed=1)) == 400


def test_a_holdout_without_positives_says_how_many_there_are(
    ai4i: Dataset, planted: Callable[[str], str], tmp_path: Path
) -> None:
    small = load_table(ai4i, planted("good.csv"), tmp_path / "rejected.csv")
    with pytest.raises(InputError, match="holdout of the time split has no positives in 1 rows, of 2 positives in all"):
        time_holdout(small, 0.04)
    with pytest.raises(InputError, match=r"leaves the (holdout|training part) empty|has no positives"):
        group_holdout(small)


@pytest.mark.parametrize("share", [0.0, 1.0, -0.2, float("nan")])
def test_an_impossible_share_is_refused(table: Table, share: float) -> None:
    with pytest.raises(InputError, match="expected a number between 0 and 1"):
        group_holdout(table, share)


def test_too_few_positives_groups_or_rows_for_the_folds_are_refused(
    ai4i: Dataset, table: Table, planted: Callable[[str], str], tmp_path: Path
) -> None:
    small = load_table(ai4i, planted("good.csv"), tmp_path / "rejected.csv")
    with pytest.raises(InputError, match="2 positives in 24 rows cannot be in each of 5 folds"):
        repeated_folds(small, 5, 1, 1)
    with pytest.raises(InputError, match="1 groups cannot make 2 folds"):
        grouped_folds(small, 2, 1)
    with pytest.raises(InputError, match="1 folds of"):
        grouped_folds(table, 1, 1)
