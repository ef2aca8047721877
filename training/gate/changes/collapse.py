"""A champion that falls on today's rows far below what its own bundle states: the data changed, not the candidate."""

from collections.abc import Iterator, Sequence

from contract.report import Check, MetricLine
from contract.wording import join_names, write_interval
from training.gate.drift import describe_drift
from training.gate.evidence import HoldoutEvidence
from training.gate.policy import ChangeRules
from training.gate.result import NO_CHAMPION, choose_verdict, leave_unchecked
from training.gate.rows.lineage import name_altered

NAME = "data/changed"
JUDGED_BY = {"binary": "pr_auc", "regression": "r2"}
NAMED = 3


def check_collapse(evidence: HoldoutEvidence, lines: Sequence[MetricLine], rules: ChangeRules) -> Iterator[Check]:
    expected = f"at most {rules.collapse:g} below what its bundle states"
    if evidence.champion is None:
        yield leave_unchecked(NAME, expected, NO_CHAMPION)
        return
    metric = JUDGED_BY[evidence.dataset.task]
    line = next((line for line in lines if line.name == metric), None)
    stated = evidence.champion.bundle.manifest.metrics.get(metric)
    found = line.values.get("champion") if line else None
    if line is None or stated is None or found is None:
        yield leave_unchecked(NAME, expected, "the champion's metric is not known then or now")
        return
    fell = found.high < stated.low and stated.mean - found.mean > rules.collapse
    altered = name_altered(evidence) if fell else ()
    moved = tuple(line.feature for line in describe_drift(evidence) if line.psi > rules.psi)
    yield Check(
        name=NAME,
        verdict=choose_verdict(not fell),
        found=f"{line.label} {write_interval(found)}, stated {write_interval(stated)}",
        expected=expected,
        reason=f"The data changed: the champion's {line.label} is {found.mean:.3f} on these rows, where its bundle "
        f"states {stated.mean:.3f}. {_explain_fall(evidence, rules, altered)}"
        if fell
        else f"The champion is on these rows about as good as its bundle states ({line.label} {stated.mean:.3f}).",
        about=tuple(dict.fromkeys((*moved, *altered))) if fell else (),
    )


def _explain_fall(evidence: HoldoutEvidence, rules: ChangeRules, altered: Sequence[str]) -> str:
    """The column whose values changed in rows that the champion knew, else what moved."""
    if not altered:
        return _name_moved(evidence, rules)
    return f"Values of {join_names(altered)} changed or stand in the wrong rows, in rows that the champion knew."


def _name_moved(evidence: HoldoutEvidence, rules: ChangeRules) -> str:
    """What moved most, and whether a derived feature moved that none of the columns explains."""
    drift = sorted(describe_drift(evidence), key=lambda line: -line.psi)
    moved = [line for line in drift if line.psi > rules.psi]
    columns = {column.name for column in evidence.dataset.columns}
    named = ", ".join(f"{line.feature} (PSI {line.psi:.2f})" for line in (moved or drift)[:NAMED])
    if moved and not any(line.feature in columns for line in moved):
        return (
            f"{named} moved though no column of its own did: values stand in the wrong rows, as after a join or sort "
            "of one column alone."
        )
    if moved:
        return f"What moved most: {named}."
    return (
        f"No column's distribution moved much (most: {named}): values or outcomes may stand in the wrong rows, or a "
        "sensor writes a false value in some."
    )
