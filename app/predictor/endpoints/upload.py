"""One upload on its way through the batch threads: bytes in, scored rows to a spool, sums of it all."""

from collections import Counter
from collections.abc import Iterator
from typing import Any, Protocol

import msgspec
import numpy as np

from app.predictor.endpoints.upload_answer import ScoredRows, Summary, Writer
from app.predictor.http.errors import EMPTY, InvalidInputError, TooLargeError
from app.predictor.http.spool import Spool
from app.predictor.inputs.chunks import Checked, Chunk, check_chunk
from app.predictor.prediction_log.entries import TableEntry
from app.predictor.prediction_log.log import PredictionLog
from app.predictor.receipts.receipts import Receipts
from app.predictor.scoring.bin_layout import SCORE
from app.predictor.scoring.model import Scored, ScoringError, ServedModel
from contract.errors import RowError
from contract.intake.csv_text import MAX_LINE_BYTES
from contract.intake.headers import strip_marks
from contract.intake.signatures import HEAD_BYTES

NOT_FINITE = RowError("score_not_finite", "the model's score of the row is not finite")


class Reader(Protocol):
    """Whole lines of bytes in, at most `max_lines` at once; chunks of rows out."""

    @property
    def max_lines(self) -> int: ...

    is_text: bool

    def check_head(self, head: bytes) -> None: ...

    def read_header(self, lines: bytes, is_last: bool) -> bytes: ...

    def read(self, lines: bytes, is_last: bool) -> Chunk | None: ...


class Progress(msgspec.Struct, gc=False):
    """What a chunk adds to the counters of the process."""

    scored: list[Scored]
    rejected: Counter[str]
    logged: list[TableEntry | None] = []

    @property
    def rows(self) -> int:
        return sum(len(part.scores) for part in self.scored) + self.rejected.total()


def cut_lines(held: bytes, is_last: bool) -> tuple[list[bytes], bytes]:
    """Whole lines in parts of MAX_LINE_BYTES, so that no call into C holds the interpreter for long; and the rest.

    Raises: TooLargeError for a line that is longer, wherever the upload was cut before.
    """
    parts, place = [], 0
    while place < len(held):
        end = held.rfind(b"\n", place, place + MAX_LINE_BYTES + 1) + 1
        if end == 0:
            if len(held) - place > MAX_LINE_BYTES:
                raise TooLargeError(f"a line of the upload is longer than {MAX_LINE_BYTES} bytes", "line_too_long")
            if not is_last:
                break
            end = len(held)
        parts.append(held[place:end])
        place = end
    return parts, held[place:]


def split_lines(lines: bytes, most: int) -> list[bytes]:
    """The same in parts of at most so many lines."""
    if lines.count(b"\n") < most:
        return [lines]
    whole = lines.split(b"\n")
    parts = [b"\n".join(whole[start : start + most]) for start in range(0, len(whole), most)]
    return [*(part + b"\n" for part in parts[:-1]), *filter(None, parts[-1:])]


class Upload:
    """Scores an upload chunk by chunk in bounded memory; every method is for one thread at a time."""

    def __init__(
        self,
        model: ServedModel,
        reader: Reader,
        writer: Writer,
        spool: Spool,
        receipts: Receipts | None = None,
        log: PredictionLog | None = None,
    ) -> None:
        manifest = model.manifest
        self.model = model
        self.reader = reader
        self.writer = writer
        self.spool = spool
        self.receipts = receipts
        self.log = log
        self.summary = Summary(manifest.schema.task, manifest.reference[SCORE], model.threshold)
        self._tail = b""
        self._rows = 0
        self._has_started = False

    def feed(self, chunk: bytes, is_last: bool) -> Progress:
        """Scores the rows that `chunk` completes.

        Raises: BadRequestError, InvalidInputError for nothing or an unusable header, TooLargeError, SpoolError.
        """
        held = self._tail + chunk
        if not self._has_started:
            if len(held) < HEAD_BYTES and not is_last:  # too little to tell what it is
                self._tail = held
                return Progress([], Counter())
            self.reader.check_head(held[:HEAD_BYTES])
            held, self._has_started = strip_marks(held), True
            if is_last and not held.strip():
                raise InvalidInputError(EMPTY.format("a header and rows, or JSON lines"), "no_rows")
        parts, self._tail = cut_lines(held, is_last)
        progress = Progress([], Counter())
        for lines in parts:
            self._read_lines(self.reader.read_header(lines, False), False, progress)
        if is_last:
            self._read_lines(self.reader.read_header(b"", True), True, progress)
        return progress

    def _read_lines(self, lines: bytes, is_last: bool, progress: Progress) -> None:
        if not lines and not is_last:
            return
        parts = split_lines(lines, self.reader.max_lines)
        for place, part in enumerate(parts, 1):
            if (chunk := self.reader.read(part, is_last and place == len(parts))) is not None:
                scored = self._score(chunk)
                progress.scored += scored.scored
                progress.rejected += scored.rejected
                progress.logged += scored.logged

    def _score(self, chunk: Chunk) -> Progress:
        checked = check_chunk(self.model.manifest.schema, chunk, self.reader.is_text)
        parts = list(self._score_good(checked))
        scores = np.concatenate([part.scores for part in parts]) if parts else np.empty(0)
        decisions = self.model.decide_many(scores)
        values = scores.tolist()
        issued = None if self.receipts is None else list(map(self.receipts.issue, values, decisions))
        receipts = [""] * len(values) if issued is None else issued
        warned = self._list_warned(parts, checked.good)
        outcome = ScoredRows(self._rows + 1, chunk, checked.good, values, decisions, receipts, checked.problems, warned)
        self.spool.write(self.writer.write_rows(outcome))
        self.summary.add(scores, len(checked.problems), len(warned))
        self._rows += len(chunk.rows)
        rejected = Counter(problem.code for problem in checked.problems.values())
        return Progress(parts, rejected, list(self._choose_logged(parts, issued)))

    def _choose_logged(self, parts: list[Scored], receipts: list[str] | None) -> Iterator[TableEntry | None]:
        first = 0
        if self.log is None:
            return
        for part in parts:
            end = first + len(part.scores)
            ids = None if receipts is None else receipts[first:end]
            yield self.log.choose_rows(part, self.model.decide_many(part.scores), ids)
            first = end

    def _score_good(self, checked: Checked) -> Iterator[Scored]:
        """Scores of the good rows; one whose score is not finite becomes a problem."""
        if not checked.good:
            return
        try:
            yield self.model.score_columns(checked.columns)
        except ScoringError:
            places, checked.good = checked.good, []
            for index, place in enumerate(places):
                try:
                    yield self.model.score_columns({name: v[index : index + 1] for name, v in checked.columns.items()})
                    checked.good.append(place)
                except ScoringError:
                    checked.problems[place] = NOT_FINITE

    @staticmethod
    def _list_warned(parts: list[Scored], good: list[int]) -> dict[int, list[str]]:
        """By the row's place in its chunk, the columns whose category is none that training knew."""
        warned: dict[int, list[str]] = {}
        first = 0
        for part in parts:
            for name, rows in part.unknown.items():
                for row in rows:
                    warned.setdefault(good[first + row], []).append(name)
            first += len(part.scores)
        return warned

    def finish(self) -> dict[str, Any]:
        """Ends the answer; the summary.

        Raises: InvalidInputError if there was no row, SpoolError.
        """
        if not self._rows:
            raise InvalidInputError("the upload has no rows, expected at least one", "no_rows")
        self.spool.write(self.writer.write_end(self.summary))
        self.spool.rewind()
        return self.summary.show()
