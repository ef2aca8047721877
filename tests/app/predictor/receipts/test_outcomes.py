"""Labels: confusion and errors by version, in bounded memory."""

import math

import pytest

from app.predictor.receipts.outcomes import MAX_VERSIONS, OTHER_VERSIONS, FeedbackSums, ReportedOutcome
from app.predictor.receipts.receipts import Receipt


def receive(
    number: int, score: float = 0.8, decision: bool | None = True, threshold: float | None = 0.5, version: str = "v1"
) -> Receipt:
    return Receipt(b"%d" % number, score, threshold, decision, 0, "m", version, age_seconds=5.0)


@pytest.mark.parametrize(
    ("decision", "truth", "outcome"),
    [
        (True, 1.0, "true_positive"),
        (True, 0.0, "false_positive"),
        (False, 0.0, "true_negative"),
        (False, 1.0, "false_negative"),
        (None, 1.0, "undecided"),
    ],
)
def test_a_decision_and_what_happened_make_the_outcome(decision: bool | None, truth: float, outcome: str) -> None:
    assert ReportedOutcome(receive(1, decision=decision), truth, is_event=True).outcome == outcome


@pytest.mark.parametrize(("truth", "outcome"), [(75.0, "true_positive"), (74.9, "false_positive")])
def test_a_number_is_an_event_from_the_threshold_on(truth: float, outcome: str) -> None:
    assert ReportedOutcome(receive(1, score=90.0, threshold=75.0), truth, is_event=False).outcome == outcome
    assert ReportedOutcome(receive(1, 90.0, None, None), truth, is_event=False).outcome == "undecided"


def test_sums_add_up_to_live_precision_recall_and_brier_score() -> None:
    log = FeedbackSums()
    given = [(0.9, 1.0), (0.7, 0.0), (0.2, 0.0), (0.1, 1.0), (0.6, 1.0)]
    for number, (score, truth) in enumerate(given):
        log.add(ReportedOutcome(receive(number, score, score >= 0.5), truth, is_event=True), is_first=True)
    sums = log.versions["v1"]
    outcomes = sums.outcomes
    assert outcomes["true_positive"] / (outcomes["true_positive"] + outcomes["false_positive"]) == pytest.approx(2 / 3)
    assert outcomes["true_positive"] / (outcomes["true_positive"] + outcomes["false_negative"]) == pytest.approx(2 / 3)
    for decision in (True, False):
        decided = [(s, t) for s, t in given if (s >= 0.5) is decision]
        assert sums.squared[decision] == pytest.approx(math.fsum((s - t) ** 2 for s, t in decided))
        assert sums.scores[decision] == pytest.approx(math.fsum(s for s, _ in decided))
    assert sums.delay_seconds == 5.0 * len(given)
    assert sums.absolute == pytest.approx(math.fsum(abs(s - t) for s, t in given))


def test_what_comes_again_is_counted_apart() -> None:
    sums = FeedbackSums()
    for is_first in (True, False, False):
        sums.add(ReportedOutcome(receive(0), 1.0, is_event=True), is_first)
    assert sums.versions["v1"].outcomes["true_positive"] == 1
    assert sums.versions["v1"].duplicates == 2


def test_versions_are_bounded() -> None:
    log = FeedbackSums()
    for number in range(MAX_VERSIONS * 3):
        log.add(ReportedOutcome(receive(number, version=f"v{number}"), 1.0, is_event=True), is_first=True)
    assert len(log.versions) == MAX_VERSIONS + 1
    assert log.versions[OTHER_VERSIONS].outcomes["true_positive"] == MAX_VERSIONS * 2
