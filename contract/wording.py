"""A gate report's words: what the report's page, the terminal and the pull request's comment say alike."""

import math
from collections.abc import Callable, Iterator, Sequence
from typing import Literal, Protocol

VERDICTS: dict[Literal["pass", "fail", "not_enough_evidence"], str] = {
    "pass": "Pass",
    "fail": "Fail",
    "not_enough_evidence": "Not enough evidence",
}
MARKS: dict[Literal["pass", "fail", "not_enough_evidence"], str] = {
    "pass": "✅",
    "fail": "❌",
    "not_enough_evidence": "❔",
}
ROLES = {"candidate": "Candidate", "champion": "Champion", "rule": "Engineer's rule"}
NOTHING = "—"
MOST_NAMES = 20  # of metrics in a sentence
LARGE = 1e9  # is written with an exponent


class AnyInterval(Protocol):
    """A value with the ends of its 95 % interval."""

    @property
    def mean(self) -> float: ...
    @property
    def low(self) -> float: ...
    @property
    def high(self) -> float: ...


class AnyMetricLine(Protocol):
    """A metric with its difference to the champion, of which more is better."""

    @property
    def name(self) -> str: ...
    @property
    def label(self) -> str: ...
    @property
    def difference(self) -> AnyInterval | None: ...


class AnyCheck(Protocol):
    """A question of the gate with its answer."""

    @property
    def name(self) -> str: ...
    @property
    def verdict(self) -> str: ...


class AnyOutcome(Protocol):
    """What a model's decisions come to on the rows held out; without decisions, how far it is off."""

    @property
    def rows(self) -> int: ...
    @property
    def positives(self) -> int | None: ...
    @property
    def found(self) -> int | None: ...
    @property
    def false_alarms(self) -> int | None: ...
    @property
    def cost_per_1000(self) -> float | None: ...
    @property
    def mean_error(self) -> float | None: ...


Escape = Callable[[str], str]


def describe_outcome(role: str, outcome: AnyOutcome, target: str) -> str:
    """One plain sentence on candidate, champion or rule; `target` is already escaped for where it stands."""
    title = ROLES[role]
    who = f"The {title[0].lower()}{title[1:]}"
    if outcome.mean_error is not None:
        return f"{who} is off by {outcome.mean_error:,.4g} on average over {outcome.rows:,} rows."
    if outcome.found is None or outcome.positives is None or outcome.false_alarms is None:
        return f"{who} scored {outcome.rows:,} rows."
    alarms = "1 false alarm" if outcome.false_alarms == 1 else f"{outcome.false_alarms:,} false alarms"
    cost = "" if outcome.cost_per_1000 is None else f", a cost of {outcome.cost_per_1000:,.0f} per 1,000 rows"
    return f"{who} finds {outcome.found:,} of {outcome.positives:,} cases of {target} with {alarms}{cost}."


def describe_difference(
    candidate: str, champion: str | None, lines: Sequence[AnyMetricLine], checks: Sequence[AnyCheck], escape: Escape
) -> str:
    """What the differences to the champion come to, in one sentence; `candidate` and `champion` are digests.

    Worse within the margins is what its own check lets pass.
    """
    if champion is None:
        return "There is no champion to compare with: the floors alone decide."
    if champion == candidate:
        return "The candidate is the champion itself."
    parts = list(_list_differences(lines, {check.name: check.verdict for check in checks}, escape))
    if not parts:
        return "Against the champion, no metric differs by more than chance would explain."
    return f"Against the champion, beyond what chance would explain: {'; '.join(parts)}."


def _list_differences(lines: Sequence[AnyMetricLine], verdicts: dict[str, str], escape: Escape) -> Iterator[str]:
    groups: dict[str, list[str]] = {"better in {}": [], "worse within the margins in {}": [], "worse in {}": []}
    groups["worse in {}, where no margin is set"] = []
    better, within, worse, unbound = groups.values()
    for line in lines:
        if line.difference is not None and line.difference.low > 0:
            better.append(line.label)
        elif line.difference is not None and line.difference.high < 0:
            verdict = verdicts.get(f"comparison/{line.name}")
            (unbound if verdict is None else within if verdict == "pass" else worse).append(line.label)
    for text, labels in groups.items():
        if labels:
            yield text.format(join_names([escape(label) for label in labels[:MOST_NAMES]]))


def join_names(names: Sequence[str]) -> str:
    """One, two or more names as a sentence has them; at least one."""
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def write_interval(interval: AnyInterval | None, signed: bool = False) -> str:
    """Mean and ends with two digits of the standard error, a quarter of the interval; a dash for none."""
    if interval is None:
        return NOTHING
    values = interval.mean, interval.low, interval.high
    sign = "+" if signed else ""
    if max(map(abs, values)) >= LARGE:
        mean, low, high = (f"{value:{sign}.3g}" for value in values)
    else:
        width = interval.high - interval.low
        decimals = 3 if width <= 0 else min(max(1 - math.floor(math.log10(width / 4)), 0), 6)
        mean, low, high = (f"{round(value, decimals) + 0.0:{sign},.{decimals}f}" for value in values)
    return f"{mean} [{low}, {high}]"
