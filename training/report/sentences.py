"""A report in words: what a manager asks and what a data scientist wants confirmed."""

from collections.abc import Iterator

from contract.report import Report
from contract.wording import NOTHING, ROLES, describe_difference, describe_outcome, write_interval

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
    """One plain sentence each for candidate, champion and rule."""
    for name, outcome in report.outcomes.items():
        yield describe_outcome(name, outcome, report.target)


def describe_change(report: Report) -> str:
    """What the difference to the champion comes to, in one sentence."""
    champion = report.champion.digest if report.champion else None
    return describe_difference(report.candidate.digest, champion, report.metrics, report.checks, str)


def tabulate_metrics(report: Report) -> list[list[str]]:
    """Header and rows: metric, a column for each role, and the difference if there is a champion."""
    names = list(report.outcomes)
    header = ["Metric", *(ROLES[name] for name in names)]
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
