"""Raw rows to a table that keeps the dataset's rules, or a refusal with the rows as evidence."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from cli.errors import InputError
from contract.dataset import Dataset
from contract.intake.formulas import quote_formula
from contract.intake.headers import explain_header, explain_name
from contract.intake.separators import describe_separator, find_separator
from training.data.columns import describe_columns
from training.data.fingerprint import fingerprint_frame
from training.data.reading import read_values
from training.data.rules import BROKEN_COLUMNS, find_broken
from training.data.sorting import find_untimed, read_time, sort_rows
from training.data.sources.source import RawData
from training.data.table import Table

MAX_EXAMPLES = 3
MAX_REASONS = 5
MAX_NAMES = 30


def validate_raw(raw: RawData, dataset: Dataset, rejected_path: Path) -> Table:
    """The table of these rows, in time order; a stale file at `rejected_path` is removed.

    Raises: InputError if a column, a cell, a row or the labels break a rule; where rows are to
    blame, all of them are in `rejected_path` (CSV) with `row`, `reason` and their raw values.
    """
    remove_rejected(rejected_path)
    _check_columns(raw, dataset)
    reading = read_values(raw.frame.drop(index=list(raw.refused)), dataset)
    time = read_time(reading.frame, dataset, raw.origin)
    unread = pd.DataFrame([(row, "", reason) for row, reason in raw.refused.items()], columns=BROKEN_COLUMNS)
    parts = [find_broken(reading, dataset), find_untimed(reading.frame, dataset, time), unread]
    broken = pd.concat([part for part in parts if len(part)] or parts[:1]).drop_duplicates(["row", "column"])
    if len(broken):
        _refuse_rows(raw, dataset, broken, rejected_path)
    _check_labels(raw, reading.frame, dataset, rejected_path)
    frame, notes = sort_rows(reading.frame, dataset, time, raw.origin)
    frame = _settle_types(frame, dataset)
    notes = (*notes, *describe_columns(frame, dataset))
    return Table(dataset, frame, raw.origin, fingerprint_frame(frame, dataset), notes)


def remove_rejected(path: Path) -> None:
    """Takes away what an earlier refusal left, so that nobody reads it as today's.

    Raises: InputError if it is there and cannot be removed.
    """
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        raise InputError(f"{path}, the file for rejected rows, cannot be removed: {error.strerror}") from error


def _check_columns(raw: RawData, dataset: Dataset) -> None:
    names = [str(column) for column in raw.frame.columns]
    missing = [column for column in dataset.raw_columns if column not in names]
    extra = [column for column in names if column not in dataset.raw_columns]
    if missing and (separator := find_separator(",".join(names), dataset.raw_columns)):
        raise InputError(f"{raw.origin} {describe_separator(separator)}")
    if missing and (problem := explain_header(names, dataset.raw_columns)):
        raise InputError(f"{raw.origin} {problem}")
    if problem := next((problem for name in missing if (problem := explain_name(names, name))), None):
        raise InputError(f"the header of {raw.origin} {problem}")
    if missing or extra:
        problems = [f"lacks the columns {_listing(missing)}"] * bool(missing)
        problems += [f"has the columns {_listing(extra)}, which the dataset file does not declare"] * bool(extra)
        raise InputError(
            f"{raw.origin} {' and '.join(problems)}; found {_listing(names)}; "
            f"expected every raw column of dataset {dataset.name!r} once and no other"
        )
    if raw.frame.empty:
        raise InputError(f"{raw.origin} has no rows, expected at least one")


def _refuse_rows(raw: RawData, dataset: Dataset, broken: pd.DataFrame, rejected_path: Path) -> None:
    raw_order = {"": -1} | {name: place for place, name in enumerate(dataset.raw_columns)}
    broken = broken.assign(place=broken["column"].map(raw_order)).sort_values(["row", "place"])
    broken["text"] = (broken["column"] + " " + broken["reason"]).str.strip()
    reasons = broken.groupby("row", sort=False)["text"].agg("; ".join)
    counts = broken["text"].value_counts()
    shown = [f"{count:,} where {text}" for text, count in counts.head(MAX_REASONS).items()]
    shown += [f"{len(counts) - MAX_REASONS} reasons more"] * (len(counts) > MAX_REASONS)
    examples = [_show_example(raw, case) for case in broken.head(MAX_EXAMPLES).to_dict("records")]
    _write_rejected(raw, reasons, rejected_path)
    raise InputError(
        f"{raw.origin}: {len(reasons):,} of {len(raw.frame):,} rows refused: {', '.join(shown)}; "
        f"for example {', '.join(examples)}; all of them with their reasons are in {rejected_path}"
    )


def _show_example(raw: RawData, case: dict[Any, Any]) -> str:
    if not case["column"]:
        return f"row {case['row']}"
    value = raw.frame.at[case["row"], case["column"]]
    return f"row {case['row']} ({case['column']} = {str(value)[:40]!r})"


def _write_rejected(raw: RawData, reasons: "pd.Series[Any]", path: Path) -> None:
    rejected = raw.frame.loc[reasons.index]
    rejected = rejected.map(lambda value: quote_formula(value) if isinstance(value, str) else value)
    rejected.columns = pd.Index([quote_formula(str(name)) for name in rejected.columns])
    rejected.insert(0, "reason", reasons.to_numpy(), allow_duplicates=True)
    rejected.insert(0, "row", reasons.index, allow_duplicates=True)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        rejected.to_csv(path, index=False, encoding="utf-8")
    except OSError as error:
        raise InputError(
            f"{raw.origin}: {len(rejected):,} rows refused, and {path} for them cannot be written: {error.strerror}"
        ) from error


def _check_labels(raw: RawData, frame: pd.DataFrame, dataset: Dataset, rejected_path: Path) -> None:
    if dataset.task != "binary":
        return
    name, positive = dataset.target.source, dataset.target.positive
    is_positive = frame[name] == positive
    positives, rows = int(is_positive.sum()), len(frame)
    if positives in (0, rows):
        which = f"no row has {name} = {positive}" if not positives else f"every row has {name} = {positive}"
        raise InputError(f"{raw.origin}: {which} among {rows:,} rows, expected both classes; give data with both")
    bounds = dataset.prevalence
    if bounds is None or bounds.minimum <= positives / rows <= bounds.maximum:
        return
    reason = f"label prevalence {positives / rows:.2%} is outside {bounds.minimum:.2%} to {bounds.maximum:.2%}"
    _write_rejected(raw, pd.Series(reason, index=frame.index[is_positive]), rejected_path)
    raise InputError(
        f"{raw.origin}: {reason}: {positives:,} of {rows:,} rows have {name} = {positive}; check the labels, "
        f"or prevalence in the dataset file; these rows are in {rejected_path}"
    )


def _settle_types(frame: pd.DataFrame, dataset: Dataset) -> pd.DataFrame:
    """Whole-number columns as int64; a nullable one stays float64, whether or not a value is missing today."""
    sizes = {column.source: column for column in dataset.columns}
    for raw in frame.columns:
        values = frame[raw]
        if values.dtype == object or (raw in sizes and (sizes[raw].type == "number" or sizes[raw].nullable)):
            continue
        is_measured = raw == dataset.target.source and dataset.task == "regression"
        if not is_measured and bool((values == np.floor(values)).all()):
            frame[raw] = values.astype(np.int64)
    return frame


def _listing(names: list[str]) -> str:
    shown = [repr(name[:80]) for name in names[:MAX_NAMES]]
    return ", ".join(shown + [f"and {len(names) - MAX_NAMES:,} more"] * (len(names) > MAX_NAMES)) or "none"
