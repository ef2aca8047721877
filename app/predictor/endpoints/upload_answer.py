"""Scored rows as the client wants them: JSON lines and a summary, or the uploaded CSV with a few columns more."""

import csv
import io
from collections.abc import Collection, Iterator, Sequence
from operator import itemgetter
from typing import Any, Protocol

import msgspec
import numpy as np

from app.predictor.inputs.chunks import Chunk
from app.predictor.inputs.csv_upload import CsvReader
from app.predictor.inputs.warned import UNKNOWN_CATEGORY
from contract.compute.scoring import Scores
from contract.errors import RowError
from contract.intake.formulas import may_hold_formulas, quote_formulas
from contract.schema import ReferenceBins

NDJSON_TYPE = b"application/x-ndjson"
CSV_TYPE = b"text/csv"
WARNING, RECEIPT = "warning", "receipt"
ADDED = ("score", "decision", "error", WARNING, RECEIPT)
BARS = 20  # of the histogram
CSV_ROWS = 512  # written in one call, which holds the interpreter: some 2 microseconds each
_DECISIONS = {True: "true", False: "false", None: ""}

_encode_lines = msgspec.json.Encoder().encode_lines


class ScoredLine(msgspec.Struct, omit_defaults=True, gc=False):
    row: int
    score: float
    decision: bool | None
    receipt: str = ""
    carried: dict[str, Any] = {}
    warnings: list[dict[str, str]] = []


class RejectedLine(msgspec.Struct, omit_defaults=True, gc=False):
    row: int
    error: dict[str, str]
    carried: dict[str, Any] = {}


def find_ends(reference: ReferenceBins) -> tuple[float, float]:
    """The least and the greatest inner edge of a number's reference, apart even if training saw one value."""
    low, high = (reference.edges[0], reference.edges[-1]) if reference.edges else (0.0, 0.0)
    return (low, high) if low < high else (low - 0.5, high + 0.5)


class Summary:
    """Sums over an upload. The histogram's end bars also hold what lies beyond them."""

    def __init__(self, task: str, reference: ReferenceBins, threshold: float | None) -> None:
        ends = (0.0, 1.0) if task == "binary" else find_ends(reference)
        self.edges = np.linspace(*ends, BARS + 1)
        self.counts = np.zeros(BARS, dtype=np.int64)
        self.threshold = threshold
        self.scored = self.rejected = self.at_risk = self.warned = self.quoted_formulas = 0

    def add(self, scores: Scores, rejected: int, warned: int = 0) -> None:
        self.counts += np.histogram(np.clip(scores, self.edges[0], self.edges[-1]), self.edges)[0]
        self.scored += len(scores)
        self.rejected += rejected
        self.warned += warned
        if self.threshold is not None:
            self.at_risk += int(np.count_nonzero(scores >= self.threshold))

    def show(self) -> dict[str, Any]:
        return {
            "rows": self.scored + self.rejected,
            "scored": self.scored,
            "rejected": self.rejected,
            "warned": self.warned,
            "at_risk": None if self.threshold is None else self.at_risk,
            "quoted_formulas": self.quoted_formulas,
            "histogram": {"edges": self.edges.tolist(), "counts": self.counts.tolist()},
        }


class ScoredRows(msgspec.Struct, gc=False):
    """A chunk after scoring: scores and decisions of the rows at `good`, problems of the others."""

    first_row: int
    chunk: Chunk
    good: list[int]
    scores: list[float]
    decisions: Sequence[bool | None]
    receipts: list[str]  # empty where none was asked for
    problems: dict[int, RowError]
    warned: dict[int, list[str]]  # by place, the columns with a category that training did not know


class Writer(Protocol):
    """Renders outcomes in order."""

    content_type: bytes

    def write_rows(self, outcome: ScoredRows) -> bytes: ...

    def write_end(self, summary: Summary) -> bytes: ...


class NdjsonWriter:
    content_type = NDJSON_TYPE

    def write_rows(self, outcome: ScoredRows) -> bytes:
        rows, carry, first = outcome.chunk.rows, outcome.chunk.carried, outcome.first_row
        scored = zip(outcome.good, outcome.scores, outcome.decisions, outcome.receipts, strict=True)
        lines: list[Any] = [
            ScoredLine(first + place, score, decision, receipt, carry(rows[place]) if carry else {})
            for place, score, decision, receipt in scored
        ]
        if outcome.warned:
            self._warn(lines, outcome)
        for place, problem in outcome.problems.items():
            carried = carry(rows[place]) if carry else {}
            lines.append(RejectedLine(first + place, describe_problem(problem), carried))
        if outcome.problems:
            lines.sort(key=_row_of)
        return _encode_lines(lines)

    @staticmethod
    def _warn(lines: list[Any], outcome: ScoredRows) -> None:
        by_row = {outcome.first_row + place: names for place, names in outcome.warned.items()}
        for line in lines:
            line.warnings = [{"code": UNKNOWN_CATEGORY, "field": name} for name in by_row.get(line.row, ())]

    def write_end(self, summary: Summary) -> bytes:
        return msgspec.json.encode({"summary": summary.show()}) + b"\n"


class CsvWriter:
    """Keeps the uploaded columns as they are; one named as an added column gives way to it.

    What a spreadsheet would run is quoted, and counted; but no declared name or category, so that the file can be
    uploaded again.
    """

    content_type = CSV_TYPE + b"; charset=utf-8"

    def __init__(self, reader: CsvReader, with_receipts: bool) -> None:
        self._reader = reader  # knows the header from the first line on
        # a column of warnings stands only where the model can give one
        can_warn = any(column.unknown == "missing" for column in reader.schema.columns)
        left_out = {name for name, given in ((WARNING, can_warn), (RECEIPT, with_receipts)) if not given}
        places = [place for place, name in enumerate(ADDED) if name not in left_out]
        self._added = itemgetter(*places)(ADDED)
        self._pick = itemgetter(*places)
        self._kept: list[int] | None = None
        self._quoted = 0
        self._names: dict[int, Collection[str]] = {}  # by place in the answer, of the model's own columns
        self._categories: dict[int, Collection[str]] = {}

    def write_rows(self, outcome: ScoredRows) -> bytes:
        has_header = self._kept is None
        lines = list(self._list_lines(outcome))
        text = _write_csv(lines)
        if may_hold_formulas(text):
            count = -len(self._added)
            for place, cells in enumerate(lines):
                known = self._names if has_header and place == 0 else self._categories
                kept, quoted = quote_formulas(cells[:count], known)
                lines[place] = [*kept, *cells[count:]]
                self._quoted += quoted
            text = _write_csv(lines)
        return text.encode()

    def _list_lines(self, outcome: ScoredRows) -> Iterator[list[str]]:
        header = self._reader.header
        if self._kept is None:
            self._kept = [place for place, name in enumerate(header) if name not in self._added]
            self._learn_known(self._kept)
            yield [*(header[place] for place in self._kept), *self._added]
        rows = outcome.chunk.rows
        if len(self._kept) < len(header):
            rows = [[cells[index] for index in self._kept] for cells in rows]
        for cells, added in zip(rows, self._list_added(outcome), strict=True):
            yield [*cells, *added]

    def _list_added(self, outcome: ScoredRows) -> Iterator[tuple[str, ...]]:
        """What is added to each row, in order."""
        texts = {place: f"{UNKNOWN_CATEGORY}: {', '.join(names)}" for place, names in outcome.warned.items()}
        empty = [""] * len(outcome.good)
        warnings = [texts.get(place, "") for place in outcome.good] if texts else empty
        decisions = map(_DECISIONS.__getitem__, outcome.decisions)
        columns = self._pick((map(repr, outcome.scores), decisions, empty, warnings, outcome.receipts))
        scored: Iterator[tuple[str, ...]] = zip(*columns, strict=True)
        if not outcome.problems:
            return scored
        refused = {
            place: self._pick(("", "", f"{problem.code}: {problem}", "", ""))
            for place, problem in outcome.problems.items()
        }
        return (refused[place] if place in refused else next(scored) for place in range(len(outcome.chunk.rows)))

    def _learn_known(self, kept: list[int]) -> None:
        for column in self._reader.schema.columns:
            column_place = self._reader.places[column.name]
            if column_place in kept:
                place = kept.index(column_place)
                self._names[place] = (self._reader.header[column_place],)
                self._categories[place] = column.categories

    def write_end(self, summary: Summary) -> bytes:
        summary.quoted_formulas = self._quoted
        return b""


def _write_csv(lines: list[list[str]]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    for start in range(0, len(lines), CSV_ROWS):
        writer.writerows(lines[start : start + CSV_ROWS])
    return text.getvalue()


def describe_problem(problem: RowError) -> dict[str, str]:
    """As in the answer of every error."""
    about = {"code": problem.code, "message": str(problem)}
    return about | {"field": problem.field} if problem.field else about


def _row_of(line: ScoredLine | RejectedLine) -> int:
    return line.row
