"""Which receipts are used up, so that an outcome counts once: remembered by one process, or noted for all replicas."""

import errno
import itertools
import logging
import os
import secrets
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime
from pathlib import Path

from app.predictor.http.errors import ConflictError
from app.predictor.logs import log_event
from app.predictor.receipts.outcomes import ReportedOutcome
from app.predictor.receipts.receipts import Receipt
from app.predictor.settings import Settings

DAY_SECONDS = 24 * 3600
SWEPT_LINKS = 500  # at once: over a network each may take a millisecond


class FeedbackFolderError(ValueError):
    """A folder in which used receipts cannot be noted."""


class PartlyUsedError(Exception):
    """The `firsts` of a request are used up and count, the rest is not, for `reason`."""

    def __init__(self, firsts: list[ReportedOutcome], reason: Exception) -> None:
        super().__init__(str(reason))
        self.firsts = firsts
        self.reason = reason


class UsedReceipts(ABC):
    """What was said of each receipt, its first outcome only."""

    @property
    def strange(self) -> int:
        """What stands where receipts are noted and is not as it is made here."""
        return 0

    @abstractmethod
    def find_truth(self, receipt: Receipt) -> float | None:
        """What was said of this receipt before, None if nothing is known."""

    @abstractmethod
    def use(self, labels: Sequence[ReportedOutcome]) -> list[bool]:
        """Whether each label is the first of its receipt, which is used up from here on. All are taken, or none.

        Raises: ConflictError if a receipt has another outcome than before, or two among the labels.
        """

    def _refuse_conflicts(self, labels: Sequence[ReportedOutcome]) -> None:
        truths: dict[bytes, float] = {}
        for label in labels:
            before = self.find_truth(label.receipt)
            _refuse_other(label, truths.setdefault(label.receipt.id, label.truth if before is None else before))


class RememberedReceipts(UsedReceipts):
    """In memory, as far back as `memory` receipts; only the event loop's thread uses it."""

    def __init__(self, memory: int) -> None:
        self._memory = memory
        self._truths: dict[bytes, float] = {}

    def find_truth(self, receipt: Receipt) -> float | None:
        return self._truths.get(receipt.id)

    def use(self, labels: Sequence[ReportedOutcome]) -> list[bool]:
        self._refuse_conflicts(labels)
        # forgotten only now: a small memory must not forget a receipt that the same request holds twice
        firsts = [self._remember(label) for label in labels]
        for oldest in list(itertools.islice(self._truths, max(0, len(self._truths) - self._memory))):
            del self._truths[oldest]
        return firsts

    def _remember(self, label: ReportedOutcome) -> bool:
        if label.receipt.id in self._truths:
            return False
        self._truths[label.receipt.id] = label.truth
        return True


class NotedReceipts(UsedReceipts):
    """In a folder that all replicas share: DAY OF ISSUE/ID is a symbolic link whose target is the outcome.

    Making a link is one step that fails if there is one already, also over NFS 4.1, and it is never seen half done: of
    two replicas that note the same receipt one is the first, and a process may be killed at any moment. A link is never
    taken back: another replica may have answered by it that the outcome is a duplicate. Every method but the
    constructor may wait for the folder, so they are called in a thread.
    """

    def __init__(self, folder: Path, max_age_seconds: int, clock: Callable[[], float] = time.time) -> None:
        """Raises: FeedbackFolderError."""
        self._folder = folder
        self._max_age_seconds = max_age_seconds
        self._clock = clock
        self._swept: date | None = None
        self._strange: set[Path] = set()
        probe = folder / f".probe-{secrets.token_hex(8)}"
        try:
            probe.symlink_to("0.0")
            probe.unlink()
        except OSError as error:
            raise FeedbackFolderError(
                f"feedback folder {folder} cannot be written: {error.strerror}, "
                "expected a folder of all replicas that takes symbolic links"
            ) from error

    def find_truth(self, receipt: Receipt) -> float | None:
        """Raises: OSError, ValueError if the link was not made here."""
        try:
            return float(os.readlink(self._place(receipt)))
        except FileNotFoundError:
            return None

    def use(self, labels: Sequence[ReportedOutcome]) -> list[bool]:
        """Raises: also OSError, ValueError if the folder fails.

        PartlyUsedError if that or a conflict with another replica comes when some are used up already.
        """
        self._sweep()
        self._refuse_conflicts(labels)
        for day in {self._place(label.receipt).parent for label in labels}:
            day.mkdir(exist_ok=True)
        is_new: list[bool] = []
        try:
            for label in labels:
                is_new.append(self._note(label))
        except (ConflictError, OSError, ValueError) as error:
            if any(is_new):
                raise PartlyUsedError(list(itertools.compress(labels, is_new)), error) from error
            raise
        return is_new

    def _place(self, receipt: Receipt) -> Path:
        return self._folder / datetime.fromtimestamp(receipt.issued, UTC).date().isoformat() / receipt.id.hex()

    def _note(self, label: ReportedOutcome) -> bool:
        place = self._place(label.receipt)
        try:
            place.symlink_to(repr(label.truth))
        except FileExistsError:
            before = self.find_truth(label.receipt)  # another replica's, since we looked
            _refuse_other(label, label.truth if before is None else before)
            return False
        return True

    def _sweep(self) -> None:
        """Once a day: forgets the days whose receipts are all too old to come back, a few links a call.

        What cannot be swept is said once and left alone: it keeps nobody's outcome from being noted.
        """
        today = datetime.fromtimestamp(self._clock(), UTC).date()
        if today == self._swept:
            return
        try:
            over = [self._folder / name for name in os.listdir(self._folder) if self._is_over(name, today)]
        except OSError as error:
            over = []
            self._say_strange(self._folder, error)
        if all(self._sweep_day(day) for day in over):
            self._swept = today

    def _sweep_day(self, day: Path) -> bool:
        """Whether nothing is left to do there: it is gone, or it cannot go."""
        try:
            if day.is_symlink():  # what it leads to is not ours
                raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR))
            for link in itertools.islice(day.iterdir(), SWEPT_LINKS):
                link.unlink(missing_ok=True)
            day.rmdir()
        except FileNotFoundError:
            return True  # another replica sweeps too
        except OSError as error:
            if error.errno == errno.ENOTEMPTY:
                return False  # the next call goes on
            self._say_strange(day, error)
        return True

    def _say_strange(self, place: Path, error: OSError) -> None:
        if place not in self._strange:
            self._strange.add(place)
            log_event("feedback_folder_strange", logging.WARNING, path=str(place), reason=error.strerror)

    @property
    def strange(self) -> int:
        """Entries of the folder that are not as they are made here, each said in the log once."""
        return len(self._strange)

    def _is_over(self, name: str, today: date) -> bool:
        try:
            day = date.fromisoformat(name)
        except ValueError:
            return False  # not ours
        return name == day.isoformat() and (today - day).days - 2 > self._max_age_seconds / DAY_SECONDS


def open_used_receipts(settings: Settings) -> UsedReceipts:
    """As the settings say.

    Raises: FeedbackFolderError.
    """
    if settings.feedback_folder is None:
        return RememberedReceipts(settings.feedback_memory)
    return NotedReceipts(settings.feedback_folder, settings.receipt_max_age_seconds)


def _refuse_other(label: ReportedOutcome, known: float) -> None:
    if known != label.truth:
        raise ConflictError("a receipt came back before with another outcome, which stands")
