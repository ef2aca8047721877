"""What a report is of: counts of all logged rows of a model in a window of time, and a bounded sample of them."""

import math
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field

import msgspec
import numpy as np
from numpy.typing import NDArray

from app.monitor.reports.log_files import LogReader
from contract.compute.bins import count_bins
from contract.compute.plan import FeaturePlan
from contract.prediction_log import LoggedOutcome, LoggedPrediction
from contract.schema import Manifest

SCORE = "score"
PART_ROWS = 5000  # made into arrays at once
SEED = 0

Columns = dict[str, NDArray[np.float64]]


class ColumnCounts:
    """One column over all rows: how many in each bin, the least and the greatest value."""

    def __init__(self, bins: int) -> None:
        self.bins = np.zeros(bins, dtype=np.int64)
        self.least, self.greatest = math.inf, -math.inf

    @property
    def rows(self) -> int:
        return int(self.bins.sum())

    @property
    def missing(self) -> int:
        return int(self.bins[-1])

    @property
    def is_constant(self) -> bool:
        return self.least == self.greatest


class RowSample:
    """At most `size` rows drawn from all that are added, each as likely; the same rows give the same sample."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._random = np.random.default_rng(SEED)
        self._keys: NDArray[np.float64] = np.empty(0)
        self.columns: Columns = {}

    def __len__(self) -> int:
        return len(self._keys)

    def add(self, columns: Columns) -> None:
        """Columns of shape (rows,), always the same."""
        rows = len(next(iter(columns.values()), ()))
        before = self.columns or {name: np.empty(0) for name in columns}
        keys = np.concatenate([self._keys, self._random.random(rows)])
        kept = np.sort(np.argpartition(keys, self._size)[: self._size]) if len(keys) > self._size else slice(None)
        self._keys = keys[kept]
        self.columns = {name: np.concatenate([before[name], column])[kept] for name, column in columns.items()}


@dataclass
class LoggedWindow:
    """The rows of one model since `begin`, Unix seconds; `left_out` says by reason how many lines are not of it."""

    manifest: Manifest
    begin: float
    end: float
    counts: dict[str, ColumnCounts]
    sample: RowSample
    labelled: RowSample
    rows: int = 0
    first: float = math.inf
    last: float = -math.inf
    shares: set[float] = field(default_factory=set)
    logged: frozenset[str] | None = None  # the columns in the newest row, and `score` if it has one
    outcomes: int = 0
    left_out: dict[str, int] = field(default_factory=dict)

    def leave_out(self, reason: str, count: int = 1) -> None:
        if count:
            self.left_out[reason] = self.left_out.get(reason, 0) + count


class WindowReader:
    """Reads a window from a log: the outcomes first, then the rows with those of them that have an outcome."""

    def __init__(self, manifest: Manifest, begin: float, end: float, sample_rows: int) -> None:
        self._plan = FeaturePlan(manifest.schema)
        self._most_outcomes = sample_rows
        self._truths: dict[str, float] = {}
        counts = {name: ColumnCounts(len(bins.ratios)) for name, bins in manifest.reference.items()}
        self.window = LoggedWindow(manifest, begin, end, counts, RowSample(sample_rows), RowSample(sample_rows))
        self._part: list[LoggedPrediction] = []

    def read(self, files: LogReader) -> LoggedWindow:
        """Raises: InputError, OutsideError."""
        window = self.window
        for outcome in self._list_outcomes(files):
            window.outcomes += 1
            self._truths[outcome.receipt] = outcome.outcome
            if len(self._truths) > 2 * self._most_outcomes:
                self._forget_outcomes()
        self._forget_outcomes()
        for line in files.read(window.begin, b'"prediction"'):
            if isinstance(line, LoggedPrediction) and self._is_of_window(line):
                self._part.append(line)
                if len(self._part) == PART_ROWS:
                    self._add_part()
        self._add_part()
        window.leave_out("no line of a log", files.unreadable)
        files.unreadable = 0
        return window

    def _list_outcomes(self, files: LogReader) -> Iterator[LoggedOutcome]:
        for line in files.read(self.window.begin, b'"outcome"'):
            if isinstance(line, LoggedOutcome) and line.version == self.window.manifest.version:
                yield line
        files.unreadable = 0  # they are counted when the rows are read

    def _forget_outcomes(self) -> None:
        """Keeps at most as many as a sample has rows: those whose receipts come first by a checksum."""
        if len(self._truths) > self._most_outcomes:
            kept = sorted(self._truths, key=lambda receipt: zlib.crc32(receipt.encode()))[: self._most_outcomes]
            self._truths = {receipt: self._truths[receipt] for receipt in kept}

    def _is_of_window(self, line: LoggedPrediction) -> bool:
        window = self.window
        if (line.model, line.version) != (window.manifest.name, window.manifest.version):
            window.leave_out(f"rows of {line.model} {line.version}"[:80] if len(window.left_out) < 16 else "other rows")
            return False
        if not window.begin <= line.time < window.end:
            return False
        fields = frozenset((*line.row, *([] if line.score is msgspec.UNSET else [SCORE])))
        if window.logged is None:
            window.logged = fields
        if fields != window.logged:
            window.leave_out("rows with other fields than the newest row has")
            return False
        return True

    def _add_part(self) -> None:
        part, self._part = self._part, []
        if not part:
            return
        window = self.window
        columns = self._make_columns(part)
        for name, counts in window.counts.items():
            values = columns[name]
            counts.bins += count_bins(window.manifest.reference[name], values)
            if (known := values[~np.isnan(values)]).size:
                counts.least, counts.greatest = min(counts.least, known.min()), max(counts.greatest, known.max())
        window.rows += len(part)
        times = [line.time for line in part]
        window.first, window.last = min(window.first, *times), max(window.last, *times)
        window.shares |= {line.share for line in part}
        window.sample.add(columns)
        truths = [self._truths.get(line.receipt) if isinstance(line.receipt, str) else None for line in part]
        labelled = [index for index, truth in enumerate(truths) if truth is not None]
        if labelled:
            found = {name: values[labelled] for name, values in columns.items()}
            outcomes = [truth for truth in truths if truth is not None]
            window.labelled.add(found | {"outcome": np.array(outcomes)})

    def _make_columns(self, part: list[LoggedPrediction]) -> Columns:
        """Columns, derived features and score of shape (rows,); NaN for what is missing or not logged."""
        names = [column.name for column in self._plan.columns]
        encoded = self._plan.encode_table({name: [line.row.get(name) for line in part] for name in names})
        with np.errstate(all="ignore"):
            values = self._plan.derive_table(encoded)
        scores = [line.score if isinstance(line.score, float) else math.nan for line in part]
        return values | {SCORE: np.array(scores, dtype=np.float64)}
