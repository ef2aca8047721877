"""What is counted by slice and out of range, whatever the route, is what the rows of the requests hold."""

from collections import defaultdict
from collections.abc import Mapping
from typing import Any

import httpx
import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.predictor.scoring.traffic import TrafficCounts
from contract.bundle import Bundle
from contract.compute.bins import count_bins, name_bins
from contract.compute.plan import FeaturePlan
from contract.schema import Manifest
from tests.app.predictor.running import read_samples
from tests.app.predictor.uploads import list_rows
from tests.app.predictor.ways import WAYS, ScoredRow
from training.data.table import Table

COUNTED = (
    "lathe_slice_rows_total",
    "lathe_slice_score_sum_total",
    "lathe_slice_feature_rows_total",
    "lathe_out_of_range_rows_total",
    "lathe_feature_rows_total",
)

LABELS = ("slice", "feature", "bin", "decision")

Counts = Mapping[tuple[str, ...], float]
DECISIONS = {True: "true", False: "false"}


def read_counts(metrics: str) -> Counts:
    """By metric and its own labels."""
    return {
        (sample.name, *(sample.labels[label] for label in LABELS if label in sample.labels)): sample.value
        for sample in read_samples(metrics)
        if sample.name in COUNTED
    }


def count_rows(manifest: Manifest, rows: list[dict[str, Any]], answered: list[ScoredRow]) -> Counts:
    """What the metrics must have grown by."""
    plan = FeaturePlan(manifest.schema)
    table = {column.name: [row[column.name] for row in rows] for column in manifest.schema.columns}
    values = plan.derive_table(plan.encode_table(table))
    found: dict[tuple[str, ...], float] = defaultdict(float)
    for row, (score, decision) in zip(rows, answered, strict=True):
        assert decision is not None
        found["lathe_slice_rows_total", f"type={row['type']}", DECISIONS[decision]] += 1
        found["lathe_slice_score_sum_total", f"type={row['type']}", DECISIONS[decision]] += score
    for name, bins in manifest.reference.items():
        if name == "score":
            continue
        for value in (None, "L", "M", "H"):
            own = values[name][[value in (None, row["type"]) for row in rows]]
            of_slice = ("lathe_slice_feature_rows_total", f"type={value}")
            labels = ("lathe_feature_rows_total",) if value is None else of_slice
            for label, count in zip(name_bins(bins), count_bins(bins, own).tolist(), strict=True):
                found[*labels, name, label] += count
        if bins.minimum is not None and bins.maximum is not None:
            outside = (values[name] < bins.minimum) | (values[name] > bins.maximum)
            found["lathe_out_of_range_rows_total", name] += int(outside.sum())
    return found


@pytest.mark.slow
@pytest.mark.parametrize("way", WAYS)
def test_a_real_server_counts_by_slice_and_out_of_range(
    client: httpx.Client, bundle: Bundle, table: Table, way: str
) -> None:
    rows = list_rows(table)[:120]
    highest = bundle.manifest.reference["torque_nm"].maximum
    assert highest is not None
    for row, torque in zip(rows[:6], [0.0, highest, highest + 0.1, 190.0, 0.1, 100.0], strict=True):
        row["torque_nm"] = torque
    before = read_counts(client.get("/metrics").text)
    answered: list[ScoredRow] = []
    for question in WAYS[way](bundle.manifest, rows):
        content_type = {"content-type": question.content_type}
        answered += question.read(client.post(question.path, content=question.body, headers=content_type))
    after = read_counts(client.get("/metrics").text)
    expected = count_rows(bundle.manifest, rows[: len(answered)], answered)
    grown = {labels: after[labels] - before[labels] for labels in after if after[labels] != before[labels]}
    assert grown == pytest.approx({labels: value for labels, value in expected.items() if value}, rel=1e-9, abs=1e-9)
    assert grown["lathe_out_of_range_rows_total", "torque_nm"] >= 3


def test_slices_have_their_reference_and_start_at_zero(client: httpx.Client, bundle: Bundle) -> None:
    samples = read_samples(client.get("/metrics").text)
    (column,) = bundle.manifest.slices
    for one in column.slices:
        own = [sample for sample in samples if sample.labels.get("slice") == f"type={one.value}"]
        assert [s.value for s in own if s.name == "lathe_slice_reference_rows"] == [one.rows]
        assert len([s for s in own if s.name == "lathe_slice_rows_total"]) == 3
        shares = {
            (s.labels["feature"], s.labels["bin"]): s.value
            for s in own
            if s.name == "lathe_slice_feature_reference_ratio"
        }
        expected = {
            (name, label): ratio
            for name, ratios in one.ratios.items()
            for label, ratio in zip(name_bins(bundle.manifest.reference[name]), ratios, strict=True)
        }
        assert shares == expected


def test_a_row_whose_category_is_unknown_is_in_no_slice(lenient: httpx.Client, row: dict[str, Any]) -> None:
    before = read_counts(lenient.get("/metrics").text)
    assert lenient.post("/v1/predict", json={"rows": [row | {"type": "X"}] * 2}).status_code == httpx.codes.OK
    after = read_counts(lenient.get("/metrics").text)
    grown = {labels[0] for labels in after if after[labels] != before[labels]}
    assert "lathe_feature_rows_total" in grown
    assert not {name for name in grown if "slice" in name}


ROWS = st.lists(
    st.tuples(st.sampled_from([0.0, 1.0, 2.0]), st.floats(-1e3, 1e5), st.floats(0, 1)), min_size=1, max_size=40
)


@given(ROWS)
def test_one_by_one_and_as_a_table_every_cell_is_the_same(
    bundle: Bundle, rows: list[tuple[float, float, float]]
) -> None:
    manifest = bundle.manifest
    single, table = TrafficCounts(manifest), TrafficCounts(manifest)
    names = [name for name in manifest.reference if name != "score"]
    threshold = manifest.threshold or 0.0
    for kind, value, score in rows:
        single.count_row(dict.fromkeys(names, value) | {"type": kind}, score, score >= threshold)
    columns = dict.fromkeys(names, np.array([value for _, value, _ in rows]))
    columns["type"] = np.array([kind for kind, _, _ in rows])
    table.add_counts(table.count_table(columns, np.array([score for _, _, score in rows])))
    assert single.cells.keys() == table.cells.keys()
    for place, cell in single.cells.items():
        assert cell.counts == table.cells[place].counts
    assert single.count_outside() == table.count_outside()
    of_slices = [sum(sums.rows for sums in cell.decided.values()) for _, cell in single.sum_slices()]
    assert sum(of_slices) == len(rows)


def test_a_bundle_of_an_earlier_version_has_no_slices_no_ranges_and_one_number_of_reference_rows(
    bundle: Bundle,
) -> None:
    reference = {
        name: msgspec.structs.replace(bins, minimum=None, maximum=None)
        for name, bins in bundle.manifest.reference.items()
    }
    old = msgspec.structs.replace(bundle.manifest, schema_version=2, slices=(), score_rows=None, reference=reference)
    traffic = TrafficCounts(old)
    traffic.count_row(dict.fromkeys(old.reference, 1e9) | {"type": 1.0}, 0.5, True)
    assert traffic.count_outside() == {}
    assert list(traffic.sum_slices()) == []
    assert [counts[-2] for name, counts in traffic.counts.items() if name not in ("type", "score")] == [1] * 9
