"""The prediction log: a bounded queue that the event loop fills, and a thread that writes it to a folder."""

import itertools
import logging
import threading
import time
from collections import deque
from collections.abc import Iterable, Mapping, Sequence

import msgspec

from app.predictor.admission.batch_threads import yield_to_loop
from app.predictor.logs import log_event
from app.predictor.prediction_log.entries import Entry, LineMaker, OutcomeEntry, RowEntry, TableEntry
from app.predictor.prediction_log.files import LogFiles
from app.predictor.receipts.outcomes import ReportedOutcome
from app.predictor.receipts.receipts import read_id
from app.predictor.scoring.model import Scored
from app.predictor.settings import Settings
from contract.prediction_log import LoggedLine, bound_share, is_chosen
from contract.schema import Manifest

DROP_REASONS = ("queue", "write")
WAIT_SECONDS = 0.5  # until what waits is written, unless the queue is half full before
RETRY_SECONDS = 1.0  # after a failure; what comes meanwhile is dropped
LAST_SECONDS = 2.0  # at the end, for what still waits
WRITE_ROWS = 64  # in one write, which lets the event loop have the interpreter

_encode_lines = msgspec.json.Encoder().encode_lines


class PredictionLog:
    """Takes rows and writes some of them; a row that cannot wait or be written is counted and forgotten.

    `add` and the methods with its name are for the event loop's thread alone. Each of the two sides counts for itself,
    so neither waits for a lock.
    """

    def __init__(
        self, files: LogFiles, share: float = 1.0, left_out: frozenset[str] = frozenset(), max_rows: int = 20_000
    ) -> None:
        self._files = files
        self._share = share
        self._left_out = left_out
        self._bound = bound_share(share)
        self._max_rows = max_rows
        self._numbers = itertools.count()  # of rows without a receipt
        self._queue: deque[Entry] = deque()
        self._added = self._taken = 0
        self._wake = threading.Event()
        self._is_closing = False
        self._failed: dict[str, None] = {}  # reasons that stand in the program's log
        self._retry_at = 0.0
        self._lines: LineMaker | None = None
        self._thread = threading.Thread(target=self._run, name="prediction-log", daemon=True)
        self.written = 0
        self.dropped = dict.fromkeys(DROP_REASONS, 0)

    def begin(self, manifest: Manifest) -> None:
        """Writes what is added from here on, as rows of this model.

        Raises: ContractError if a field to leave out is none of the model's.
        """
        self._lines = LineMaker(manifest, self._share, self._left_out)
        if not self._thread.is_alive():
            self._thread.start()

    def close(self) -> None:
        """Writes what waits, if that takes no longer than LAST_SECONDS."""
        self._is_closing = True
        self._wake.set()
        if self._thread.is_alive():
            self._thread.join(LAST_SECONDS)

    def add_row(self, values: Mapping[str, float], score: float, decision: bool | None, receipt: str | None) -> None:
        """One row, `values` by column with categories as codes, if it is one of the share."""
        found = None if receipt is None else read_id(receipt)
        if is_chosen(next(self._numbers) if found is None else _number(found), self._bound):
            self.add(RowEntry(time.time(), values, score, decision, found))

    def choose_rows(
        self, scored: Scored, decisions: Sequence[bool | None], receipts: Sequence[str] | None
    ) -> TableEntry | None:
        """The rows of the share, to be added; any thread may call it."""
        size = len(scored.scores)
        ids = None if receipts is None else list(map(read_id, receipts))
        if self._share == 1.0:
            return TableEntry(time.time(), scored.values, scored.scores, decisions, ids)
        numbers = itertools.islice(self._numbers, size) if ids is None else map(_number, ids)
        chosen = [index for index, number in enumerate(numbers) if is_chosen(number, self._bound)]
        if not chosen:
            return None
        return TableEntry(
            time.time(),
            {name: column[chosen] for name, column in scored.values.items()},
            scored.scores[chosen],
            [decisions[index] for index in chosen],
            None if ids is None else [ids[index] for index in chosen],
        )

    def add_outcome(self, label: ReportedOutcome) -> None:
        """An outcome, if its row is one of the share."""
        receipt = label.receipt
        if self._lines is not None and self._lines.has_receipt and is_chosen(_number(receipt.id), self._bound):
            self.add(OutcomeEntry(time.time(), receipt.id, receipt.model_version, label.truth))

    def add(self, entry: Entry | None) -> None:
        """Lets an entry wait to be written, or counts it as dropped."""
        if entry is None:
            return
        waiting = self._added - self._taken + entry.rows
        if waiting > self._max_rows:
            self.dropped["queue"] += entry.rows
            return
        self._added += entry.rows
        self._queue.append(entry)
        if waiting > self._max_rows // 2 and not self._wake.is_set():
            self._wake.set()

    def add_all(self, entries: Iterable[Entry | None]) -> None:
        for entry in entries:
            self.add(entry)

    def _run(self) -> None:
        yield_to_loop()
        while not self._is_closing:
            self._wake.wait(WAIT_SECONDS)
            self._wake.clear()
            self._work()
        self._work()
        self._files.close()

    def _work(self) -> None:
        try:
            self._files.tick()
        except OSError as error:
            self._note_failure(error)
        try:
            self._write_queue()
        except Exception:  # nobody foresaw it: the thread must not end, or all that comes later would be dropped
            log_event("prediction_log_failed", logging.ERROR, exc_info=True, path=str(self._files.folder))

    def _write_queue(self) -> None:
        lines: list[LoggedLine] = []
        while self._queue:
            entry = self._queue.popleft()
            assert self._lines is not None  # noqa: S101 - the thread begins with it
            for part in self._lines.make_lines(entry):
                lines += part
                if len(lines) >= WRITE_ROWS:
                    self._write(lines)
                    lines = []
            self._taken += entry.rows
        if lines:
            self._write(lines)

    def _write(self, lines: list[LoggedLine]) -> None:
        if time.monotonic() < self._retry_at:
            self.dropped["write"] += len(lines)
            return
        try:
            self._files.write(_encode_lines(lines))
            self.written += len(lines)
        except OSError as error:
            self.dropped["write"] += len(lines)
            self._retry_at = time.monotonic() + RETRY_SECONDS
            self._note_failure(error)

    def _note_failure(self, error: OSError) -> None:
        """In the program's log, each reason once."""
        reason = error.strerror or str(error)
        if reason not in self._failed:
            self._failed[reason] = None
            log_event("prediction_log_failed", logging.WARNING, path=str(self._files.folder), reason=reason)


def open_prediction_log(settings: Settings) -> PredictionLog | None:
    """As the settings say, None where there is to be none.

    Raises: LogFolderError.
    """
    if settings.prediction_log_folder is None:
        return None
    files = LogFiles(
        settings.prediction_log_folder, settings.prediction_log_max_bytes, settings.prediction_log_max_age_seconds
    )
    left_out = frozenset(filter(None, (settings.prediction_log_leave_out or "").split(",")))
    return PredictionLog(files, settings.prediction_log_share, left_out, settings.prediction_log_queue_rows)


def _number(receipt_id: bytes) -> int:
    """What chooses a row: the half of a receipt's id that counts."""
    return int.from_bytes(receipt_id[8:], "little")
