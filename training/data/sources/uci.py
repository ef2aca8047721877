"""A dataset from the UCI repository, under the dataset's own raw column names and within a time limit."""

import difflib
import io
import json
import re
import time
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import pandas as pd

from cli.errors import InputError, OutsideError
from contract.dataset import Dataset
from training.data.sources.fetching import DownloadLimits, fetch_source, first_line, read_limits

API_URL = "https://archive.ics.uci.edu/api/dataset"
OK = 200  # in the answer itself
TIMEOUT_SECONDS = 5.0  # for all requests together

_UNIT = re.compile(r"\[[^]]*\]|\([^)]*\)")
_SIMILAR = 0.6


def fetch_uci(dataset: Dataset, timeout_seconds: float = TIMEOUT_SECONDS) -> pd.DataFrame:
    """The dataset's rows as UCI serves them: ids, features and targets under raw names, index from 1.

    Raises: InputError if the dataset has no UCI number, OutsideError if UCI does not answer in time or usably.
    """
    if dataset.uci_id is None:
        raise InputError(f"dataset {dataset.name!r} has no uci_id: give a CSV or Parquet file or URL")
    frame = _fetch_in_time(dataset.uci_id, timeout_seconds)
    names = match_columns(dataset.raw_columns, [str(column) for column in frame.columns])
    if missing := [raw for raw in dataset.raw_columns if raw not in names.values()]:
        columns = ", ".join(map(str, frame.columns))
        raise OutsideError(f"UCI dataset {dataset.uci_id} has no column {missing[0]!r}; it has {columns}")
    return frame.rename(columns=names).set_axis(pd.RangeIndex(1, len(frame) + 1), axis=0)


def match_columns(raw_columns: Iterable[str], names_found: Iterable[str]) -> dict[str, str]:
    """Found names to raw names: equal without unit and punctuation, or the one similar name that is left."""
    left = {_simplify(name): name for name in names_found}
    names, unmatched = {}, []
    for raw in raw_columns:
        if name := left.pop(_simplify(raw), None):
            names[name] = raw
        else:
            unmatched.append(raw)
    for raw in unmatched:
        for similar in difflib.get_close_matches(_simplify(raw), left, n=1, cutoff=_SIMILAR):
            names[left.pop(similar)] = raw
    return names


def _simplify(name: str) -> str:
    return re.sub(r"\W|_", "", _UNIT.sub("", name)).casefold()


def _fetch_in_time(uci_id: int, timeout_seconds: float) -> pd.DataFrame:
    limits = read_limits()
    end = time.monotonic() + min(timeout_seconds, limits.max_seconds)
    try:
        about = _find_object(json.loads(_fetch(f"{API_URL}?id={uci_id}", limits, end)))
        if about.get("status") != OK:
            raise ValueError(about.get("message") or "it has no such dataset")
        place = _find_object(about.get("data")).get("data_url")
        if not isinstance(place, str) or not place.startswith(("http://", "https://")):  # never a file of this machine
            raise ValueError("it names no CSV")
        frame = pd.read_csv(io.BytesIO(_fetch(place, limits, end)))
        if frame.empty:
            raise ValueError("it has no rows")
    except TimeoutError as error:
        raise OutsideError(f"the UCI repository did not answer within {timeout_seconds:g} s") from error
    except OSError as error:
        raise OutsideError("the UCI repository could not be reached") from error
    except (ValueError, RecursionError, InputError, OutsideError) as error:
        reason = f"{type(error).__name__} {first_line(error)}"
        raise OutsideError(f"the UCI repository's answer is not usable: {reason}") from error
    return frame


def _fetch(url: str, limits: DownloadLimits, end: float) -> bytes:
    """Raises: OSError, TimeoutError if that is the reason; InputError, OutsideError for what was answered."""
    try:
        return fetch_source(url, replace(limits, max_seconds=max(end - time.monotonic(), 0.0)))
    except OutsideError as error:
        if isinstance(error.__cause__, OSError):
            raise error.__cause__ from None
        raise


def _find_object(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise ValueError("it is no JSON object")
    return value
