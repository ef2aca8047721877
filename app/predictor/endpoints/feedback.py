"""POST /v1/feedback: what really happened, by receipt, whichever replica answered then."""

import asyncio
import logging
from collections.abc import Awaitable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import msgspec

from app.predictor.admission.batch_threads import BatchThreads
from app.predictor.endpoints.replies import EncodedResponse
from app.predictor.http.body import QUICK_BODY_BYTES, Headers, check_json
from app.predictor.http.errors import ApiError, BadRequestError, ConflictError, NotServingError
from app.predictor.inputs.json_values import decode_anything, refuse_repeated_names
from app.predictor.inputs.nesting import TOO_DEEP, is_deep
from app.predictor.inputs.pieces import count_until
from app.predictor.logs import log_event
from app.predictor.prediction_log.log import PredictionLog
from app.predictor.receipts.outcomes import FeedbackSums, ReportedOutcome
from app.predictor.receipts.receipts import Receipts
from app.predictor.receipts.used_receipts import PartlyUsedError, RememberedReceipts, UsedReceipts
from app.predictor.responses.rendering import JSON_TYPE
from contract.errors import RowError
from contract.intake.values import LARGEST
from contract.schema import Manifest

ROUTE = "/v1/feedback"
MAX_LABELS = 1000
MAX_BODY_BYTES = 640 * 1024  # MAX_LABELS outcomes with the longest receipts, and blanks between them
FIELDS = ("receipt", "outcome")
MOST_COMMAS = MAX_LABELS * len(FIELDS)  # of a request that is answered: no receipt holds one
UNAVAILABLE = "feedback_unavailable"
NOTE_SECONDS = 10.0  # longer than a folder that works ever takes
MAX_UNDER_WAY = 64  # requests that wait for the folder


class FeedbackEntry(msgspec.Struct, gc=False):
    """What became of one outcome; of a duplicate nothing was counted."""

    model_version: str
    score: float
    decision: bool | None
    outcome: str
    duplicate: bool


class FeedbackAnswer(msgspec.Struct, gc=False):
    feedback: list[FeedbackEntry]
    request_id: str


class Feedback:
    """Answers for one loaded model.

    A request is counted wholly or, if anything in it is refused, not at all. Only where another replica or the folder
    comes in between while it is noted, what was noted until then counts, and the refusal says so.
    """

    def __init__(
        self,
        threads: BatchThreads,
        sums: FeedbackSums,
        used: UsedReceipts,
        receipts: Receipts,
        manifest: Manifest,
        log: PredictionLog | None = None,
    ) -> None:
        self._threads = threads
        self.sums = sums
        self._log = log
        self.used = used
        self.receipts = receipts
        # one of its own: a folder that hangs holds up nothing else
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="feedback")
        self._under_way: set[asyncio.Task[bytes]] = set()
        self.is_event = manifest.schema.task == "binary"

    def respond(self, headers: Headers, body: bytes, request_id: str) -> EncodedResponse | Awaitable[EncodedResponse]:
        """The answer, one entry for each label; awaited where the receipts are noted for all replicas.

        Raises: UnsupportedMediaError, BadRequestError, RowError; ForbiddenError, GoneError and
        ConflictError for a receipt; NotServingError if it cannot be noted.
        """
        check_json(headers)
        check_extent(body)
        if len(body) > QUICK_BODY_BYTES:
            return self._respond_large(self._threads.run(self.read_labels, body), request_id)
        return self._use(self.read_labels(body), request_id)

    def _use(self, labels: list[ReportedOutcome], request_id: str) -> EncodedResponse | Awaitable[EncodedResponse]:
        if isinstance(self.used, RememberedReceipts):
            return EncodedResponse(self._count(labels, self.used.use(labels), request_id), [JSON_TYPE], len(labels))
        if len(self._under_way) >= MAX_UNDER_WAY:
            raise NotServingError("too many outcomes wait to be noted", UNAVAILABLE)
        return self._respond_noted(labels, request_id)

    async def _respond_large(self, reading: Awaitable[list[ReportedOutcome]], request_id: str) -> EncodedResponse:
        answer = self._use(await reading, request_id)
        return answer if isinstance(answer, EncodedResponse) else await answer

    async def _respond_noted(self, labels: list[ReportedOutcome], request_id: str) -> EncodedResponse:
        """What is noted is counted, also if nobody waits for the answer any more."""
        task = asyncio.create_task(self._note(labels, request_id))
        self._under_way.add(task)
        task.add_done_callback(self._end)
        try:
            body = await asyncio.wait_for(asyncio.shield(task), NOTE_SECONDS)
        except TimeoutError:
            log_event("feedback_folder_hangs", logging.ERROR, request_id=request_id)
            raise NotServingError("it takes too long to note, and may be sent again", UNAVAILABLE) from None
        return EncodedResponse(body, [JSON_TYPE], len(labels))

    def _end(self, task: asyncio.Task[bytes]) -> None:
        self._under_way.discard(task)
        if not task.cancelled():
            task.exception()  # whoever waited has it

    async def _note(self, labels: list[ReportedOutcome], request_id: str) -> bytes:
        try:
            firsts = await asyncio.get_running_loop().run_in_executor(self._thread, self.used.use, labels)
        except PartlyUsedError as partly:
            self._count(partly.firsts, [True] * len(partly.firsts), request_id)
            raise _explain_failure(partly.reason, len(partly.firsts), request_id) from None
        except (OSError, ValueError) as error:
            raise _explain_failure(error, 0, request_id) from None
        return self._count(labels, firsts, request_id)

    def read_labels(self, body: bytes) -> list[ReportedOutcome]:
        """One label, or those under `feedback`; the shape of all is checked before any receipt is."""
        # sooner than they are decoded, which happens on the event loop: all of them, and what they stand in
        if body.count(b"{") + body.count(b"[") > MAX_LABELS + 2:
            if is_deep(body, MAX_LABELS):
                raise BadRequestError(TOO_DEEP)
            raise _explain_most()
        stated = [self._read_item(item, place) for item, place in list_items(decode_anything(body))]
        refuse_repeated_names(body)
        return [
            ReportedOutcome(self.receipts.verify(receipt, f"{place}receipt"), truth, self.is_event)
            for receipt, truth, place in stated
        ]

    def _read_item(self, item: Any, place: str) -> tuple[str, float, str]:
        """Receipt, truth and place of one label."""
        if not isinstance(item, dict):
            raise RowError("wrong_type", "expected an object of receipt and outcome", place.rstrip(".") or None)
        for name in FIELDS:
            if name not in item:
                raise RowError("missing_field", f"{place}{name} is missing", place + name)
        if len(item) > len(FIELDS):
            raise RowError("unknown_field", f"expected only {' and '.join(FIELDS)}", place.rstrip(".") or None)
        if not isinstance(item["receipt"], str):
            raise RowError("wrong_type", f"{place}receipt is not a string", f"{place}receipt")
        return item["receipt"], self._read_truth(item["outcome"], f"{place}outcome"), place

    def _read_truth(self, outcome: Any, field: str) -> float:
        if self.is_event:
            if not isinstance(outcome, bool):
                raise RowError(
                    "wrong_type", f"{field} is not true or false, expected whether the event happened", field
                )
        elif isinstance(outcome, bool) or not isinstance(outcome, int | float) or not abs(outcome) <= LARGEST:
            raise RowError("wrong_type", f"{field} is not a number, expected what was measured", field)
        return float(outcome)

    def _count(self, labels: list[ReportedOutcome], firsts: list[bool], request_id: str) -> bytes:
        for label, is_first in zip(labels, firsts, strict=True):
            self.sums.add(label, is_first)
            if is_first and self._log is not None:
                self._log.add_outcome(label)
        entries = [
            FeedbackEntry(
                label.receipt.model_version, label.receipt.score, label.receipt.decision, label.outcome, not is_first
            )
            for label, is_first in zip(labels, firsts, strict=True)
        ]
        return msgspec.json.encode(FeedbackAnswer(entries, request_id))


def check_extent(body: bytes) -> None:
    """Refuses what holds far more than all outcomes allowed, before it is decoded.

    Raises: RowError.
    """
    if count_until(body, b",", MOST_COMMAS) > MOST_COMMAS:
        raise RowError(
            "too_many_rows", f"the request has more values than the {MAX_LABELS} outcomes allowed", "feedback"
        )


def list_items(data: Any) -> list[tuple[Any, str]]:
    """The labels of a decoded request, each with the path that leads to its fields.

    Raises: RowError.
    """
    if not isinstance(data, dict) or "feedback" not in data:
        return [(data, "")]
    items = data["feedback"]
    if len(data) > 1 or not isinstance(items, list):
        raise RowError("wrong_type", "expected {feedback: array of {receipt, outcome}} alone", "feedback")
    if len(items) > MAX_LABELS:
        raise _explain_most()
    if not items:
        raise RowError("no_rows", "the request has no outcomes, expected at least one", "feedback")
    return [(item, f"feedback[{index}].") for index, item in enumerate(items)]


def _explain_failure(error: Exception, counted: int, request_id: str) -> ApiError:
    """Why an outcome could not be noted after `counted` others of the same request were."""
    before = f"; {counted} others of this request were noted before and count" if counted else ""
    if isinstance(error, ConflictError):
        return ConflictError(f"{error}{before}")
    log_event("feedback_folder_failed", logging.ERROR, error=str(error), request_id=request_id)
    noted = "not all" if counted else "nothing"
    return NotServingError(f"{noted} could be noted, it may be sent again{before}", UNAVAILABLE)


def _explain_most() -> RowError:
    return RowError("too_many_rows", f"the request has more than the {MAX_LABELS} outcomes allowed", "feedback")
