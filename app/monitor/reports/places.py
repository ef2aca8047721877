"""Where reports stand: a folder, or a bucket, of which a run needs the history and the names of the earlier runs."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from app.monitor.reports.addresses import reach_files
from app.monitor.reports.runs import HISTORY, INDEX, RUN_PREFIX

REMOTE = "://"


@contextmanager
def open_reports(out: str) -> Iterator[Path]:
    """The folder to write into. What was written there goes to the bucket at the end, the index last.

    Raises: InputError, OutsideError.
    """
    if REMOTE not in out:
        yield Path(out)
        return
    with TemporaryDirectory(prefix="lathe-reports-") as name:
        folder = Path(name)
        with reach_files(out) as (files, root):
            earlier = fetch(files, root, folder)
        yield folder
        with reach_files(out) as (files, root):
            send(files, root, folder, earlier)


def fetch(files: Any, root: str, folder: Path) -> set[str]:
    """The names of the earlier runs, which stand as empty folders beside a copy of the history."""
    if not files.exists(root):
        return set()
    if files.exists(f"{root}/{HISTORY}"):
        files.get_file(f"{root}/{HISTORY}", str(folder / HISTORY))
    names = {path.rstrip("/").rpartition("/")[2] for path in files.ls(root, detail=False)}
    runs = {name for name in names if name.startswith(RUN_PREFIX)}
    for run in runs:
        (folder / run).mkdir()
    return runs


def send(files: Any, root: str, folder: Path, earlier: set[str]) -> None:
    """A run is whole before the index names it, and is not named any more before it goes."""
    kept = {path.name for path in folder.glob(f"{RUN_PREFIX}*")}
    for run in sorted(kept - earlier):
        for page in sorted((folder / run).iterdir()):
            files.put_file(str(page), f"{root}/{run}/{page.name}")
    for name in (HISTORY, INDEX):
        files.put_file(str(folder / name), f"{root}/{name}")
    for run in sorted(earlier - kept):
        files.rm(f"{root}/{run}", recursive=True)
