"""Which data a model is trained from, as Git says it: a retraining is a pull request that moves this pin."""

import io
from pathlib import Path

from ruamel.yaml import YAML

from app.contract.schema import Struct
from training.data.table import Table
from training.errors import InputError
from training.files import write_file
from training.yaml_file import read_struct

PINS = Path(__file__).parents[1] / "pins"
HEADER = "# Written by `make pin DATA=…`; training without DATA= takes it, and refuses it if its rows have changed.\n"


class Pin(Struct, frozen=True):
    """`source` as for --data; `sha256` is the table's fingerprint, over values and not over bytes."""

    source: str
    sha256: str
    rows: int


def read_pin(name: str, folder: Path = PINS) -> Pin | None:
    """The pin of the dataset of that name, None if Git has none.

    Raises: InputError if the file is no pin.
    """
    path = folder / f"{name}.yaml"
    return read_struct(path, Pin) if path.exists() else None


def write_pin(table: Table, source: str, folder: Path = PINS) -> Path:
    """Pins the dataset to these rows.

    Raises: InputError if the disk refuses.
    """
    path = folder / f"{table.dataset.name}.yaml"
    text = io.StringIO(HEADER)
    text.seek(0, io.SEEK_END)
    YAML().dump({"source": source, "sha256": table.sha256, "rows": len(table)}, text)
    write_file(path, text.getvalue().encode())
    return path


def check_pin(table: Table, pin: Pin) -> None:
    """Raises: InputError if the rows are not those that were pinned."""
    if table.sha256 != pin.sha256:
        raise InputError(
            f"{pin.source} has {len(table):,} rows with fingerprint {table.sha256[:12]}, expected the {pin.rows:,} "
            f"rows with {pin.sha256[:12]} that training/pins names: give the former file with DATA=, or pin this "
            f"one with `make pin DATA={pin.source}`"
        )
