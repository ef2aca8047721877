"""From a source to a validated table in one step."""

from pathlib import Path

from training.data.sources import load_raw
from training.data.table import Table
from training.data.validation import remove_rejected, validate_raw
from training.dataset import Dataset


def load_table(
    dataset: Dataset, source: str | None, rejected_path: Path, rows: int | None = None, seed: int | None = None
) -> Table:
    """The validated rows of `source` (see `load_raw`), in time order.

    Raises: InputError, DataError with the refused rows in `rejected_path`, OutsideError.
    """
    remove_rejected(rejected_path)
    return validate_raw(load_raw(dataset, source, rows, seed), dataset, rejected_path)
