"""Which column's values changed in rows that the champion knew, found by putting other values of it back."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from contract.schema import Column
from training.lineage.row_digests import Digests, digest_inputs

MOST_TRIED = 100_000  # digests a column, a tenth of a second
FEWEST_ROWS, MOST_ROWS = 10, 100  # tried a column
FEWEST_FOUND, LEAST_SHARE = 2, 0.1  # of the rows tried: one alone may be chance


def find_altered(frame: pd.DataFrame, columns: Sequence[Column], known: Digests) -> tuple[str, ...]:
    """The columns of which another value turns rows of `frame` into rows that are gone from it.

    `known` are the inputs' digests of all rows before, of any shape (rows,). A sample of the new rows is tried with
    every value that the column has today or may have; a column with more values than can be tried is passed over, and
    a row in which two columns changed is found by neither.
    """
    sources = [column.source for column in columns]
    now = digest_inputs(frame, sources)
    new, gone = np.flatnonzero(~np.isin(now, known)), np.setdiff1d(known, now)
    if not len(new) or not len(gone):
        return ()
    return tuple(column.name for column in columns if _is_altered(frame, new, column, sources, gone))


def _is_altered(
    frame: pd.DataFrame, new: NDArray[np.intp], column: Column, sources: Sequence[str], gone: Digests
) -> bool:
    today = frame[column.source]
    values = pd.unique(pd.concat([today, pd.Series(column.categories, dtype=today.dtype)]))
    count = min(MOST_ROWS, MOST_TRIED // len(values), len(new))
    if count < min(FEWEST_ROWS, len(new)):
        return False
    sample = frame.iloc[new[np.linspace(0, len(new) - 1, count).astype(int)]]
    tried = sample.loc[sample.index.repeat(len(values))].assign(**{column.source: np.tile(values, count)})
    digests = digest_inputs(tried, sources)
    rows_explained = int(np.isin(digests, gone).reshape(count, len(values)).any(axis=1).sum())
    return rows_explained >= max(FEWEST_FOUND, LEAST_SHARE * count)
