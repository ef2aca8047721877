"""Rows in the order of time: checked against the file's own order, ties reported."""

from typing import Any

import numpy as np
import pandas as pd

from cli.errors import InputError
from contract.dataset import Dataset, Order
from training.data.order import OrderKeys, UnknownOrderError, count_ties, measure_agreement, read_order
from training.data.rules import BROKEN_COLUMNS

LEAST_AGREEMENT = 0.9  # a file that is written as time runs, or backwards, has 1
FEWEST_ROWS = 20  # of fewer, a correlation says little


def read_time(frame: pd.DataFrame, dataset: Dataset, origin: str) -> OrderKeys | None:
    """What the rows are sorted by, None if the dataset has no order.

    Raises: InputError if the order column can be read in no way that is known or declared.
    """
    if dataset.time is None:
        return None
    try:
        return read_order(frame[dataset.time.column], dataset.time)
    except UnknownOrderError as error:
        place = f"order column {dataset.time.column!r} {error}"
        raise InputError(f"{origin}, row {error.row}: {place}") from error


def find_untimed(frame: pd.DataFrame, dataset: Dataset, time: OrderKeys | None) -> pd.DataFrame:
    """The cells of the order column that cannot be read, one line each as `find_broken` gives them."""
    if time is None or dataset.time is None or not time.unreadable.any():
        return pd.DataFrame(columns=BROKEN_COLUMNS)
    cells = frame.loc[time.unreadable, dataset.time.column]
    unreadable = f"is not {time.expected} as in the other rows, and decides their order"
    reasons = ["is missing" if missing else unreadable for missing in cells.isna()]
    return pd.DataFrame({"row": cells.index, "column": dataset.time.column, "reason": reasons})


def sort_rows(
    frame: pd.DataFrame, dataset: Dataset, time: OrderKeys | None, origin: str
) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """The rows as time runs, index from 0, and what a person should know of that; a tie goes by key, else by file.

    Raises: InputError if the order has nothing to do with that of the file, unless that is declared.
    """
    if time is None or dataset.time is None:
        return frame.reset_index(drop=True), ()
    _check_agreement(frame, dataset, dataset.time, time, origin)
    by: dict[str, Any] = {"time": time.keys}
    if dataset.key is not None:
        by["key"] = frame[dataset.key].to_numpy()
    places = pd.DataFrame(by).sort_values(list(by), kind="stable").index
    return frame.iloc[places].reset_index(drop=True), _describe_ties(dataset, dataset.time, time)


def _check_agreement(frame: pd.DataFrame, dataset: Dataset, order: Order, time: OrderKeys, origin: str) -> None:
    if order.unsorted_file or len(frame) < FEWEST_ROWS:
        return
    by = dataset.group.by if dataset.group else None
    agreement = measure_agreement(time.keys, None if by is None else frame[by].to_numpy())
    if abs(agreement) >= LEAST_AGREEMENT:
        return
    found = "is the same in every row" if np.isnan(agreement) else "and the order of the rows in the file hardly agree"
    figure = "" if np.isnan(agreement) else f" (rank correlation {agreement:.3f}, expected {LEAST_AGREEMENT} or more)"
    raise InputError(
        f"{origin}: order column {order.column!r} {found}{figure}; check that it runs with time, or, if the file is "
        f"known to be unsorted, write `order: {{column: {order.column}, unsorted_file: true}}` into the dataset file"
    )


def _describe_ties(dataset: Dataset, order: Order, time: OrderKeys) -> tuple[str, ...]:
    if not (ties := count_ties(time.keys)):
        return ()
    judge = f"key {dataset.key!r}" if dataset.key is not None else "order of the file"
    return (f"{ties:,} rows share their {order.column!r} with another: among those the {judge} decides",)
