"""What the gate says: one check for each question, and the verdict that follows from them."""

from collections.abc import Sequence
from typing import Literal

from cli.errors import EXIT_FAIL, EXIT_OK, EXIT_UNDECIDED
from contract.schema import Interval, Struct

Verdict = Literal["pass", "fail", "not_enough_evidence"]

EXIT_CODES: dict[Verdict, int] = {"pass": EXIT_OK, "fail": EXIT_FAIL, "not_enough_evidence": EXIT_UNDECIDED}


class Check(Struct, frozen=True):
    """One question with its answer. `name` is `group/subject`; `reason` is one sentence for a person.

    A check that is not `blocking` is shown and decides nothing. `about` are the columns or features it is about;
    `accepted` says who accepts what was found and why, in the words of the dataset file.
    """

    name: str
    verdict: Verdict
    found: str
    expected: str
    reason: str
    blocking: bool = True
    about: tuple[str, ...] = ()
    accepted: str = ""

    @property
    def group(self) -> str:
        return self.name.partition("/")[0]

    @property
    def subject(self) -> str:
        return self.name.partition("/")[2]


class MetricLine(Struct, frozen=True):
    """One metric on the same rows: `values` by candidate, champion and rule.

    `difference` is candidate against champion, turned so that more is better; None without a champion.
    A value that is not finite is left out. `margin` and `floor` are the policy's, in the metric's unit.
    """

    name: str
    label: str
    higher_is_better: bool
    values: dict[str, Interval]
    difference: Interval | None = None
    margin: float | None = None
    floor: float | None = None


class SliceLine(Struct, frozen=True):
    """A part of the holdout; `metrics` is empty if it holds too little evidence."""

    column: str
    value: str
    rows: int
    positives: int | None
    metrics: tuple[MetricLine, ...] = ()


class Latency(Struct, frozen=True):
    """Of one row, in microseconds: the candidate and the fixed small model, timed in turns."""

    candidate_us: float
    reference_us: float
    ratio: float
    path: str  # the library that scored


def decide_verdict(checks: Sequence[Check]) -> Verdict:
    """Fail if a blocking check fails, else not enough evidence if one lacks it, else pass; without checks, fail."""
    verdicts = {check.verdict for check in checks if check.blocking}
    if "fail" in verdicts or not verdicts:
        return "fail"
    return "not_enough_evidence" if "not_enough_evidence" in verdicts else "pass"


def choose_verdict(passes: bool) -> Verdict:
    return "pass" if passes else "fail"


NO_CHAMPION = "no champion"
NOT_CHECKED = "not checked"


def leave_unchecked(name: str, expected: str, why: str) -> Check:
    """A check that could not be made: shown, and no reason to stop."""
    reason = f"Not checked: {why}."
    return Check(
        name=name, verdict="not_enough_evidence", found=NOT_CHECKED, expected=expected, reason=reason, blocking=False
    )
