"""How far the data that the candidate learnt from lies from the champion's: shown, never judged."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from contract.compute.bins import count_bins
from contract.psi import measure_psi
from contract.report import DriftLine
from contract.schema import ReferenceBins
from training.gate.evidence import HoldoutEvidence

LIMIT = 0.2  # "a significant change": N. Siddiqi, "Credit Risk Scorecards" (2006)


@dataclass(frozen=True)
class ColumnReference:
    """The bins of a column or feature as `rows` training rows filled them."""

    bins: ReferenceBins
    rows: int

    def measure(self, values: NDArray[np.float64]) -> float:
        """The population stability index of `values`, shape (rows,), less what chance adds to it.

        Below 0 where they lie nearer than chance would have them.
        """
        return measure_psi(count_bins(self.bins, values).tolist(), self.bins.ratios, self.rows).corrected


def find_reference(evidence: HoldoutEvidence, name: str) -> ColumnReference | None:
    """The champion's, of a column or feature; None if it has none, or on a first run."""
    manifest = evidence.champion.bundle.manifest if evidence.champion else None
    bins = manifest.reference.get(name) if manifest else None
    return ColumnReference(bins, manifest.data.rows) if manifest and bins else None


def describe_drift(evidence: HoldoutEvidence) -> Iterator[DriftLine]:
    """A line for everything that the champion has a reference of; nothing on a first run."""
    for name, values in evidence.table.values.items():
        if reference := find_reference(evidence, name):
            psi = max(reference.measure(values), 0.0)
            yield DriftLine(feature=name, psi=psi, limit=LIMIT, alerts=reference.bins.drift == "alert")
