"""From a source to a validated table in one step."""

from pathlib import Path

from training.data.pin import check_pin, read_pin
from training.data.sources import load_raw
from training.data.table import Table
from training.data.validation import remove_rejected, validate_raw
from training.dataset import Dataset


def load_table(
    dataset: Dataset, source: str | None, rejected_path: Path, rows: int | None = None, seed: int | None = None
) -> Table:
    """The validated rows of `source` (see `load_raw`), in time order; without one, those that Git pins.

    Raises: InputError, DataError with the refused rows in `rejected_path`, OutsideError.
    """
    remove_rejected(rejected_path)
    pin = read_pin(dataset.name) if source is None and rows is None and seed is None else None
    table = validate_raw(load_raw(dataset, pin.source if pin else source, rows, seed), dataset, rejected_path)
    if pin:
        check_pin(table, pin)
    return table
