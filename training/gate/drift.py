"""How far the data that the candidate learnt from lies from the champion's: told, never judged."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from contract.compute.bins import count_bins
from contract.schema import ReferenceBins, Struct
from training.gate.evidence import HoldoutEvidence

SMALLEST_SHARE = 1e-4  # an empty bin has no logarithm
LIMIT = 0.2  # "a significant change": N. Siddiqi, "Credit Risk Scorecards" (2006)


class DriftLine(Struct, frozen=True):
    """`psi` of one column or feature; `alerts` where drift of it raises an alert when it is served."""

    feature: str
    psi: float
    limit: float
    alerts: bool


def measure_psi(bins: ReferenceBins, values: NDArray[np.float64]) -> float:
    """The population stability index of `values`, shape (rows,), against the reference proportions.

    Formula: sum over bins of (found - expected) * ln(found / expected).
    """
    found = np.maximum(count_bins(bins, values) / max(len(values), 1), SMALLEST_SHARE)
    expected = np.maximum(np.array(bins.ratios), SMALLEST_SHARE)
    return float(((found - expected) * np.log(found / expected)).sum())


def describe_drift(evidence: HoldoutEvidence) -> Iterator[DriftLine]:
    """A line for everything that the champion has a reference of; nothing on a first run."""
    if evidence.champion is None:
        return
    reference = evidence.champion.bundle.manifest.reference
    for name, values in evidence.table.values.items():
        if name in reference:
            bins = reference[name]
            yield DriftLine(feature=name, psi=measure_psi(bins, values), limit=LIMIT, alerts=bins.drift == "alert")
