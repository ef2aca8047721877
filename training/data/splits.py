"""Who trains and who tests: by time, by group, or in folds; never one row on both sides."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.model_selection import (
    GroupKFold,
    KFold,
    RepeatedKFold,
    RepeatedStratifiedKFold,
    StratifiedGroupKFold,
    StratifiedKFold,
)

from cli.errors import InputError
from training.data.table import Table

Rows = NDArray[np.intp]

_HASH_BYTES = 8
_FEWEST_FOLDS = 2


@dataclass(frozen=True)
class Split:
    """Row numbers of a table, each of shape (rows of that side,), ascending."""

    train: Rows
    test: Rows


def time_holdout(table: Table, share: float = 0.2) -> Split:
    """The last `share` of the rows in time is the test.

    Raises: InputError if the dataset has no order column or a side lacks rows or positives.
    """
    if table.dataset.time is None:
        raise InputError(f"dataset {table.dataset.name!r} has no order column, so it cannot be split by time")
    _check_share(share)
    cut = len(table) - round(len(table) * share)
    return _check_sides(table, Split(np.arange(cut), np.arange(cut, len(table))), "time")


def group_holdout(table: Table, share: float = 0.2) -> Split:
    """About `share` of the groups is the test, chosen by a hash: rows added later move no row to the other side.

    Raises: InputError if a side lacks rows or positives.
    """
    _check_share(share)
    groups = table.groups
    _, firsts, places = np.unique(groups, return_index=True, return_inverse=True)
    limit = share * 2.0 ** (8 * _HASH_BYTES)
    is_test = np.array(
        [_hash_group(table.dataset.name, name) < limit for name in _name_groups(table, firsts)], dtype=bool
    )
    is_test = is_test[places]
    return _check_sides(table, Split(np.flatnonzero(~is_test), np.flatnonzero(is_test)), "group")


def repeated_folds(table: Table, folds: int, repeats: int, seed: int) -> Iterator[Split]:
    """`folds` times `repeats` splits, stratified for a binary target.

    Raises: InputError if there are too few rows or positives, before the first split.
    """
    _check_folds(table, folds)
    kind = RepeatedStratifiedKFold if table.dataset.task == "binary" else RepeatedKFold
    return _split(kind(n_splits=folds, n_repeats=repeats, random_state=seed), table)


def grouped_folds(table: Table, folds: int, seed: int) -> Iterator[Split]:
    """`folds` splits in which no group is on both sides, stratified for a binary target.

    Raises: InputError if there are too few rows, groups or positives, before the first split.
    """
    _check_folds(table, folds)
    is_binary = table.dataset.task == "binary"
    if table.dataset.group is None:
        plain = StratifiedKFold if is_binary else KFold
        return _split(plain(n_splits=folds, shuffle=True, random_state=seed), table)
    if (found := len(np.unique(table.groups))) < folds:
        raise InputError(f"{found} groups cannot make {folds} folds; give more data or fewer folds")
    grouped = StratifiedGroupKFold if is_binary else GroupKFold
    return _split(grouped(n_splits=folds, shuffle=True, random_state=seed), table, table.groups)


def _split(
    splitter: "RepeatedStratifiedKFold | RepeatedKFold | StratifiedGroupKFold | GroupKFold | StratifiedKFold | KFold",
    table: Table,
    groups: NDArray[np.int64] | None = None,
) -> Iterator[Split]:
    for train, test in splitter.split(np.empty((len(table), 0)), table.target, groups):
        yield Split(train, test)


def _name_groups(table: Table, firsts: Rows) -> list[str]:
    """Each group's identity: its value, or the key of its first row, which no later row changes."""
    dataset = table.dataset
    column = dataset.group.by if dataset.group and dataset.group.by else dataset.key
    if column is None and dataset.time:
        column = dataset.time.column
    if column is None:
        return [str(first) for first in firsts]
    return [str(value) for value in table.frame[column].to_numpy()[firsts]]


def _hash_group(dataset: str, group: str) -> int:
    return int.from_bytes(hashlib.sha256(f"{dataset}\0{group}".encode()).digest()[:_HASH_BYTES])


def _check_share(share: float) -> None:
    if not 0.0 < share < 1.0:
        raise InputError(f"the holdout's share is {share:g}, expected a number between 0 and 1")


def _check_sides(table: Table, split: Split, kind: str) -> Split:
    for side, rows in (("training part", split.train), ("holdout", split.test)):
        if not len(rows):
            raise InputError(f"the {kind} split of {len(table):,} rows leaves the {side} empty; give more data")
        if table.dataset.task == "binary" and not table.target[rows].any():
            raise InputError(
                f"the {side} of the {kind} split has no positives in {len(rows):,} rows, of "
                f"{int(table.target.sum()):,} positives in all, expected at least 1; give more data or another share"
            )
    return split


def _check_folds(table: Table, folds: int) -> None:
    if not _FEWEST_FOLDS <= folds <= len(table):
        raise InputError(f"{folds} folds of {len(table):,} rows, expected {_FEWEST_FOLDS} to {len(table):,}")
    positives = int(table.target.sum())
    if table.dataset.task == "binary" and min(positives, len(table) - positives) < folds:
        raise InputError(
            f"{positives:,} positives in {len(table):,} rows cannot be in each of {folds} folds, on either side; "
            "give more data or fewer folds"
        )
