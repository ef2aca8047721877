"""How far live rows lie from a reference, both counted by the same bins: the population stability index.

`app/predictor/page/drift.js` is the same in JavaScript, the canary's analysis template in PromQL; a test compares them.
"""

import math
from collections.abc import Sequence
from typing import Literal, NamedTuple

SMOOTHING = 0.5  # rows added to each bin on both sides: an empty bin has no logarithm
FEWEST_ROWS = 50  # fewer say nothing
Z = 3.0  # standard errors on either side: about 1 in 400 by chance

DriftVerdict = Literal["drift", "none", "unknown"]


class StabilityIndex(NamedTuple):
    """`psi` of `rows` live rows, the `bias` that chance adds to it on average, and its standard error."""

    rows: float
    psi: float
    bias: float
    standard_error: float

    @property
    def corrected(self) -> float:
        """The index less what chance adds: below 0 where there is less difference than chance would make."""
        return self.psi - self.bias

    @property
    def low(self) -> float:
        return self.corrected - Z * self.standard_error

    @property
    def high(self) -> float:
        return self.corrected + Z * self.standard_error

    def judge(self, limit: float) -> DriftVerdict:
        """Whether the index is above `limit` beyond chance, below it beyond chance, or could be either."""
        if self.rows < FEWEST_ROWS:
            return "unknown"
        if self.low > limit:
            return "drift"
        return "none" if self.high < limit else "unknown"


def measure_psi(counts: Sequence[float], ratios: Sequence[float], reference_rows: float) -> StabilityIndex:
    """The index of live `counts` against a reference of `reference_rows` rows with the share `ratios` in each bin.

    With shares a (live, n rows) and r (reference, m rows) in K bins, each count half a row larger:
    psi = sum of (a - r) ln(a / r), bias = (K - 1)(1/n + 1/m), and by the delta method, with
    g = ln(a / r) + 1 - r / a and h = 1 - ln(a / r) - a / r,
    standard_error² = Var_a(g) / n + Var_r(h) / m + 2 (K - 1)(1/n + 1/m)².
    """
    rows = float(sum(counts))
    if rows <= 0:
        return StabilityIndex(0.0, 0.0, 0.0, math.inf)
    live = _smooth(counts)
    reference = _smooth([ratio * reference_rows for ratio in ratios])
    pairs = list(zip(live, reference, strict=True))
    spread = 1 / rows + 1 / reference_rows
    variance = _variance(live, [math.log(a / r) + 1 - r / a for a, r in pairs]) / rows
    variance += _variance(reference, [1 - math.log(a / r) - a / r for a, r in pairs]) / reference_rows
    variance += 2 * (len(pairs) - 1) * spread**2
    psi = math.fsum((a - r) * math.log(a / r) for a, r in pairs)
    return StabilityIndex(rows, psi, (len(pairs) - 1) * spread, math.sqrt(variance))


def _smooth(counts: Sequence[float]) -> list[float]:
    """Shares that are nowhere 0."""
    total = sum(counts) + SMOOTHING * len(counts)
    return [(count + SMOOTHING) / total for count in counts]


def _variance(shares: Sequence[float], values: Sequence[float]) -> float:
    mean = math.fsum(share * value for share, value in zip(shares, values, strict=True))
    return math.fsum(share * (value - mean) ** 2 for share, value in zip(shares, values, strict=True))
