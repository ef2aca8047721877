"""The report in words, for people who decide: results, changes, and tables of text that is escaped already."""

from collections.abc import Iterator

from contract import wording
from contract.report import Check, MetricLine, Report, SliceLine
from contract.schema import Interval
from contract.wording import MARKS, NOTHING, ROLES
from review.comment.markdown import escape

NARROW = 80  # characters of a name or a value in a table


def describe_results(report: Report) -> Iterator[str]:
    """A sentence each for candidate, champion and rule; other names are left out."""
    for name, outcome in report.outcomes.items():
        if name in ROLES:
            yield wording.describe_outcome(name, outcome, escape(report.target, NARROW))


def describe_change(report: Report) -> str:
    """What the differences to the champion come to, in one sentence."""
    champion = report.champion.digest if report.champion else None
    return wording.describe_difference(
        report.candidate.digest, champion, report.metrics, report.checks, lambda label: escape(label, NARROW)
    )


def tabulate_metrics(report: Report) -> tuple[list[str], list[list[str]]]:
    """Header and rows: the metric, the value of each role, the difference to the champion."""
    names = [name for name in ROLES if any(name in line.values for line in report.metrics)]
    header = ["Metric", *(ROLES[name] for name in names)]
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
    """As everywhere, with brackets that open no link."""
    return wording.write_interval(interval, signed).replace("[", "\\[").replace("]", "\\]")
