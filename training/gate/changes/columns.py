"""Categories that vanished and sensors that became coarser: what no metric shows until it is served."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from contract.report import Check
from contract.schema import Column
from training.gate.drift import find_reference
from training.gate.evidence import HoldoutEvidence
from training.gate.policy import ChangeRules

COARSER = (2, 5, 10, 20, 50, 100)  # times the declared step
NEARLY_ALL = 0.99
FEWEST_VALUES = 5  # distinct ones; fewer are a switch, not a measurement
DECLARED = "every category that the dataset file declares"
EXPECTED = "every category that the champion learnt, as often"


def check_columns(evidence: HoldoutEvidence, rules: ChangeRules) -> Iterator[Check]:
    """One check for each category column and each sensor that changed, or one each that none did."""
    changed = list(_check_categories(evidence, rules))
    yield from changed or [_pass("data/categories", "every category has its rows", _expect(evidence))]
    coarser = list(_check_steps(evidence))
    yield from coarser or [_pass("data/resolution", "every sensor has the step that is declared", "the declared step")]


def _expect(evidence: HoldoutEvidence) -> str:
    return DECLARED if evidence.champion is None else EXPECTED


def _pass(name: str, text: str, expected: str) -> Check:
    return Check(name=name, verdict="pass", found="none", expected=expected, reason=f"{text[0].upper()}{text[1:]}.")


def _check_categories(evidence: HoldoutEvidence, rules: ChangeRules) -> Iterator[Check]:
    for column in evidence.dataset.columns:
        if column.type == "category" and (problem := _find_problem(evidence, column, rules)):
            reason = f"The categories of {column.name} changed: {problem}."
            yield Check(
                name="data/categories",
                verdict="fail",
                found=problem,
                expected=_expect(evidence),
                reason=reason,
                about=(column.name,),
            )


def _find_problem(evidence: HoldoutEvidence, column: Column, rules: ChangeRules) -> str | None:
    codes = evidence.table.values[column.name]
    empty = [name for code, name in enumerate(column.categories) if not (codes == code).any()]
    reference = find_reference(evidence, column.name)
    if reference is None or not reference.bins.categories:
        return f"no row has {', '.join(map(repr, empty))}: it would be served and was never learnt" if empty else None
    bins = reference.bins
    shares = dict(zip(bins.categories, bins.ratios, strict=False))
    lost = [name for name in empty if shares.get(name, 0.0) > 0]
    if lost:
        listed = ", ".join(f"{name!r} ({shares[name]:.0%} of the champion's rows)" for name in lost)
        return f"no row has {listed}"
    if new := [name for name in empty if name not in shares]:
        return (
            f"no row has {', '.join(map(repr, new))}, which the dataset file adds: it would be served and never learnt"
        )
    if bins.categories == column.categories and (psi := reference.measure(codes)) > rules.psi:
        return f"their shares moved (PSI {psi:.2f})"
    return None


def _check_steps(evidence: HoldoutEvidence) -> Iterator[Check]:
    for column in evidence.dataset.columns:
        values = evidence.table.values[column.name]
        if column.step is None or (times := find_coarser(values, column.step)) == 1:
            continue
        unit = f" {column.unit}" if column.unit else ""
        found = f"{column.name} in steps of {times * column.step:g}{unit}"
        yield Check(
            name="data/resolution",
            verdict="fail",
            found=found,
            expected=f"{column.step:g}{unit}, as the dataset file declares",
            reason=f"{found}, coarser than the {column.step:g}{unit} that are declared: the values were rounded.",
            about=(column.name,),
        )


def find_coarser(values: NDArray[np.float64], step: float) -> int:
    """The largest multiple of `step` that nearly all values are multiples of; 1 if none is."""
    known = values[np.isfinite(values)]
    if len(np.unique(known)) < FEWEST_VALUES:
        return 1
    fits = [times for times in COARSER if np.mean(_lies_on(known, times * step)) >= NEARLY_ALL]
    return max(fits, default=1)


def _lies_on(values: NDArray[np.float64], step: float) -> NDArray[np.bool_]:
    places = values / step
    return np.abs(places - np.round(places)) < 1e-6 * np.maximum(1.0, np.abs(places))
