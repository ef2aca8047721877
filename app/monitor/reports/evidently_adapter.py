"""Evidently's reports of a window, each a page that needs nothing else. The one module that imports Evidently.

Drift is shown on the bins that the predictor counts in, as categories. Evidently's index has no smoothing but a floor
for empty bins; ours counts each bin half a row larger, on both sides. So Evidently is given 2 c + 1 rows for a bin of
c: the shares are ours, no bin is empty, and both indices are the same number.
"""

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from app.monitor.reports.guards import count_reference
from app.monitor.reports.window import SCORE, Columns
from contract.compute.bins import count_bins
from contract.psi import measure_psi
from contract.schema import Manifest, ReferenceBins

os.environ["DO_NOT_TRACK"] = "1"  # read when Evidently is imported, which would tell its maker of every report

import pandas as pd
from evidently import BinaryClassification, DataDefinition, Dataset, Regression, Report
from evidently.core.report import Snapshot
from evidently.presets import (
    ClassificationPreset,
    DataDriftPreset,
    DataSummaryPreset,
    RegressionPreset,
)

PAGE_WIDTH = 1120  # pixels that its panels need beside each other


@dataclass(frozen=True)
class DriftPage:
    """The page, Evidently's index by column, and how far the farthest is from ours of the same rows."""

    html: str
    psi: dict[str, float]
    apart: float


def name_bars(bins: ReferenceBins) -> list[str]:
    """A label for each bin that sorts by its place."""
    edges = [f"{edge:g}" for edge in bins.edges]
    numbers = [*(f"below {edge}" for edge in edges), f"from {edges[-1]}" if edges else "any"]
    names = [*(bins.categories or numbers), "missing"]
    return [f"{place:02d} {name}" for place, name in enumerate(names)]


def show_drift(manifest: Manifest, columns: Columns, names: Sequence[str], threshold: float) -> DriftPage:
    """The sample's `columns`, shape (rows,), against the bundle's reference, in the bins of each of `names`.

    `threshold`: of the index, from which on Evidently marks a column.
    """
    current, reference, ours = {}, {}, {}
    for name in names:
        bins = manifest.reference[name]
        labels = np.array(name_bars(bins), dtype=object)
        counts = count_bins(bins, columns[name])
        rows = count_reference(manifest, name)
        expected = np.rint(np.asarray(bins.ratios) * rows).astype(np.int64)
        current[name] = np.repeat(labels, 2 * counts + 1)
        reference[name] = np.repeat(labels, 2 * expected + 1)
        ours[name] = measure_psi(counts.tolist(), bins.ratios, rows).psi
    definition = DataDefinition(categorical_columns=list(names))
    snapshot = Report(
        [DataDriftPreset(columns=list(names), cat_method="psi", cat_threshold=threshold)], include_tests=False
    ).run(
        Dataset.from_pandas(_fill_up(current), data_definition=definition),
        Dataset.from_pandas(_fill_up(reference), data_definition=definition),
    )
    found = dict(_read_psi(snapshot.dict()["metrics"]))
    apart = max(abs(found[name] - ours[name]) for name in names)
    return DriftPage(_write_page(snapshot), found, apart)


def show_quality(manifest: Manifest, columns: Columns, names: Iterable[str]) -> str:
    """Values of the sample as they were sent: ranges, missing values, distributions."""
    frame = pd.DataFrame({name: _decode(manifest.reference[name], columns[name]) for name in names})
    definition = DataDefinition(
        numerical_columns=[name for name in frame if not manifest.reference[str(name)].categories],
        categorical_columns=[name for name in frame if manifest.reference[str(name)].categories],
    )
    snapshot = Report([DataSummaryPreset()]).run(Dataset.from_pandas(frame, data_definition=definition), None)
    return _write_page(snapshot)


def show_outcomes(manifest: Manifest, columns: Columns) -> str:
    """What was predicted beside what happened, of rows that have an outcome."""
    frame = pd.DataFrame({"outcome": columns["outcome"], "score": columns[SCORE]})
    if manifest.schema.task != "binary":
        definition = DataDefinition(regression=[Regression(target="outcome", prediction="score")])
        snapshot = Report([RegressionPreset()]).run(Dataset.from_pandas(frame, data_definition=definition), None)
        return _write_page(snapshot)
    threshold = 0.5 if manifest.threshold is None else manifest.threshold
    frame["decision"] = (frame["score"] >= threshold).astype(int)
    frame["outcome"] = frame["outcome"].astype(int)
    task = BinaryClassification(target="outcome", prediction_labels="decision", prediction_probas="score", pos_label=1)
    dataset = Dataset.from_pandas(frame, data_definition=DataDefinition(classification=[task]))
    snapshot = Report([ClassificationPreset(probas_threshold=threshold)]).run(dataset, None)
    return _write_page(snapshot)


def _write_page(snapshot: Snapshot) -> str:
    """On a phone it is laid out as on a desk and made small: its panels would be cut off, not moved."""
    html = str(snapshot.get_html_str(as_iframe=False))
    return html.replace('content="width=device-width, initial-scale=1.0"', f'content="width={PAGE_WIDTH}"', 1)


def _fill_up(columns: dict[str, NDArray[np.object_]]) -> pd.DataFrame:
    """Columns of unequal length: Evidently takes no notice of the None behind the end of one."""
    return pd.DataFrame({name: pd.Series(values, dtype=object) for name, values in columns.items()})


def _decode(bins: ReferenceBins, values: NDArray[np.float64]) -> NDArray[np.float64] | list[str | None]:
    if not bins.categories:
        return values
    return [None if np.isnan(value) else bins.categories[int(value)] for value in values]


def _read_psi(metrics: list[dict[str, object]]) -> Iterator[tuple[str, float]]:
    for metric in metrics:
        config = metric.get("config")
        if isinstance(config, dict) and str(config.get("type", "")).endswith("ValueDrift"):
            yield config["column"], float(metric["value"])  # type: ignore[arg-type]
