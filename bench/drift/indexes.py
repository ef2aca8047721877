"""The index of contract/psi.py for many windows at once; a test holds both against each other to 1e-12."""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from contract.psi import FEWEST_ROWS, SMOOTHING, Z

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]


class Indexes(NamedTuple):
    """All of the shape (...,) of the windows: live rows, psi, the bias that chance adds to it, its standard error."""

    rows: Floats
    psi: Floats
    bias: Floats
    standard_error: Floats

    @property
    def low(self) -> Floats:
        """The lower end, Z standard errors below the index less its bias."""
        return self.psi - self.bias - Z * self.standard_error

    def is_above(self, limit: float) -> Flags:
        """Where the verdict is drift: above `limit` beyond chance, with enough rows."""
        return (self.rows >= FEWEST_ROWS) & (self.low > limit)


def measure_indexes(counts: NDArray[Any], ratios: Floats, reference_rows: float) -> Indexes:
    """`counts` has shape (..., bins), `ratios` (bins,); a window without rows has the index 0 and no certainty."""
    rows = counts.sum(axis=-1).astype(np.float64)
    live, reference = smooth_counts(counts), smooth_counts(ratios * reference_rows)
    quotient = live / reference
    logarithm = np.log(quotient)
    free = counts.shape[-1] - 1
    with np.errstate(divide="ignore", invalid="ignore"):
        spread = 1 / rows + 1 / reference_rows
        variance = _variance(live, logarithm + 1 - 1 / quotient) / rows
        variance += _variance(reference, 1 - logarithm - quotient) / reference_rows + 2 * free * spread**2
    some = rows > 0
    return Indexes(
        rows,
        measure_plain(counts, ratios, reference_rows),
        np.where(some, free * spread, 0.0),
        np.where(some, np.sqrt(variance), np.inf),
    )


def measure_plain(counts: NDArray[Any], ratios: Floats, reference_rows: float) -> Floats:
    """The index alone, of shape (...,)."""
    live, reference = smooth_counts(counts), smooth_counts(ratios * reference_rows)
    psi = ((live - reference) * np.log(live / reference)).sum(axis=-1)
    return np.where(counts.sum(axis=-1) > 0, psi, 0.0)


def smooth_counts(counts: NDArray[Any]) -> Floats:
    """Shares of shape (..., bins) that are nowhere 0."""
    smoothed: Floats = (counts + SMOOTHING) / (counts.sum(axis=-1, keepdims=True) + SMOOTHING * counts.shape[-1])
    return smoothed


def _variance(shares: Floats, values: Floats) -> Floats:
    mean = (shares * values).sum(axis=-1, keepdims=True)
    spread: Floats = (shares * (values - mean) ** 2).sum(axis=-1)
    return spread
