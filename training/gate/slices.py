"""The same questions for each part of the holdout, where it holds enough evidence to answer them."""

from collections.abc import Iterator
from itertools import pairwise

import msgspec
import numpy as np
from numpy.typing import NDArray

from contract.report import Check, SliceLine
from training.data.table import Table
from training.gate.comparison import apply_rules, check_lines, measure_judgements
from training.gate.evidence import HoldoutEvidence
from training.gate.policy import Policy
from training.model.metrics import task_metrics

BANDS = 4  # a number is cut at its quartiles

Slice = tuple[str, str, NDArray[np.intp]]


def list_slices(table: Table) -> Iterator[Slice]:
    """Column, value and rows of each slice that the dataset names and the table has."""
    for name in table.dataset.slices:
        values = table.values[name]
        column = next((column for column in table.dataset.columns if column.name == name), None)
        if column is not None and column.type == "category":
            cuts = [(category, values == code) for code, category in enumerate(column.categories)]
        else:
            cuts = _cut_bands(values)
        cuts.append(("missing", np.isnan(values)))
        yield from ((name, label, np.flatnonzero(chosen)) for label, chosen in cuts if chosen.any())


def _cut_bands(values: NDArray[np.float64]) -> list[tuple[str, NDArray[np.bool_]]]:
    edges = np.unique(np.nanquantile(values, np.linspace(0, 1, BANDS + 1)))
    bands = np.searchsorted(edges[1:-1], values, side="right")
    return [
        (f"{low:g} to {high:g}", (bands == band) & ~np.isnan(values))
        for band, (low, high) in enumerate(pairwise(edges))
    ]


def judge_slices(evidence: HoldoutEvidence, policy: Policy, seed: int) -> tuple[list[SliceLine], list[Check]]:
    """A line for each slice and its checks; too little evidence in a slice blocks nothing, a failure does."""
    lines, checks = [], []
    for piece in list_slices(evidence.holdout):
        line, slice_checks = _judge_slice(evidence, piece, policy, seed)
        lines.append(line)
        checks += slice_checks
    return lines, checks


def _judge_slice(evidence: HoldoutEvidence, piece: Slice, policy: Policy, seed: int) -> tuple[SliceLine, list[Check]]:
    column, value, rows = piece
    task = evidence.dataset.task
    target = evidence.holdout.target[rows]
    positives = int(target.sum()) if task == "binary" else None
    line = SliceLine(column=column, value=value, rows=len(rows), positives=positives)
    if lack := find_lack(line, policy):
        return line, [lack]
    rules = policy.choose_rules(task, evidence.dataset.name).slices
    metrics = [metric for metric in task_metrics(task) if metric.name in {rule.name for rule in rules}]
    judgements = {name: judgement.take(rows) for name, judgement in evidence.judgements.items()}
    measured = measure_judgements(judgements, metrics, task, policy.resamples, seed)
    measured = apply_rules(measured, rules, judgements["candidate"], task)
    checks = [
        msgspec.structs.replace(check, name=f"slice/{column}={value}: {check.group} {check.subject}")
        for check in check_lines(measured, "champion" in judgements)
    ]
    return msgspec.structs.replace(line, metrics=measured), [_soften(check) for check in checks]


def find_lack(line: SliceLine, policy: Policy) -> Check | None:
    """A check that blocks nothing, if the slice has too few rows of its rarer outcome to be judged."""
    if line.positives is None:
        found, needed, what = line.rows, policy.min_rows, "rows"
    else:  # negatives are the rarer outcome where the positives are many
        found, needed, what = min(line.positives, line.rows - line.positives), policy.min_positives, "positives"
        what = what if found == line.positives else "negatives"
    if found >= needed:
        return None
    return Check(
        name=f"slice/{line.column}={line.value}",
        verdict="not_enough_evidence",
        found=f"{found} {what}",
        expected=f"at least {needed}",
        reason=f"With {found} {what} the slice tells nothing: any verdict on it would be noise.",
        blocking=False,
    )


def _soften(check: Check) -> Check:
    """A slice's interval is wide by nature: across its bound it is shown, and blocks nothing."""
    return msgspec.structs.replace(check, blocking=check.verdict != "not_enough_evidence")
