"""The dataset file's rules as a pandera schema over typed values, and every cell that breaks one."""

import warnings
from typing import Any

import numpy as np
import pandas as pd
import pandera.pandas as pa

from contract.dataset import Dataset
from contract.intake.values import column_bounds, name_categories
from contract.schema import Column
from training.data.reading import ParsedRows

BROKEN_COLUMNS = ["row", "column", "reason"]
LARGEST_WHOLE = 2.0**53 - 1  # above, two whole numbers may be one float64

_TOO_LARGE = "is too large a whole number, declare the column as text"
_REPEATED_ROW = "the whole row stands more than once"
_BUILT_IN = {
    "not_nullable": "is missing",
    "field_uniqueness": "stands more than once",
    "multiple_fields_uniqueness": _REPEATED_ROW,
}


def find_broken(reading: ParsedRows, dataset: Dataset) -> pd.DataFrame:
    """One line a cell that breaks a rule: `row` (index label), `column` ("" for the whole row) and `reason`."""
    frame = reading.frame
    parts = [
        pd.DataFrame({"row": frame.index[wrong], "column": raw, "reason": "is not a number"})
        for raw, wrong in reading.unreadable.items()
        if wrong.any()
    ]
    try:
        with warnings.catch_warnings():
            # pandera joins its failure cases in a way that pandas 2 announces to change; no value of ours depends on it
            warnings.filterwarnings("ignore", "The behavior of DataFrame concatenation", FutureWarning)
            build_rules(dataset, frame).validate(frame, lazy=True)
    except pa.errors.SchemaErrors as error:
        parts.append(_read_cases(error.failure_cases))
    if not parts:
        return pd.DataFrame(columns=BROKEN_COLUMNS)
    # an unreadable value is also a missing one, an infinite one also out of range: the first reason is the cause
    return pd.concat(parts, ignore_index=True).drop_duplicates(["row", "column"])


def build_rules(dataset: Dataset, frame: pd.DataFrame) -> pa.DataFrameSchema:
    """The schema for typed values; `frame` tells the negative class, which the dataset file does not name."""
    rules = {column.source: _rule_column(column, dataset) for column in dataset.columns}
    for raw in (*dataset.identifiers, *dataset.leakage):
        rules[raw] = _rule_beside(raw, dataset)
    rules[dataset.target.source] = pa.Column(checks=_check_target(dataset, frame))
    return pa.DataFrameSchema(rules, unique=None if dataset.key else list(dataset.raw_columns))


def _rule_column(column: Column, dataset: Dataset) -> pa.Column:
    if column.type != "category":
        checks = _check_number(column)
    else:
        checks = [] if column.unknown == "missing" else [_check_categories(column)]
    return pa.Column(checks=checks, nullable=column.nullable, **_rule_unique(column.source, dataset))


def _rule_beside(raw: str, dataset: Dataset) -> pa.Column:
    """Of an identifier or leakage."""
    # no model sees a leakage column, so an empty one harms nothing
    nullable = raw in dataset.leakage and raw not in (dataset.key, dataset.time and dataset.time.column)
    kind = dataset.raw_types.get(raw)
    checks = [_check_finite()] if kind in ("number", "integer") else []
    if kind == "integer":
        checks += [_check_whole(), pa.Check(lambda values: np.abs(values) <= LARGEST_WHOLE, error=_TOO_LARGE)]
    return pa.Column(checks=checks, nullable=nullable, **_rule_unique(raw, dataset))


def _rule_unique(raw: str, dataset: Dataset) -> dict[str, Any]:
    return {"unique": raw == dataset.key, "report_duplicates": "all"}


def _check_categories(column: Column) -> pa.Check:
    return pa.Check.isin(column.categories, error=f"is not one of {name_categories(column.categories)}")


def _check_number(column: Column) -> list[pa.Check]:
    checks = [_check_finite()]
    unit = f" {column.unit}" if column.unit else ""
    low, high = column_bounds(column)
    checks.append(pa.Check.ge(low, error=f"is below {low:g}{unit}"))
    checks.append(pa.Check.le(high, error=f"is above {high:g}{unit}"))
    if column.type == "integer":
        checks.append(_check_whole())
    return checks


def _check_finite() -> pa.Check:
    return pa.Check(np.isfinite, error="is not finite")


def _check_whole() -> pa.Check:
    return pa.Check(lambda values: values == np.floor(values), error="is not a whole number")


def _check_target(dataset: Dataset, frame: pd.DataFrame) -> list[pa.Check]:
    if dataset.task == "regression":
        return [_check_finite()]
    positive = dataset.target.positive
    counts = frame[dataset.target.source].value_counts()
    others = counts.drop(positive, errors="ignore")
    classes = [positive, others.index[0]] if len(others) else [positive]
    shown = " or ".join(f"{value:g}" if isinstance(value, float) else str(value) for value in classes)
    return [pa.Check.isin(classes, error=f"is not {shown}")]


def _read_cases(cases: pd.DataFrame) -> pd.DataFrame:
    # pandera sorts by the value, and not stably: in a large file a cell's later reasons would stand before its first
    number = pd.to_numeric(cases["check_number"], errors="coerce").fillna(-1)
    cases = cases.iloc[np.argsort(number.to_numpy(), kind="stable")]
    is_row = cases["check"] == "multiple_fields_uniqueness"
    return pd.DataFrame(
        {
            "row": cases["index"].astype(np.int64),
            "column": cases["column"].mask(is_row, "").astype(object),
            "reason": cases["check"].map(lambda check: _BUILT_IN.get(check, check)),
        }
    )
