"""Drift bins: where a value falls, and what share of the reference's rows fell there."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from contract.schema import DriftUse, ReferenceBins

MISSING = "missing"


def assign_bins(bins: ReferenceBins, values: NDArray[np.float64]) -> NDArray[np.intp]:
    """The bin of each value; `values` has shape (rows,), category columns hold codes, NaN is the last bin."""
    last = len(bins.ratios) - 1
    if bins.categories:
        return np.where(np.isnan(values), last, values).astype(np.intp)
    return np.where(np.isnan(values), last, np.searchsorted(bins.edges, values, side="right"))


def count_bins(bins: ReferenceBins, values: NDArray[np.float64]) -> NDArray[np.int64]:
    """Rows in each bin, of shape (len(bins.ratios),)."""
    return np.bincount(assign_bins(bins, values), minlength=len(bins.ratios)).astype(np.int64)


def name_bins(bins: ReferenceBins) -> tuple[str, ...]:
    """A stable label for each bin: categories by name, numbers by their upper edge, as a histogram's `le`."""
    # the shortest text that is this very number: two edges never share a label
    inner = bins.categories or (*(repr(edge).removesuffix(".0") for edge in bins.edges), "+Inf")
    return (*inner, MISSING)


def build_bins(
    values: NDArray[np.float64], categories: Sequence[str], drift: DriftUse, max_bins: int = 10
) -> ReferenceBins:
    """Bins of about equal population from a reference's values of shape (rows,), and their range.

    Repeated quantiles (a column with few distinct values) fall together, so that no edge stands twice.
    """
    edges: tuple[float, ...] = ()
    known = values[~np.isnan(values)]
    if not categories and known.size:
        # an edge at the minimum would leave the first bin empty for ever
        quantiles = np.quantile(known, np.linspace(0, 1, max_bins + 1)[1:-1], method="higher")
        edges = tuple(float(edge) for edge in np.unique(quantiles) if edge > known.min())
    size = (len(categories) if categories else len(edges) + 1) + 1
    empty = ReferenceBins(edges=edges, categories=tuple(categories), ratios=(0.0,) * size, drift=drift)
    counts = count_bins(empty, values)
    finite = values[np.isfinite(values)]
    has_range = not categories and finite.size > 0
    return ReferenceBins(
        edges=edges,
        categories=tuple(categories),
        ratios=_share(counts, len(values)),
        drift=drift,
        minimum=float(finite.min()) if has_range else None,
        maximum=float(finite.max()) if has_range else None,
    )


def measure_ratios(bins: ReferenceBins, values: NDArray[np.float64]) -> tuple[float, ...]:
    """The share of `values`, shape (rows,), in each bin."""
    return _share(count_bins(bins, values), len(values))


def _share(counts: NDArray[np.int64], rows: int) -> tuple[float, ...]:
    return tuple(float(count) / max(rows, 1) for count in counts)
