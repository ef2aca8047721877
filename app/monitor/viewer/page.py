"""The built page, and the dashboards' files."""

from pathlib import Path

from app.monitor.dashboards.place import ORDER
from cli.errors import InputError
from cli.files import read_file

MAX_BYTES = 4 * 1024 * 1024


def find_page(folder: Path) -> Path:
    """Raises: InputError if it was not built."""
    if not (folder / "viewer.js").is_file():
        raise InputError(f"{folder} has no viewer.js: the page is built by `make dashboards`, which needs node and npm")
    return folder


def read_dashboards(folder: Path) -> dict[str, bytes]:
    """The text of each dashboard by its name: the known ones in their order, then any other.

    Raises: InputError if there is none.
    """
    names = sorted(path.stem for path in folder.glob("*.json"))
    if not names:
        raise InputError(f"{folder} holds no dashboard, expected files such as {ORDER[0]}.json")
    names.sort(key=lambda name: ORDER.index(name) if name in ORDER else len(ORDER))
    return {name: read_file(folder / f"{name}.json", MAX_BYTES) for name in names}
