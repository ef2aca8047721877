"""Raw values to typed values, losslessly or not at all: a text that is no number is a refusal, never a NaN."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from contract.dataset import Dataset
from contract.intake.cells import parse_number, trim_text

Kind = Literal["number", "text", "open"]

# 007 and twenty digits are names, not numbers
_PLAIN_NUMBER = re.compile(r"-?(0|[1-9][0-9]{0,14})(\.[0-9]{1,15})?")
_LARGEST_PLAIN = 10**15
_LARGEST_WHOLE = 2.0**53


@dataclass(frozen=True)
class ParsedRows:
    """`frame`: float64 columns with NaN and text columns with None where a value is missing or unreadable.

    `unreadable` marks, by column, the rows of shape (rows,) whose value has not the declared type.
    """

    frame: pd.DataFrame
    unreadable: dict[str, NDArray[np.bool_]]


def name_kinds(dataset: Dataset) -> Iterator[tuple[str, Kind]]:
    """Each declared raw column with what it must hold; "open" for those that the dataset file gives no type."""
    for raw in (*dataset.identifiers, *dataset.leakage):
        declared = dataset.raw_types.get(raw)
        yield raw, "open" if declared is None else "text" if declared == "text" else "number"
    for column in dataset.columns:
        yield column.source, "text" if column.type == "category" else "number"
    yield dataset.target.source, "text" if isinstance(dataset.target.positive, str) else "number"


def read_values(frame: pd.DataFrame, dataset: Dataset) -> ParsedRows:
    """Typed values of every declared raw column, in the order of `dataset.raw_columns`, the index kept.

    An empty or blank text is a missing value; "NA", "nan" and the like are text.
    """
    kinds = dict(name_kinds(dataset))
    typed: dict[str, NDArray[Any]] = {}
    unreadable: dict[str, NDArray[np.bool_]] = {}
    for raw in dataset.raw_columns:
        if kinds[raw] == "number":
            typed[raw], unreadable[raw] = read_numbers(frame[raw])
        else:
            typed[raw] = read_text(frame[raw]) if kinds[raw] == "text" else read_open(frame[raw])
    return ParsedRows(pd.DataFrame(typed, index=frame.index), unreadable)


def read_text(series: "pd.Series[Any]") -> NDArray[np.object_]:
    """Shape (rows,): trimmed text, or None where missing; a whole number reads as its digits."""
    values = series.astype(object)
    present = values.notna()
    text = [_write_text(value) if known else None for value, known in zip(values, present, strict=True)]
    return np.array(text, dtype=object)


def read_numbers(series: "pd.Series[Any]") -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Two arrays of shape (rows,): numbers with NaN for missing and unreadable, and which are unreadable."""
    if pd.api.types.is_numeric_dtype(series) and not pd.api.types.is_bool_dtype(series):
        return series.to_numpy(dtype=np.float64, na_value=np.nan), np.zeros(len(series), dtype=np.bool_)
    text = read_text(series)
    numbers = [None if value is None else parse_number(value) for value in text]
    unreadable = [number is None and value is not None for number, value in zip(numbers, text, strict=True)]
    return np.array(numbers, dtype=np.float64), np.array(unreadable, dtype=np.bool_)


def read_open(series: "pd.Series[Any]") -> NDArray[Any]:
    """Shape (rows,): float64 if every present value is plainly a number, else text; the same for CSV and Parquet."""
    if pd.api.types.is_integer_dtype(series.dtype) and series.notna().all() and series.abs().max() < _LARGEST_PLAIN:
        return series.to_numpy(dtype=np.float64)
    text = read_text(series)
    present = [value for value in text if value is not None]
    if not present or not all(_PLAIN_NUMBER.fullmatch(value) for value in present):
        return text
    return np.array([np.nan if value is None else float(value) for value in text])


def _write_text(value: Any) -> str | None:
    if isinstance(value, str):
        return trim_text(value)
    if isinstance(value, (float, np.floating)) and float(value).is_integer() and abs(float(value)) < _LARGEST_WHOLE:
        return str(int(value))
    return str(value)
