"""What stands for the data in a bundle: a hash of the validated values, whatever file or library held them."""

import hashlib

import msgspec
import numpy as np
import pandas as pd

from contract.dataset import Dataset


def fingerprint_frame(frame: pd.DataFrame, dataset: Dataset) -> str:
    """SHA-256 in hex over the declared raw columns by name, in the order of the rows.

    Numbers count as little-endian float64, whatever their width, text as a JSON list in UTF-8.
    """
    digest = hashlib.sha256()
    for raw in sorted(dataset.raw_columns):
        values = frame[raw]
        is_text = values.dtype == object
        digest.update(msgspec.json.encode([raw, "text" if is_text else "number", len(values)]))
        if is_text:
            digest.update(msgspec.json.encode([None if pd.isna(value) else value for value in values]))
        else:
            numbers = values.to_numpy(dtype="<f8") + 0.0  # minus zero equals zero
            digest.update(np.where(np.isnan(numbers), np.nan, numbers).astype("<f8").tobytes())
    return digest.hexdigest()
