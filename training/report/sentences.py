"""A report in words: what a manager asks and what a data scientist wants confirmed."""

from collections.abc import Iterator

from training.gate.result import Verdict, join_names, write_interval
from training.report.document import Outcome, Report

VERDICTS: dict[Verdict, str] = {"pass": "Pass", "fail": "Fail", "not_enough_evidence": "Not enough evidence"}
MARKS: dict[Verdict, str] = {"pass": "✅", "fail": "❌", "not_enough_evidence": "❔"}
NOTHING = "—"
CONTESTANTS = {"candidate": "Candidate", "champion": "Champion", "rule": "Engineer's rule"}
GROUPS = {
    "champion": "Champion",
    "evidence": "Evidence",
    "comparison": "Against the champion",
    "floor": "Floors",
    "slice": "Slices",
    "behaviour": "Behaviour",
    "leakage": "Leakage",
    "integrity": "Integrity",
    "split": "Fitted and held-out rows",
    "data": "The data against the champion's",
    "declared": "What the dataset file asks",
    "decision": "Odds and threshold",
    "accepted": "Accepted by name",
    "budget": "Budgets",
}


def describe_results(report: Report) -> Iterator[str]:
    """One plain sentence for each contestant."""
    for name, outcome in report.outcomes.items():
        yield f"{_introduce(name)} {_tell(outcome, report.target)}"


def _introduce(name: str) -> str:
    return f"The {CONTESTANTS[name][0].lower()}{CONTESTANTS[name][1:]}"


def _tell(outcome: Outcome, target: str) -> str:
    if outcome.mean_error is not None:
        return f"is off by {outcome.mean_error:,.4g} on average over {outcome.rows:,} rows."
    alarms = "1 false alarm" if outcome.false_alarms == 1 else f"{outcome.false_alarms:,} false alarms"
    cost = "" if outcome.cost_per_1000 is None else f", a cost of {outcome.cost_per_1000:,.0f} per 1,000 rows"
    return f"finds {outcome.found:,} of {outcome.positives:,} cases of {target} with {alarms}{cost}."


def describe_change(report: Report) -> str:
    """What the difference to the champion comes to, in one sentence."""
    if report.champion is None:
        return "There is no champion to compare with."
    if report.champion.digest == report.candidate.digest:
        return "The candidate is the champion itself."
    changed = [line for line in report.metrics if line.difference is not None]
    better = [line.label for line in changed if line.difference and line.difference.low > 0]
    worse = [line.label for line in changed if line.difference and line.difference.high < 0]
    margins = [check for check in report.checks if check.group == "comparison"]
    worse_word = "worse within the margins" if all(check.verdict == "pass" for check in margins) else "worse"
    parts = [f"{word} in {join_names(labels)}" for word, labels in (("better", better), (worse_word, worse)) if labels]
    if not parts:
        return "Against the champion, no metric differs by more than chance would explain."
    return f"Against the champion, beyond what chance would explain: {'; '.join(parts)}."


def tabulate_metrics(report: Report) -> list[list[str]]:
    """Header and rows: metric, a column for each contestant, and the difference if there is a champion."""
    names = list(report.outcomes)
    header = ["Metric", *(CONTESTANTS[name] for name in names)]
    header += ["Candidate against champion"] if report.champion else []
    rows = [header]
    for line in report.metrics:
        arrow = "↑" if line.higher_is_better else "↓"
        cells = [write_interval(line.values[name]) if name in line.values else NOTHING for name in names]
        if report.champion:
            cells.append(NOTHING if line.difference is None else write_interval(line.difference, signed=True))
        rows.append([f"{line.label} {arrow}", *cells])
    return rows


def tabulate_drift(report: Report) -> list[list[str]]:
    """Header and rows, the largest first: what the candidate learnt from against what the champion did."""
    table = [["Column or feature", "PSI", ""]]
    for line in sorted(report.drift, key=lambda line: -line.psi):
        is_over = line.psi > line.limit
        table.append([line.feature, f"{line.psi:.3f}", ("alerts" if line.alerts else "shown only") if is_over else ""])
    return table


def tabulate_slices(report: Report) -> list[list[str]]:
    """Header and rows: slice, its rows and positives, and its metrics with the difference to the champion."""
    labels = list(dict.fromkeys(line.label for piece in report.slices for line in piece.metrics))
    counts = ["Rows", "Positives"] if report.task == "binary" else ["Rows"]
    table = [["Slice", *counts, *labels]]
    for piece in report.slices:
        sizes = [f"{count:,}" for count in (piece.rows, piece.positives) if count is not None]
        cells = []
        for label in labels:
            line = next((line for line in piece.metrics if line.label == label), None)
            value = line.values.get("candidate") if line else None
            cell = "not enough evidence" if value is None else write_interval(value)
            if line and line.difference is not None:
                cell += f"\nΔ {write_interval(line.difference, signed=True)}"
            cells.append(cell)
        table.append([f"{piece.column} = {piece.value}", *sizes, *cells])
    return table


def list_facts(report: Report) -> list[tuple[str, str]]:
    """Provenance and budgets, a name and a value each."""
    latency, candidate = report.latency, report.candidate
    memory = "unknown" if report.memory_bytes is None else f"{report.memory_bytes / 1e6:.1f} MB"
    facts = [
        ("Data", f"{report.title}, {report.origin}"),
        ("Rows", f"{report.rows:,}, of which {report.holdout_rows:,} were held out to judge on"),
        ("Data fingerprint", report.data_sha256),
        ("Code", report.revision),
        ("Candidate", f"{candidate.name} {candidate.version}"),
        ("Candidate digest", candidate.digest),
        ("Trained on", f"{candidate.data.rows:,} rows"),
    ]
    if report.champion is not None:
        same = report.champion.data.sha256 == report.data_sha256
        facts += [
            ("Champion", f"{report.champion.name} {report.champion.version}"),
            ("Champion digest", report.champion.digest),
            ("Champion's data", "the same" if same else f"other, {report.champion.data.sha256}"),
        ]
    return [
        *facts,
        ("One row", f"{latency.candidate_us:.0f} µs by {latency.path}, {latency.ratio:.2f} times the small model's"),
        ("Size", f"{candidate.size_bytes / 1e6:.2f} MB"),
        ("Memory", memory),
        ("Libraries", ", ".join(f"{name} {version}" for name, version in candidate.libraries.items())),
        ("Judged", report.created),
    ]
