"""A dataset from the UCI repository, under the dataset's own raw column names and within a time limit."""

import difflib
import re
import threading
from collections.abc import Iterable
from concurrent.futures import Future
from http.client import HTTPException

import pandas as pd
from ucimlrepo import fetch_ucirepo
from ucimlrepo.fetch import DatasetNotFoundError

from training.dataset import Dataset
from training.errors import InputError, OutsideError

TIMEOUT_SECONDS = 5.0

_UNIT = re.compile(r"\[[^]]*\]|\([^)]*\)")
_SIMILAR = 0.6
_FAILURES = (OSError, ValueError, KeyError, TypeError, HTTPException, DatasetNotFoundError)


def fetch_uci(dataset: Dataset, timeout_seconds: float = TIMEOUT_SECONDS) -> pd.DataFrame:
    """The dataset's rows as UCI serves them: ids, features and targets under raw names, index from 1.

    Raises: InputError if the dataset has no UCI number, OutsideError if UCI does not answer in time or usably.
    """
    if dataset.uci_id is None:
        raise InputError(f"dataset {dataset.name!r} has no uci_id: give a CSV or Parquet file or URL")
    frame = _fetch_in_time(dataset.uci_id, timeout_seconds)
    names = match_columns(dataset.raw_columns, [str(column) for column in frame.columns])
    if missing := [raw for raw in dataset.raw_columns if raw not in names.values()]:
        found = ", ".join(map(str, frame.columns))
        raise OutsideError(f"UCI dataset {dataset.uci_id} has no column {missing[0]!r}; it has {found}")
    return frame.rename(columns=names).set_axis(pd.RangeIndex(1, len(frame) + 1), axis=0)


def match_columns(raw_columns: Iterable[str], found: Iterable[str]) -> dict[str, str]:
    """Found names to raw names: equal without unit and punctuation, or the one similar name that is left."""
    left = {_simplify(name): name for name in found}
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
    # ucimlrepo has no timeout: a daemon thread can be left behind, a pool's would hold up the exit
    answer: Future[pd.DataFrame] = Future()
    threading.Thread(target=_fetch_into, args=(answer, uci_id), daemon=True).start()
    try:
        return answer.result(timeout_seconds)
    except TimeoutError as error:
        raise OutsideError(f"the UCI repository did not answer within {timeout_seconds:g} s") from error
    except ConnectionError as error:
        raise OutsideError("the UCI repository could not be reached") from error
    except _FAILURES as error:
        first = (str(error).splitlines() or [""])[0][:200]
        raise OutsideError(f"the UCI repository's answer is not usable: {type(error).__name__} {first}") from error


def _fetch_into(answer: "Future[pd.DataFrame]", uci_id: int) -> None:
    try:
        answer.set_result(fetch_ucirepo(id=uci_id).data.original)
    except _FAILURES as error:
        answer.set_exception(error)
