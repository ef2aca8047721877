"""What really happened, by model version: sums that may be added over replicas."""

import msgspec

from app.predictor.counters import DECISIONS
from app.predictor.receipts.receipts import Receipt

UNDECIDED = "undecided"  # the model has no threshold
OTHER_VERSIONS = "other"
MAX_VERSIONS = 16  # labels of one process; receipts of more versions share one

_OUTCOMES = {
    (True, True): "true_positive",
    (True, False): "false_positive",
    (False, False): "true_negative",
    (False, True): "false_negative",
}  # by decision and truth
OUTCOMES = (*_OUTCOMES.values(), UNDECIDED)


class ReportedOutcome(msgspec.Struct, frozen=True, gc=False):
    """One outcome: `truth` is 1 or 0 for an event, else the number that was predicted."""

    receipt: Receipt
    truth: float
    is_event: bool

    @property
    def outcome(self) -> str:
        """One of OUTCOMES; a number is an event from the threshold on."""
        decision, threshold = self.receipt.decision, self.receipt.threshold
        if decision is None or threshold is None:
            return UNDECIDED
        return _OUTCOMES[decision, self.truth > 0 if self.is_event else self.truth >= threshold]


class VersionSums:
    """Sums over the receipts of one model version."""

    __slots__ = ("absolute", "delay_seconds", "duplicates", "issued", "outcomes", "scores", "squared")

    def __init__(self) -> None:
        self.issued = 0
        self.duplicates = 0
        self.outcomes = dict.fromkeys(OUTCOMES, 0)
        self.absolute = 0.0
        self.delay_seconds = 0.0
        self.scores = dict.fromkeys(DECISIONS, 0.0)
        self.squared = dict.fromkeys(DECISIONS, 0.0)


class FeedbackSums:
    """The sums of all versions; only the event loop's thread uses it."""

    def __init__(self) -> None:
        self.versions: dict[str, VersionSums] = {}

    def open_version(self, version: str) -> VersionSums:
        """The sums of a version, shared by all versions beyond MAX_VERSIONS."""
        sums = self.versions.get(version)
        if sums is None:
            name = version if len(self.versions) < MAX_VERSIONS else OTHER_VERSIONS
            sums = self.versions.setdefault(name, VersionSums())
        return sums

    def add(self, label: ReportedOutcome, is_first: bool) -> None:
        """Counts a label, or that it came again."""
        sums = self.open_version(label.receipt.model_version)
        if not is_first:
            sums.duplicates += 1
            return
        receipt = label.receipt
        error = receipt.score - label.truth
        sums.outcomes[label.outcome] += 1
        sums.absolute += abs(error)
        sums.delay_seconds += receipt.age_seconds
        sums.scores[receipt.decision] += receipt.score
        sums.squared[receipt.decision] += error * error
