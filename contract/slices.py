"""Slices of the traffic: what they are called, and how many are counted."""

import math
from collections.abc import Mapping, Sequence
from itertools import pairwise

from contract.schema import ReferenceBins, SliceColumn

MAX_SLICES = 24  # over all columns: each has its own samples of every bin
MAX_CELLS = 256  # combinations of one slice, or none, of each column: each has its own counts
MAX_BINS = 4000  # of all features in all slices: each is two series of every pod
LIMITS = f"{MAX_SLICES} slices, {MAX_CELLS} combinations of them and {MAX_BINS:,} bins"


def count_cells(sizes: Sequence[int]) -> int:
    """Combinations of one slice, or none, of each column, with that many slices in each."""
    return math.prod(size + 1 for size in sizes)


def are_few(sizes: Sequence[int], reference: Mapping[str, ReferenceBins]) -> bool:
    """Whether columns with that many slices each stay within all limits; `reference` has the bins of each slice."""
    bins = sum(len(one.ratios) for name, one in reference.items() if name != "score")
    return sum(sizes) <= MAX_SLICES and count_cells(sizes) <= MAX_CELLS and sum(sizes) * bins <= MAX_BINS


def name_slice(column: SliceColumn, place: int) -> str:
    """COLUMN=VALUE, as metrics have it."""
    return f"{column.name}={column.slices[place].value}"


def name_bands(edges: Sequence[float]) -> tuple[str, ...]:
    """What bands of a number are called: under the first edge, between two, from the last on."""
    texts = [repr(edge).removesuffix(".0") for edge in edges]
    between = (f"{low} to {high}" for low, high in pairwise(texts))
    return (f"under {texts[0]}", *between, f"{texts[-1]} and over") if texts else ("any",)
