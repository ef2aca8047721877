"""What drift is measured against: bins of the fitted rows, whole and by slice, and of the scores of rows held out.

Scores of fitted rows are further apart than any that the model will give, and those of the inner folds are other
models'; the rows held out are scored by the very model that serves.
"""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from contract.compute.bins import build_bins, measure_ratios
from contract.psi import FEWEST_ROWS
from contract.schema import DriftUse, Manifest, ReferenceBins, SliceColumn, SliceReference
from contract.slices import LIMITS, are_few, name_bands, name_slice
from training.data.table import Table
from training.model.train import TrainedModel

BANDS = 4  # a number is cut at its quartiles

References = dict[str, ReferenceBins]


def bin_features(table: Table) -> References:
    """Of every column and derived feature of the rows that were fitted."""
    uses: dict[str, tuple[tuple[str, ...], DriftUse]] = {
        **{column.name: (column.categories, column.drift) for column in table.dataset.columns},
        **{feature.name: ((), feature.drift) for feature in table.dataset.derived},
    }
    return {name: build_bins(table.values[name], *use) for name, use in uses.items()}


def bin_scores(model: TrainedModel, held_out: Table | None) -> tuple[ReferenceBins, int]:
    """Bins of the scores and how many rows they are of: those held out, or out-of-fold where these are too few.

    Shown and no alarm: the score moves with every feature that walks at random.
    """
    if held_out is None or len(held_out) < FEWEST_ROWS:
        return build_bins(model.out_of_fold, (), "show"), len(model.out_of_fold)
    return build_bins(model.reference.score_matrix(held_out.matrix), (), "show"), len(held_out)


def slice_rows(table: Table, reference: References) -> tuple[SliceColumn, ...]:
    """The dataset file's slices as far as they fit the limits, each with its own share of rows in every bin."""
    slices: list[SliceColumn] = []
    for name in table.dataset.slices:
        edges, labels, places = _cut_column(table, name)
        if len(labels) < 2 or not are_few([*(len(column.slices) for column in slices), len(labels)], reference):
            continue
        parts = (np.flatnonzero(places == place) for place in range(len(labels)))
        slices.append(
            SliceColumn(
                name=name,
                edges=edges,
                slices=tuple(
                    SliceReference(value=label, rows=len(rows), ratios=_measure_slice(table, reference, rows))
                    for label, rows in zip(labels, parts, strict=True)
                ),
            )
        )
    return tuple(slices)


def _cut_column(table: Table, name: str) -> tuple[tuple[float, ...], tuple[str, ...], NDArray[np.float64]]:
    """Edges and names of a column's slices, and the place of each row's, NaN for none."""
    values = table.values[name]
    column = next((column for column in table.dataset.columns if column.name == name), None)
    if column is not None and column.type == "category":
        return (), column.categories, values
    edges = build_bins(values, (), "show", BANDS).edges
    return edges, name_bands(edges), np.where(np.isnan(values), np.nan, np.searchsorted(edges, values, side="right"))


def _measure_slice(table: Table, reference: References, rows: NDArray[np.intp]) -> dict[str, tuple[float, ...]]:
    if len(rows) < FEWEST_ROWS:
        return {}
    return {name: measure_ratios(bins, table.values[name][rows]) for name, bins in reference.items()}


def describe_lacks(manifest: Manifest) -> Iterator[str]:
    """A line for all that is not counted by slice, and one for slices whose drift nobody can tell."""
    counted = {column.name for column in manifest.slices}
    wanted = manifest.requirements.slices if manifest.requirements else ()
    if missing := [name for name in wanted if name not in counted]:
        yield (
            f"no metrics by slice of {', '.join(missing)}: a column needs two values, and all together have at most "
            f"{LIMITS}"
        )
    few = [
        f"{name_slice(column, place)} ({one.rows})"
        for column in manifest.slices
        for place, one in enumerate(column.slices)
        if not one.ratios
    ]
    if few:
        yield f"no reference to tell drift in slices of fewer than {FEWEST_ROWS} rows: {', '.join(few)}"
