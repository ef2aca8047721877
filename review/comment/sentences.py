"""The report in words, for people who decide: results, changes, and tables of text that is escaped already."""

import math
from collections.abc import Iterator

from review.comment.markdown import escape
from review.report import Check, Interval, MetricLine, Outcome, Report, SliceLine, Verdict

VERDICTS: dict[Verdict, str] = {"pass": "Pass", "fail": "Fail", "not_enough_evidence": "Not enough evidence"}
MARKS: dict[Verdict, str] = {"pass": "✅", "fail": "❌", "not_enough_evidence": "❔"}
CONTESTANTS = {"candidate": "Candidate", "champion": "Champion", "rule": "Engineer's rule"}
NOTHING = "—"
NARROW = 80  # characters of a name or a value in a table


def describe_results(report: Report) -> Iterator[str]:
    """A sentence for each contestant; others than ours are left out."""
    for name, outcome in report.outcomes.items():
        if name in CONTESTANTS:
            title = CONTESTANTS[name]
            yield f"The {title[0].lower()}{title[1:]} {_tell_outcome(outcome, report.target)}"


def _tell_outcome(outcome: Outcome, target: str) -> str:
    if outcome.mean_error is not None:
        return f"is off by {outcome.mean_error:,.4g} on average over {outcome.rows:,} rows."
    if outcome.found is None or outcome.positives is None or outcome.false_alarms is None:
        return f"was asked about {outcome.rows:,} rows."
    alarms = "1 false alarm" if outcome.false_alarms == 1 else f"{outcome.false_alarms:,} false alarms"
    cost = "" if outcome.cost_per_1000 is None else f", a cost of {outcome.cost_per_1000:,.0f} per 1,000 rows"
    return f"finds {outcome.found:,} of {outcome.positives:,} cases of {escape(target, NARROW)} with {alarms}{cost}."


def describe_change(report: Report) -> str:
    """What the differences to the champion come to, in one sentence."""
    if report.champion is None:
        return "There is no champion to compare with: the floors alone decide."
    if report.champion.digest == report.candidate.digest:
        return "The candidate is the champion itself."
    changed = [(line.label, line.difference) for line in report.metrics if line.difference is not None]
    better = [label for label, difference in changed if difference.low > 0]
    worse = [label for label, difference in changed if difference.high < 0]
    parts = [f"{word} in {_join(labels)}" for word, labels in (("better", better), ("worse", worse)) if labels]
    if not parts:
        return "Against the champion, no metric differs by more than chance would explain."
    return f"Against the champion, beyond what chance would explain: {'; '.join(parts)}."


def _join(labels: list[str]) -> str:
    names = [escape(label, NARROW) for label in labels[:20]]
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def tabulate_metrics(report: Report) -> tuple[list[str], list[list[str]]]:
    """Header and rows: the metric, each contestant's value, the difference to the champion."""
    names = [name for name in CONTESTANTS if any(name in line.values for line in report.metrics)]
    header = ["Metric", *(CONTESTANTS[name] for name in names)]
    header += ["Candidate against champion"] if report.champion else []
    return header, [_write_metric(line, names, has_champion=report.champion is not None) for line in report.metrics]


def _write_metric(line: MetricLine, names: list[str], has_champion: bool) -> list[str]:
    arrow = "↑" if line.higher_is_better else "↓"
    cells = [write_interval(line.values.get(name)) for name in names]
    difference = [mark_difference(line.difference)] if has_champion else []
    return [f"{escape(line.label, NARROW)} {arrow}", *cells, *difference]


def tabulate_slices(report: Report) -> tuple[list[str], list[list[str]]]:
    """Header and rows: the slice, its size, the candidate's value of each metric and the difference."""
    labels = list(dict.fromkeys(line.label for piece in report.slices for line in piece.metrics))[:10]
    header = ["Slice", "Rows", "Positives", *(escape(label, NARROW) for label in labels)]
    return header, [_write_slice(piece, labels) for piece in report.slices]


def _write_slice(piece: SliceLine, labels: list[str]) -> list[str]:
    by_label = {line.label: line for line in piece.metrics}
    positives = NOTHING if piece.positives is None else f"{piece.positives:,}"
    cells = [_write_part(by_label.get(label)) for label in labels]
    return [f"{escape(piece.column, NARROW)} = {escape(piece.value, NARROW)}", f"{piece.rows:,}", positives, *cells]


def _write_part(line: MetricLine | None) -> str:
    if line is None or "candidate" not in line.values:
        return "not enough evidence"
    value = write_interval(line.values["candidate"])
    return value if line.difference is None else f"{value}<br>Δ {mark_difference(line.difference)}"


def tabulate_checks(checks: list[Check]) -> tuple[list[str], list[list[str]]]:
    rows = [
        [MARKS[check.verdict], escape(check.name), escape(check.found), escape(check.expected), escape(check.reason)]
        for check in checks
    ]
    return ["", "Check", "Found", "Expected", "In words"], rows


def tabulate_accepted(checks: list[Check]) -> tuple[list[str], list[list[str]]]:
    """What was found, and who accepts it in the dataset file, and why."""
    rows = [[escape(check.name), escape(check.found), escape(check.accepted)] for check in checks]
    return ["Check", "Found", "By whom, and why"], rows


def tabulate_drift(report: Report) -> tuple[list[str], list[list[str]]]:
    """Largest first; a mark where the limit is passed by something that alerts."""
    rows = []
    for line in sorted(report.drift, key=lambda line: -line.psi):
        is_over = line.limit is not None and line.psi > line.limit
        mark = ("⚠️" if line.alerts else "shown only") if is_over else ""
        limit = NOTHING if line.limit is None else f"{line.limit:.3g}"
        rows.append([escape(line.feature, NARROW), f"{line.psi:.3f}", limit, mark])
    return ["Column or feature", "PSI", "Limit", ""], rows


def mark_difference(interval: Interval | None) -> str:
    """Bold where the whole interval is on one side of zero."""
    text = write_interval(interval, signed=True)
    return f"**{text}**" if interval is not None and (interval.low > 0 or interval.high < 0) else text


def write_interval(interval: Interval | None, signed: bool = False) -> str:
    """Mean and ends with two digits of the standard error, a quarter of the interval."""
    if interval is None:
        return NOTHING
    width = interval.high - interval.low
    decimals = 3 if width <= 0 else min(max(1 - math.floor(math.log10(width / 4)), 0), 6)
    if max(abs(interval.mean), abs(interval.low), abs(interval.high)) >= 1e9:
        return f"{interval.mean:.3g} \\[{interval.low:.3g}, {interval.high:.3g}\\]"
    sign = "+" if signed else ""
    mean, low, high = (
        f"{round(value, decimals) + 0.0:{sign},.{decimals}f}" for value in (interval.mean, interval.low, interval.high)
    )
    return f"{mean} \\[{low}, {high}\\]"
