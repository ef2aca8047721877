"""What the reports found, run by run: one line each in the history, from which the trend is drawn."""

from pathlib import Path

import msgspec

from app.monitor.reports.guards import ColumnVerdict, QualityGuard
from cli.errors import InputError
from cli.files import read_file, write_file

HISTORY = "history.jsonl"
INDEX = "index.html"
RUN_PREFIX = "run-"
MAX_RUNS = 1000  # in the trend; older ones are forgotten
MAX_BYTES = 64 * 1024 * 1024


class Quality(msgspec.Struct, frozen=True):
    """A share of labelled rows with its 95 % interval."""

    name: str
    value: float
    low: float
    high: float


class ReportRun(msgspec.Struct, frozen=True, kw_only=True):
    """One report. `folder` is where its pages are, below the folder of all; times are ISO 8601 in UTC."""

    folder: str
    created: str
    begin: str
    end: str
    model: str
    version: str
    digest: str
    rows: int
    sampled: int
    shares: tuple[float, ...]
    left_out: dict[str, int]
    columns: tuple[ColumnVerdict, ...]
    labels: QualityGuard
    quality: tuple[Quality, ...]
    pages: dict[str, str | None]  # by name, why there is none, or None
    apart: float | None  # Evidently's index from ours at the most, None without its page

    def count(self, verdict: str) -> int:
        """Columns with that verdict."""
        return sum(column.verdict == verdict for column in self.columns)


def read_history(folder: Path, place: str) -> list[ReportRun]:
    """The runs so far, the oldest first; `place` is where a person finds the folder.

    Raises: InputError if the file is not one that was written here.
    """
    path = folder / HISTORY
    if not path.exists():
        return []
    try:
        return [msgspec.json.decode(line, type=ReportRun) for line in read_file(path, MAX_BYTES).splitlines()]
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        shown = f"{place.rstrip('/')}/{HISTORY}"
        raise InputError(f"{shown} is no history of reports: {error}; move it away and run again") from error


def write_history(folder: Path, runs: list[ReportRun]) -> None:
    """Raises: InputError if the disk refuses."""
    write_file(folder / HISTORY, msgspec.json.Encoder().encode_lines(runs[-MAX_RUNS:]))
