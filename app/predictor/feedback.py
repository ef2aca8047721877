"""POST /v1/feedback: what really happened, by receipt, whichever replica answered then."""

from typing import Any

import msgspec

from app.contract.errors import RowError
from app.contract.schema import Manifest
from app.predictor.body import Headers, check_json
from app.predictor.endpoint import JSON_TYPE, Answer
from app.predictor.errors import ConflictError
from app.predictor.labels import FeedbackLog, Label
from app.predictor.problems import LARGEST
from app.predictor.receipts import Receipts
from app.predictor.rows import decode_anything, refuse_repeated_names

ROUTE = "/v1/feedback"
MAX_LABELS = 1000
MAX_BODY_BYTES = 512 * 1024
FIELDS = ("receipt", "outcome")


class Feedback:
    """Answers for one loaded model. A request is counted wholly or, if anything in it is refused, not at all."""

    def __init__(self, log: FeedbackLog, receipts: Receipts, manifest: Manifest) -> None:
        self.log = log
        self.receipts = receipts
        self.is_event = manifest.schema.task == "binary"

    def respond(self, headers: Headers, body: bytes, request_id: str) -> Answer:
        """The answer, one entry for each label.

        Raises: UnsupportedMediaError, BadRequestError, RowError; ForbiddenError, GoneError and
        ConflictError for a receipt.
        """
        check_json(headers)
        labels = self.read_labels(body)
        self._refuse_conflicts(labels)
        entries = [self._count(label) for label in labels]
        answer = {"feedback": entries, "request_id": request_id}
        return Answer(msgspec.json.encode(answer), [JSON_TYPE], len(labels))

    def read_labels(self, body: bytes) -> list[Label]:
        """One label, or those under `feedback`; the shape of all is checked before any receipt is."""
        data = decode_anything(body)
        refuse_repeated_names(body)
        stated = [self._read_item(item, place) for item, place in list_items(data)]
        return [
            Label(self.receipts.verify(receipt, f"{place}receipt"), truth, self.is_event)
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

    def _refuse_conflicts(self, labels: list[Label]) -> None:
        """Raises: ConflictError if a receipt has another outcome than before, or two in this request."""
        said: dict[bytes, float] = {}
        for label in labels:
            before = self.log.find_truth(label.receipt)
            known = said.setdefault(label.receipt.id, label.truth if before is None else before)
            if known != label.truth:
                raise ConflictError("a receipt came back before with another outcome, which stands")

    def _count(self, label: Label) -> dict[str, Any]:
        is_new = self.log.add(label)
        receipt = label.receipt
        return {
            "model_version": receipt.model_version,
            "score": receipt.score,
            "decision": receipt.decision,
            "outcome": label.outcome,
            "duplicate": not is_new,
        }


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
        raise RowError("too_many_rows", f"the request has more than the {MAX_LABELS} outcomes allowed", "feedback")
    if not items:
        raise RowError("no_rows", "the request has no outcomes, expected at least one", "feedback")
    return [(item, f"feedback[{index}].") for index, item in enumerate(items)]
