"""What became of the champion's rows: gone, on the other side of the holdout, or with another outcome."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from contract.report import Check
from contract.wording import join_names
from training.gate.evidence import HoldoutEvidence
from training.gate.policy import RowRules
from training.gate.result import NO_CHAMPION, choose_verdict, leave_unchecked
from training.gate.rows.altered import find_altered
from training.gate.rows.fitted import read_sides
from training.lineage.row_digests import Digests, digest_rows, strip_outcomes, take_outcomes

FULLY_GONE = 0.95  # of the rows before some moment: the window has moved on
FIRST_VERSION = "the champion's bundle is of an earlier version, which does not say which rows it knew"
BOTH = 2  # outcomes of a binary task
Flags = NDArray[np.bool_]


@dataclass(frozen=True)
class Sides:
    """Digests of the fitted and the held-out rows, each in the table's order."""

    fitted: Digests
    held_out: Digests

    def __len__(self) -> int:
        return len(self.fitted) + len(self.held_out)

    @property
    def all(self) -> Digests:
        return np.concatenate([self.fitted, self.held_out])


def check_lineage(evidence: HoldoutEvidence, rules: RowRules) -> Iterator[Check]:
    """Without a record only the number of rows can be compared, and without a champion nothing."""
    if evidence.champion is None:
        yield leave_unchecked("data/rows", f"at most {rules.shrink:.0%} fewer than the champion's", NO_CHAMPION)
        yield from _leave_rows(rules, NO_CHAMPION)
        return
    manifest = evidence.champion.bundle.manifest
    stated = read_sides(manifest)
    yield _check_number(manifest.data.rows, evidence, rules.shrink)
    columns = [column.source for column in manifest.schema.columns]
    if stated is None or not len(stated[1]) or not set(columns) <= set(evidence.table.frame):
        yield from _leave_rows(rules, FIRST_VERSION)
        return
    before = Sides(*stated)
    target = evidence.dataset.target.source
    now = Sides(*(digest_rows(side.frame, columns, target) for side in (evidence.fitted, evidence.holdout)))
    yield _check_gone(before, now, rules, lambda: name_altered(evidence))
    yield _check_labels(before, now, rules.relabelled, evidence)
    yield _check_moved(before, now, rules.moved)


def _leave_rows(rules: RowRules, why: str) -> Iterator[Check]:
    yield leave_unchecked("data/rows gone", f"at most {rules.gone:.1%}", why)
    yield leave_unchecked("data/labels", f"at most {rules.relabelled:.0%}", why)
    yield leave_unchecked("split/moved", f"at most {rules.moved:.0%}", why)


def _check_number(before: int, evidence: HoldoutEvidence, limit: float) -> Check:
    now = len(evidence.fitted)
    lost = 1 - now / before
    passes = lost <= limit
    return Check(
        name="data/rows",
        verdict=choose_verdict(passes),
        found=f"{now:,} rows to fit, {-lost:+.0%}",
        expected=f"at most {limit:.0%} fewer than {before:,}",
        reason=f"There are {now:,} rows to fit where the champion had {before:,}"
        + (", and that is enough." if passes else f", {lost:.0%} fewer: is a part of the data missing?"),
    )


def name_altered(evidence: HoldoutEvidence) -> tuple[str, ...]:
    """The columns whose values changed in rows that the champion knew, as far as one column alone explains it."""
    stated = evidence.champion and read_sides(evidence.champion.bundle.manifest)
    if evidence.champion is None or not stated:
        return ()
    columns = evidence.champion.bundle.manifest.schema.columns
    known = strip_outcomes(Sides(*stated).all)
    return find_altered(evidence.table.frame, columns, known)


def _check_gone(
    before: Sides, now: Sides, rules: RowRules, name_columns: Callable[[], tuple[str, ...]] = tuple
) -> Check:
    kept = strip_outcomes(now.all)
    missing = [~np.isin(strip_outcomes(side), kept) for side in (before.fitted, before.held_out)]
    inside = [_cut_prefix(side) for side in missing]
    gone, covered = sum(int(side.sum()) for side in inside), sum(map(len, inside))
    left = sum(map(len, missing)) - covered
    rarer_gone, rarer = _count_rarer(before, inside)
    passes = gone <= rules.gone * covered and rarer_gone <= rules.rarer_gone * rarer
    altered = () if passes else name_columns()
    window = f" The {left:,} oldest have left, as in a window that moves on." if left else ""
    of_them = f", among them {rarer_gone:,} of the {rarer:,} with the rarer outcome" if rarer else ""
    return Check(
        name="data/rows gone",
        verdict=choose_verdict(passes),
        found=f"{gone:,} of {covered:,}{of_them}",
        expected=f"at most {rules.gone:.1%}, and {rules.rarer_gone:.0%} of the rarer outcome",
        reason=f"{gone:,} of the champion's {covered:,} rows from within the period that the data cover are gone"
        + of_them
        + ("." if passes else f": {_explain_gone(altered)}.")
        + window,
        about=altered,
    )


def _explain_gone(altered: Sequence[str]) -> str:
    if not altered:
        return "rows were taken out, or values in more than one column changed"
    names = join_names(altered)
    return f"values of {names} changed or stand in the wrong rows (with other ones, new rows are rows it knew)"


def _cut_prefix(missing: Flags) -> Flags:
    """Without the longest beginning that is gone nearly whole."""
    share = np.cumsum(missing) / np.arange(1, len(missing) + 1)
    whole = np.flatnonzero((share >= FULLY_GONE) & missing)
    return missing[whole[-1] + 1 :] if len(whole) else missing


def _count_rarer(before: Sides, inside: list[Flags]) -> tuple[int, int]:
    """Rows with the rarer of two outcomes: those gone, and all; 0 where the outcome is a number."""
    sides = (before.fitted, before.held_out)
    outcomes = np.concatenate([side[len(side) - len(flags) :] for side, flags in zip(sides, inside, strict=True)])
    outcomes = take_outcomes(outcomes)
    values, counts = np.unique(outcomes, return_counts=True)
    if len(values) != BOTH:
        return 0, 0
    rarer = outcomes == values[np.argmin(counts)]
    return int((rarer & np.concatenate(inside)).sum()), int(rarer.sum())


def _check_labels(before: Sides, now: Sides, limit: float, evidence: HoldoutEvidence) -> Check:
    worst, described = 0.0, ""
    known = _keep_unique(before.all)
    places = dict(zip(strip_outcomes(known).tolist(), known.tolist(), strict=True))
    for what, digests, side in (
        ("training side", now.fitted, evidence.fitted),
        ("holdout", now.held_out, evidence.holdout),
    ):
        pairs = (
            (places.get(inputs), digest)
            for inputs, digest in zip(strip_outcomes(digests).tolist(), digests.tolist(), strict=True)
        )
        changed = sum(old is not None and old != new for old, new in pairs)
        rarer = (
            len(side)
            if evidence.dataset.task == "regression"
            else min(side.target.sum(), len(side) - side.target.sum())
        )
        if (share := changed / max(float(rarer), 1.0)) >= worst:
            worst, described = share, f"{changed:,} rows of the {what}"
    passes = worst <= limit
    return Check(
        name="data/labels",
        verdict=choose_verdict(passes),
        found=f"{described}, {worst:.1%} of the rarer outcome",
        expected=f"at most {limit:.0%}",
        reason=f"{described} have the champion's inputs and another {evidence.dataset.target.name} than it learnt"
        + (", as a correction now and then has." if passes else ": somebody or something changed the labels."),
    )


def _keep_unique(digests: Digests) -> Digests:
    """Those whose inputs stand once, so that there is one outcome to compare with."""
    _, first, counts = np.unique(strip_outcomes(digests), return_index=True, return_counts=True)
    kept: Digests = digests[first[counts == 1]]
    return kept


def _check_moved(before: Sides, now: Sides, limit: float) -> Check:
    fitted, held = (strip_outcomes(side) for side in (before.fitted, before.held_out))
    both = np.intersect1d(fitted, held)
    new_fitted, new_held = (strip_outcomes(side) for side in (now.fitted, now.held_out))
    out = int(np.isin(new_held, np.setdiff1d(fitted, both)).sum())
    into = int(np.isin(new_fitted, np.setdiff1d(held, both)).sum())
    known = int(np.isin(strip_outcomes(now.all), np.concatenate([fitted, held])).sum())
    share = (out + into) / max(known, 1)
    passes = share <= limit
    return Check(
        name="split/moved",
        verdict=choose_verdict(passes),
        found=f"{out + into:,} of {known:,} known rows",
        expected=f"at most {limit:.0%}",
        reason="Rows that the champion knew are on the side of the holdout where they were."
        if passes
        else f"{into:,} rows that the champion's training held out are fitted now, and {out:,} that it fitted are held "
        "out now: keys, groups or the share changed, and the two models cannot be compared on such rows.",
    )
