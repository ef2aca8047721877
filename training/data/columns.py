"""What a person should know of the inputs: what training takes as missing, and what no row can teach it."""

from collections.abc import Iterable, Iterator
from typing import Any

import pandas as pd

from contract.dataset import Dataset
from contract.schema import Column

MAX_NAMED = 5


def describe_columns(frame: pd.DataFrame, dataset: Dataset) -> Iterator[str]:
    """One sentence for each oddity of an input column of typed values; none if there is nothing to tell."""
    for column in dataset.columns:
        counts = frame[column.source].value_counts()
        if counts.empty:
            yield f"column {column.source!r} is empty: every row lacks a value, so nothing can be learned from it"
        elif column.type == "category":
            yield from _describe_categories(column, counts)


def _describe_categories(column: Column, counts: "pd.Series[Any]") -> Iterator[str]:
    unknown = counts[~counts.index.isin(column.categories)]
    if len(unknown):
        yield (
            f"{unknown.sum():,} rows have another {column.source!r} than the dataset file names, taken as missing: "
            f"{_listing(f'{name!r} ({rows:,})' for name, rows in unknown.items())}; if one is meant, write it as named"
        )
    if never := [category for category in column.categories if category not in counts.index]:
        yield f"no row has the {column.source!r} {_listing(map(repr, never))}: it is served, but was never learned"


def _listing(names: Iterable[str]) -> str:
    shown = list(names)
    more = len(shown) - MAX_NAMED
    return ", ".join(shown[:MAX_NAMED]) + (f" and {more:,} more" if more > 0 else "")
