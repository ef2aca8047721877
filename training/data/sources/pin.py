"""Which data a model is trained from, as Git says it: a retraining is a pull request that moves this pin."""

import io
from pathlib import Path
from typing import Annotated

import msgspec
from ruamel.yaml import YAML

from cli.errors import InputError
from cli.files import write_file
from cli.yaml_file import read_struct
from contract.schema import Struct
from training.data.sources.credentials import WAY, find_credentials
from training.data.sources.source import GENERATOR, UCI
from training.data.table import Table

PINS = Path(__file__).parents[2] / "pins"
PROJECT = Path(__file__).parents[3]
MAX_SOURCE = 2000  # characters, of a path or URL
HEADER = "# Written by `make pin DATA=…`; training without DATA= takes it, and refuses it if its rows have changed.\n"


class Pin(Struct, frozen=True):
    """`source` as for --data; `sha256` is the table's fingerprint, over values and not over bytes."""

    source: Annotated[str, msgspec.Meta(min_length=1, max_length=MAX_SOURCE)]
    sha256: Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{64}\Z")]
    rows: Annotated[int, msgspec.Meta(ge=0, le=2**53)]


def read_pin(name: str, folder: Path = PINS) -> Pin | None:
    """The pin of the dataset of that name, None if Git has none.

    Raises: InputError if the file is no pin, or its source holds what must stay secret.
    """
    path = folder / f"{name}.yaml"
    if not path.exists():
        return None
    pin = read_struct(path, Pin)
    if credentials := find_credentials(pin.source):
        raise InputError(
            f"the source in {path} holds {credentials}: whoever reads Git has it; revoke it there, and {WAY}"
        )
    return pin


def check_place(source: str) -> None:
    """Raises: InputError if a pin of this source would publish what must stay secret."""
    if credentials := find_credentials(source):
        raise InputError(f"the data's URL holds {credentials}, and a pin is read by everybody who reads Git; {WAY}")


def place_source(source: str) -> str:
    """A path as it is opened: a relative one is the project's, wherever the project is by now."""
    return source if not _is_path(source) or Path(source).is_absolute() else str(PROJECT / source)


def shorten_source(source: str) -> str:
    """A path as it is written down: one within the project says nothing of where the project is."""
    if not _is_path(source):
        return source
    path = Path(source).expanduser().resolve()
    return path.relative_to(PROJECT).as_posix() if path.is_relative_to(PROJECT) else str(path)


def write_pin(table: Table, source: str, folder: Path = PINS) -> Path:
    """Pins the dataset to these rows.

    Raises: InputError if the reader would refuse it, or the disk does.
    """
    check_place(source)
    shortened = shorten_source(source)
    if not shortened.isprintable():
        raise InputError(f"the data's place is {shortened[:80]!r}, a pin takes printable text: rename or move the data")
    if len(shortened) > MAX_SOURCE:
        raise InputError(
            f"the data's place has {len(shortened):,} characters, a pin takes {MAX_SOURCE:,}: give a shorter one"
        )
    path = folder / f"{table.dataset.name}.yaml"
    text = io.StringIO(HEADER)
    text.seek(0, io.SEEK_END)
    writer = YAML()
    writer.width = 2 * MAX_SOURCE  # never folded
    writer.dump({"source": shortened, "sha256": table.sha256, "rows": len(table)}, text)
    write_file(path, text.getvalue().encode())
    return path


def _is_path(source: str) -> bool:
    return "://" not in source and source not in (UCI, GENERATOR)


def check_pin(table: Table, pin: Pin) -> None:
    """Raises: InputError if the rows are not those that were pinned."""
    if table.sha256 != pin.sha256:
        raise InputError(
            f"{pin.source} has {len(table):,} rows with fingerprint {table.sha256[:12]}, expected the {pin.rows:,} "
            f"rows with {pin.sha256[:12]} that training/pins names: give the former file with DATA=, or pin this "
            f"one with `make pin DATA={pin.source}`"
        )
