"""A digest of each row's values, without its identifiers: the same row under another key has the same."""

import base64
import hashlib
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from contract.schema import RowRecord
from training.data.table import Table

Digests = NDArray[np.uint64]

WIDTH = 8  # bytes of a row's digest
_OUTCOME_BITS = np.uint64(16)  # of them the lowest are the outcome's, the others the inputs'
_INPUT_BITS = np.uint64(48)
_OUTCOME_MASK = np.uint64(2**16 - 1)
_STORED = np.dtype(">u8")


def digest_table(table: Table) -> Digests:
    """Shape (rows,), over the columns of the table's dataset file and its target."""
    return digest_rows(table.frame, [column.source for column in table.dataset.columns], table.dataset.target.source)


def digest_rows(frame: pd.DataFrame, columns: Sequence[str], target: str) -> Digests:
    """Shape (rows,): numbers count as float64 whatever their width, text as UTF-8; `columns` may come in any order."""
    labels, places = np.unique(_encode(frame[target]), return_inverse=True)  # of a class there are two
    outcome = _join([labels], len(labels))[places]
    return (digest_inputs(frame, columns) << _OUTCOME_BITS) | (outcome >> _INPUT_BITS)


def digest_inputs(frame: pd.DataFrame, columns: Sequence[str]) -> Digests:
    """The inputs' part alone, of shape (rows,)."""
    return strip_outcomes(_join([_encode(frame[name]) for name in sorted(columns)], len(frame)))


def strip_outcomes(digests: Digests) -> Digests:
    """The inputs' part alone, of the same shape."""
    stripped: Digests = digests >> _OUTCOME_BITS
    return stripped


def take_outcomes(digests: Digests) -> Digests:
    """The outcome's part alone, of the same shape."""
    outcomes: Digests = digests & _OUTCOME_MASK
    return outcomes


def _encode(values: "pd.Series[Any]") -> Digests:
    if pd.api.types.is_numeric_dtype(values):
        numbers = values.to_numpy(dtype=np.float64) + 0.0  # minus zero equals zero
        return np.where(np.isnan(numbers), np.nan, numbers).view(np.uint64)
    codes, texts = pd.factorize(values)
    known = [_hash(str(text).encode()) for text in texts]
    return np.array([*known, 0], dtype=np.uint64)[codes]  # -1, a missing one, is the last


def _join(parts: Sequence[Digests], rows: int) -> Digests:
    content = np.column_stack(parts).astype(_STORED).tobytes()
    width = WIDTH * len(parts)
    hashes = (_hash(content[place : place + width]) for place in range(0, rows * width, width))
    return np.fromiter(hashes, dtype=np.uint64, count=rows)


def _hash(content: bytes) -> int:
    return int.from_bytes(hashlib.sha256(content).digest()[:WIDTH])


def write_record(fitted: Table, held_out: Table) -> RowRecord:
    """What a bundle carries of both sides."""
    return RowRecord(fitted=_write(digest_table(fitted)), held_out=_write(digest_table(held_out)))


def read_record(record: RowRecord) -> tuple[Digests, Digests]:
    """The digests of the fitted and of the held-out rows.

    Raises: ValueError if it holds no such thing.
    """
    return _read(record.fitted), _read(record.held_out)


def _write(digests: Digests) -> str:
    return base64.b64encode(digests.astype(_STORED).tobytes()).decode()


def _read(text: str) -> Digests:
    return np.frombuffer(base64.b64decode(text, validate=True), dtype=_STORED).astype(np.uint64)
