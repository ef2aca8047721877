"""Columns that came in another unit, everywhere or from a row on, or that hold each other's values."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from contract.report import Check
from contract.schema import Column
from training.gate.drift import ColumnReference, find_reference
from training.gate.evidence import HoldoutEvidence
from training.gate.policy import ChangeRules
from training.gate.result import NO_CHAMPION, leave_unchecked

NAME = "data/units"
EXPECTED = "no column that a change of unit explains"
CUTS = np.arange(0.1, 0.96, 0.05)  # of the rows in time: where a change may start
FEWEST_ROWS = 200  # that show a distribution
CLEARER = 4.0  # times nearer than as it stands must a column be once it is converted back
Values = NDArray[np.float64]


@dataclass(frozen=True)
class Conversion:
    """new = factor * old + offset."""

    old: str
    new: str
    factor: float
    offset: float = 0.0

    def undo(self, values: Values) -> Values:
        return (values - self.offset) / self.factor

    @property
    def text(self) -> str:
        sign = f" {'+' if self.offset > 0 else '-'} {abs(self.offset):g}" if self.offset else ""
        units = f"from {self.old} to {self.new}, " if self.old else ""
        return f"{units}times {self.factor:.6g}{sign}"


# exact by the international yard and pound (1959), the International Table BTU left out; ISO 80000 for the rest
_PAIRS = (
    Conversion("Nm", "lb ft", 0.7375621493),
    Conversion("K", "°C", 1.0, -273.15),
    Conversion("K", "°F", 1.8, -459.67),
    Conversion("°C", "°F", 1.8, 32.0),
    Conversion("rpm", "rad/s", 2 * np.pi / 60),
    Conversion("rpm", "Hz", 1 / 60),
    Conversion("kg", "lb", 2.2046226218),
    Conversion("m", "ft", 3.280839895),
    Conversion("mm", "in", 1 / 25.4),
    Conversion("km", "mi", 0.6213711922),
    Conversion("bar", "psi", 14.503773773),
    Conversion("kW", "hp", 1.3410220896),
    Conversion("l", "gal", 0.2641720524),
    Conversion("min", "s", 60.0),
    Conversion("min", "h", 1 / 60),
    Conversion("h", "s", 3600.0),
)
_POWERS = tuple(Conversion("", "", 10.0**power) for power in (-6, -3, -2, -1, 1, 2, 3, 6))


def list_conversions(unit: str | None) -> tuple[Conversion, ...]:
    """Those that a column of this unit can have undergone; without a unit, all."""
    back = tuple(Conversion(pair.new, pair.old, 1 / pair.factor, -pair.offset / pair.factor) for pair in _PAIRS)
    named = tuple(pair for pair in (*_PAIRS, *back) if unit is None or pair.old == unit)
    return (*named, *_POWERS)


def check_units(evidence: HoldoutEvidence, rules: ChangeRules) -> Iterator[Check]:
    """One check for each column that a conversion explains, or one that says that there is none or nothing to compare.

    The declared ranges are those of the possible and refuse a row before it comes here; most units fit into them.
    """
    if evidence.champion is None:
        why = (
            f"{NO_CHAMPION}; each value is in the range that the dataset file declares, where another unit may be, too"
        )
        yield leave_unchecked(NAME, EXPECTED, why)
        return
    findings = list(_find_conversions(evidence, rules)) + list(_find_swaps(evidence, rules))
    for names, what in findings:
        reason = f"The data changed: {what}. Convert it back, or train the champion's successor on one unit throughout."
        yield Check(name=NAME, verdict="fail", found=what, expected=EXPECTED, reason=reason, about=names)
    if not findings:
        reason = "No column has moved in a way that another unit, a lost decimal point or a swap explains."
        yield Check(name=NAME, verdict="pass", found="none", expected=EXPECTED, reason=reason)


def _find_conversions(evidence: HoldoutEvidence, rules: ChangeRules) -> Iterator[tuple[tuple[str, ...], str]]:
    for column, reference in list_compared(evidence):
        values = evidence.table.values[column.name]
        match = find_conversion(values, reference, list_conversions(column.unit), rules)
        if match is not None:
            conversion, start = match
            where = "in every row" if start == 0 else f"from about row {start:,} of {len(values):,} on"
            yield (column.name,), f"{column.name} looks converted {where} ({conversion.text})"


def list_compared(evidence: HoldoutEvidence) -> Iterator[tuple[Column, ColumnReference]]:
    """Numbers of which the champion has a reference, with it."""
    for column in evidence.dataset.columns:
        reference = find_reference(evidence, column.name)
        if column.type != "category" and reference and reference.bins.edges:
            yield column, reference


def find_conversion(
    values: Values, reference: ColumnReference, conversions: Sequence[Conversion], rules: ChangeRules
) -> tuple[Conversion, int] | None:
    """The conversion and the first row that it explains, if converting back makes the rows what the reference has.

    The rows converted must lie far from the reference as they stand, near it converted back, and those before them
    no farther from it than these.
    """
    best: tuple[float, Conversion, int] | None = None
    for start in (0, *(int(len(values) * cut) for cut in CUTS)):
        tail, head = values[start:], values[:start]
        if len(tail) < FEWEST_ROWS or (as_is := reference.measure(tail)) <= rules.psi:
            continue
        for conversion in conversions:
            psi = reference.measure(conversion.undo(tail))
            whole = reference.measure(np.concatenate([head, conversion.undo(tail)]))
            explains = psi * CLEARER < as_is and (psi <= rules.explained or psi * 10 * CLEARER < as_is)
            if (
                explains
                and whole * CLEARER < max(reference.measure(values), rules.psi / 2)
                and (best is None or whole < best[0])
            ):
                best = (whole, conversion, start)
    return None if best is None else best[1:]


def _find_swaps(evidence: HoldoutEvidence, rules: ChangeRules) -> Iterator[tuple[tuple[str, ...], str]]:
    """Two columns that each lie far from their own reference and near the other's."""
    for (one, its), (two, others) in combinations(list_compared(evidence), 2):
        left, right = evidence.table.values[one.name], evidence.table.values[two.name]
        own = min(its.measure(left), others.measure(right))
        crossed = max(its.measure(right), others.measure(left))
        if own > rules.psi and crossed <= rules.explained:
            yield (one.name, two.name), f"{one.name} and {two.name} hold each other's values"
