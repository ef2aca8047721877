"""Whether a result is too good to be true: against what is declared as possible, and against the champion."""

from collections.abc import Iterator, Sequence

from contract.report import Check, MetricLine, Verdict
from contract.wording import write_interval
from training.gate.evidence import HoldoutEvidence
from training.gate.policy import LeakageRules
from training.gate.result import NO_CHAMPION, leave_unchecked

NAME = "leakage/too good"
EXPECTED = "less than {:.0%}, or a ceiling in the dataset file"
JUDGED_BY = {"binary": "pr_auc", "regression": "r2"}


def check_ceiling(evidence: HoldoutEvidence, lines: Sequence[MetricLine], rules: LeakageRules) -> Iterator[Check]:
    """One check for each declared ceiling; without any, the gain over the champion."""
    by_name = {line.name: line for line in lines}
    for metric, ceiling in evidence.dataset.ceiling.items():
        if metric in by_name:
            yield _check_declared(by_name[metric], ceiling)
    line = by_name.get(JUDGED_BY[evidence.dataset.task])
    if not evidence.dataset.ceiling and line is not None:
        if evidence.champion is None:
            yield leave_unchecked(NAME, EXPECTED.format(rules.gain), f"{NO_CHAMPION}, and no ceiling is declared")
        else:
            yield _check_gain(line, rules.gain)


def _check_declared(line: MetricLine, ceiling: float) -> Check:
    value = line.values.get("candidate")
    over: Verdict = "pass" if value is None or value.low <= ceiling else "fail"
    return Check(
        name=NAME,
        verdict=over,
        found="no finite value" if value is None else f"{line.label} {write_interval(value)}",
        expected=f"{line.label} at most {ceiling:g}, the ceiling in the dataset file",
        reason=f"{line.label} is above {ceiling:g} at 95 % confidence, and the dataset file says that nobody can be: "
        "the candidate knows something that it cannot know."
        if over == "fail"
        else f"{line.label} is not above {ceiling:g}, which the dataset file declares as the best that can be.",
        about=(line.name,) if over == "fail" else (),
    )


def _check_gain(line: MetricLine, limit: float) -> Check:
    """The distance of the champion from 1 that the candidate closes, by the lower end of the difference."""
    champion, difference = line.values.get("champion"), line.difference
    closed = 0.0
    if champion is not None and difference is not None and champion.mean < 1:
        closed = max(difference.low, 0.0) / (1 - champion.mean)
    passes = closed < limit
    return Check(
        name=NAME,
        verdict="pass" if passes else "not_enough_evidence",
        found=f"closes {closed:.0%} of the champion's distance from 1",
        expected=EXPECTED.format(limit),
        reason="The gain over the champion is one that a pull request can bring."
        if passes
        else f"At 95 % confidence at least {closed:.0%} of what the champion lacks in {line.label} is gained at once: "
        "somebody should say how, or declare a `ceiling` in the dataset file.",
        about=() if passes else (line.name,),
    )
