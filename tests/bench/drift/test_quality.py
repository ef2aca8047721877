"""Estimates are the contract's, from sums that are the rows'; the scores alone are wrong where the table says so."""

import numpy as np
import pytest

from bench.drift.planted import DRIFTS, PlantedDrift, ScoredRows
from bench.drift.quality import (
    BOTH,
    LABELS,
    PRECISION,
    RECALL,
    TWO_SUMS,
    DriftQuality,
    QualitySettings,
    estimate_quality,
    measure_drift,
    sum_rows,
)
from bench.drift.quality_tables import render_quality
from contract.bundle import Bundle
from contract.dataset import Dataset

SMALL = QualitySettings(population=20_000, rows=20_000, labelled=0.2, draws=40, seed=3)
ROWS = ScoredRows(
    np.array([0.9, 0.8, 0.3, 0.1, 0.0]),
    np.array([True, True, True, False, False]),
    np.array([True, False, True, True, False]),
)


def find_drift(part: str) -> PlantedDrift:
    return next(drift for drift in DRIFTS if part in drift.title)


def test_sums_are_those_of_the_rows_decided_one_way_and_of_the_labelled_ones() -> None:
    labelled = np.array([True, True, False, True, False])
    scores, labels = sum_rows(ROWS, ROWS.alarms, labelled)
    assert scores == pytest.approx((3, 2.0, 0.09 + 0.16 + 0.21))
    assert labels == pytest.approx((2, 1, 1.7, 0.01 + 0.64))
    scores, labels = sum_rows(ROWS, ~ROWS.alarms, labelled)
    assert scores == pytest.approx((2, 0.1, 0.09))
    assert labels == pytest.approx((1, 1, 0.1, 0.81))


def test_too_few_labels_are_unknown_and_not_nothing() -> None:
    found = estimate_quality(ROWS, np.zeros(5, dtype=np.bool_))
    assert found[PRECISION, BOTH] is found[RECALL, BOTH] is found[PRECISION, LABELS] is None
    assert found[PRECISION, TWO_SUMS] is not None


@pytest.fixture(scope="module")
def offset(bundle: Bundle, ai4i: Dataset) -> DriftQuality:
    return measure_drift(find_drift("reads"), bundle, ai4i, SMALL)


def test_under_a_sensors_offset_the_scores_alone_rise_while_the_truth_falls(
    bundle: Bundle, ai4i: Dataset, offset: DriftQuality
) -> None:
    none = measure_drift(find_drift("none"), bundle, ai4i, SMALL)
    assert offset.truth[PRECISION] < none.truth[PRECISION] - 0.3
    assert offset.estimates[PRECISION, TWO_SUMS].mean > none.estimates[PRECISION, TWO_SUMS].mean
    assert offset.estimates[PRECISION, TWO_SUMS].measure_coverage(offset.truth[PRECISION]) == 0


def test_labels_make_it_right(offset: DriftQuality) -> None:
    both = offset.estimates[PRECISION, BOTH]
    assert both.known == 1
    assert both.mean == pytest.approx(offset.truth[PRECISION], abs=0.02)
    assert both.measure_coverage(offset.truth[PRECISION]) >= 0.8
    assert both.ends[0] < both.mean < both.ends[1]


def test_the_table_says_what_was_found_and_from_what(offset: DriftQuality) -> None:
    text = render_quality([offset], SMALL, "generated rows")
    assert "### Precision" in text
    assert "### Recall" in text
    assert text.count("sensor: torque reads +10 Nm") == 2
    assert f"| {offset.truth[PRECISION]:.3f} |" in text
