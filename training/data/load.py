"""From a source to a validated table in one step."""

from pathlib import Path

from cli.errors import InputError
from contract.dataset import Dataset
from training.data.sources.pin import check_pin, place_source, read_pin
from training.data.sources.source import load_raw
from training.data.table import Table
from training.data.validation import remove_rejected, validate_raw


def load_table(
    dataset: Dataset, source: str | None, rejected_path: Path, rows: int | None = None, seed: int | None = None
) -> Table:
    """The validated rows of `source` (see `load_raw`), in time order; without one, those that Git pins.

    Raises: InputError with the refused rows in `rejected_path`, OutsideError.
    """
    remove_rejected(rejected_path)
    pin = read_pin(dataset.name) if source is None and rows is None and seed is None else None
    if pin is None:
        return validate_raw(load_raw(dataset, source, rows, seed), dataset, rejected_path)
    try:
        raw = load_raw(dataset, place_source(pin.source), rows, seed)
    except InputError as error:
        raise InputError(f"training/pins names {pin.source} for dataset {dataset.name!r}: {error}") from error
    table = validate_raw(raw, dataset, rejected_path)
    check_pin(table, pin)
    return table
