"""Whether the candidate was fitted on the rows that it should, and on none that it is judged on."""

import numpy as np

from contract.report import Check
from contract.schema import Manifest
from training.gate.evidence import HoldoutEvidence
from training.gate.result import choose_verdict
from training.lineage.row_digests import Digests, digest_table, read_record

NAME = "split/fitted rows"


def check_fitted(evidence: HoldoutEvidence) -> Check:
    """The rows that the bundle names against those that the gate itself splits off, row by row."""
    due, held = digest_table(evidence.fitted), digest_table(evidence.holdout)
    expected = f"the {len(due):,} rows of the training side"
    stated = read_sides(evidence.candidate.bundle.manifest)
    if stated is None:
        reason = "The bundle does not say which rows it was fitted on; train it again."
        return Check(name=NAME, verdict="fail", found="no record of the rows", expected=expected, reason=reason)
    fitted, held_out = stated
    leaked = count_common(subtract(fitted, due), held)
    lacking, strange = len(subtract(due, fitted)), len(subtract(fitted, due)) - leaked
    same_holdout = np.array_equal(np.sort(held_out), np.sort(held))
    return Check(
        name=NAME,
        verdict=choose_verdict(not (leaked or lacking or strange) and same_holdout),
        found=f"{len(fitted):,} rows, {leaked:,} of them held out by the gate",
        expected=expected,
        reason=_explain(leaked, lacking, strange, len(held), same_holdout),
    )


def _explain(leaked: int, lacking: int, strange: int, held: int, same_holdout: bool) -> str:
    if leaked:
        return (
            f"{leaked:,} of the {held:,} rows it is judged on were fitted, and {lacking:,} rows of the training side "
            "were not: what it shows on them is memory."
        )
    if lacking or strange:
        return f"{lacking:,} rows of the training side were not fitted, and {strange:,} that are on no side were."
    if not same_holdout:
        return "It was fitted on the right rows, but its own training held out other rows than the gate does."
    return f"Row by row, it was fitted on the training side alone; the {held:,} rows it is judged on were kept out."


def read_sides(manifest: Manifest) -> tuple[Digests, Digests] | None:
    """The digests of the fitted and the held-out rows, None if the bundle has none that can be read."""
    if manifest.rows is None:
        return None
    try:
        return read_record(manifest.rows)
    except ValueError:
        return None


def subtract(left: Digests, right: Digests) -> Digests:
    """Those of `left` that are not in `right`, each as often as it stands more there."""
    values, counts = np.unique(left, return_counts=True)
    others, other_counts = np.unique(right, return_counts=True)
    places = np.searchsorted(others, values).clip(max=max(len(others) - 1, 0))
    matched = np.zeros(len(values), dtype=np.int64)
    if len(others):
        matched = np.where(others[places] == values, other_counts[places], 0)
    return np.repeat(values, np.maximum(counts - matched, 0))


def count_common(left: Digests, right: Digests) -> int:
    """How many of `left` are in `right`."""
    return int(np.isin(left, right).sum())
