"""The last step: what stands in the bundle, and that it is the same wherever it is made."""

from pathlib import Path

import msgspec
import numpy as np
import onnx
import pytest

from contract.bundle import INFERENCE_NAME, MANIFEST_NAME, MODEL_NAME, Bundle, read_bundle
from contract.compute.engine import Engine
from contract.compute.parity import compare_engines
from contract.compute.scoring import ReferenceModel, check_golden_rows
from contract.dataset import Dataset
from tests.conftest import make_bundle
from training.data.table import Table
from training.lineage.provenance import describe_inputs, name_version
from training.model.train import TrainedModel, train_model
from training.packaging import package
from training.packaging.onnx_export import ConversionError, convert_booster
from training.packaging.package import GOLDEN_ROWS, PARITY_ROWS, package_model, raw_row
from training.params import Params


@pytest.fixture(scope="module")
def model(table: Table, small_params: Params) -> TrainedModel:
    return train_model(table, small_params)


def test_the_same_model_is_the_same_bytes_in_another_folder(
    bundle_folder: Path, model: TrainedModel, table: Table, small_params: Params, bundle: Bundle, tmp_path: Path
) -> None:
    again = package_model(tmp_path / "elsewhere", model, table, small_params, bundle.manifest.metrics)
    assert again.digest == bundle.digest
    for name in (MANIFEST_NAME, MODEL_NAME, INFERENCE_NAME):
        assert (tmp_path / "elsewhere" / name).read_bytes() == (bundle_folder / name).read_bytes()


def test_what_is_packaged_scores_as_what_was_trained(bundle: Bundle, model: TrainedModel, table: Table) -> None:
    reference = ReferenceModel.from_bundle(bundle)
    assert reference.score_table(table.inputs).tolist() == model.reference.score_matrix(table.matrix).tolist()
    assert bundle.manifest.threshold == model.threshold


def test_the_manifest_says_what_the_model_was_made_from(bundle: Bundle, table: Table, small_params: Params) -> None:
    manifest = bundle.manifest
    assert manifest.inputs == describe_inputs(table, small_params)
    assert manifest.version == name_version(manifest.inputs)
    assert manifest.data == table.describe()
    assert manifest.name == "ai4i"
    assert str(Path.cwd()) not in msgspec.json.encode(manifest).decode()


def test_golden_rows_span_the_scores_and_crowd_at_the_threshold(bundle: Bundle, table: Table) -> None:
    golden = bundle.manifest.golden
    scores = ReferenceModel.from_bundle(bundle).score_table(table.inputs)
    assert GOLDEN_ROWS // 2 <= len(golden) <= GOLDEN_ROWS
    found = np.array([entry.score for entry in golden])
    assert (found.min(), found.max()) == (scores.min(), scores.max())
    assert bundle.manifest.threshold is not None
    distance = np.abs(scores - bundle.manifest.threshold)
    assert np.sort(distance)[: GOLDEN_ROWS // 2] == pytest.approx(
        np.sort(np.abs(found - bundle.manifest.threshold))[: GOLDEN_ROWS // 2]
    )
    assert all(entry.row.keys() == {column.name for column in table.dataset.columns} for entry in golden)


def test_drift_uses_are_the_dataset_files(bundle: Bundle, ai4i: Dataset) -> None:
    uses = {column.name: column.drift for column in ai4i.columns}
    uses |= {feature.name: feature.drift for feature in ai4i.derived}
    assert {name: bundle.manifest.reference[name].drift for name in uses} == uses


def test_other_datasets_are_packaged_and_scored_without_a_change_to_the_code(
    other_bundle: Bundle, other_table: Table
) -> None:
    reference = ReferenceModel.from_bundle(other_bundle)
    check_golden_rows(other_bundle, reference.score_table)
    assert other_bundle.manifest.schema == other_table.dataset.schema
    rows = [raw_row(other_table, index) for index in range(len(other_table))]
    one_by_one = [reference.score_table({name: [value] for name, value in row.items()})[0] for row in rows[:50]]
    assert one_by_one == reference.score_table(other_table.inputs)[:50].tolist()


def test_a_missing_value_is_none_in_a_golden_row(other_table: Table) -> None:
    missing = np.flatnonzero(other_table.frame["TotalCharges"].isna())
    if "total_charges" in other_table.inputs:
        assert raw_row(other_table, int(missing[0]))["total_charges"] is None


def test_a_missing_category_is_none_too(other_table: Table, small_params: Params, tmp_path: Path) -> None:
    first, *others = other_table.dataset.columns
    columns = (msgspec.structs.replace(first, nullable=True), *others)
    frame = other_table.frame.copy()
    frame.loc[frame.index % 2 == 0, first.source] = None
    dataset = msgspec.structs.replace(other_table.dataset, columns=columns)
    packaged = make_bundle(tmp_path / "bundle", Table(dataset, frame, other_table.origin, "0" * 64), small_params)
    assert None in [entry.row[first.name] for entry in packaged.manifest.golden]


def test_an_artifact_that_scores_otherwise_is_left_out(
    model: TrainedModel, table: Table, small_params: Params, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = train_model(table, msgspec.structs.replace(small_params, seed=99))
    wrong = convert_booster(other.booster)
    monkeypatch.setattr(package, "convert_booster", lambda booster: wrong)
    packaged = package_model(tmp_path / "bundle", model, table, small_params, {})
    assert list(packaged.files) == [MODEL_NAME]
    assert sorted(path.name for path in (tmp_path / "bundle").iterdir()) == [MANIFEST_NAME, MODEL_NAME]


@pytest.mark.slow
def test_the_artifact_is_exact_on_all_the_rows_that_training_and_the_gate_compare(
    model: TrainedModel, table: Table, small_params: Params, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert PARITY_ROWS == 100_000
    monkeypatch.setattr(package, "PARITY_ROWS", PARITY_ROWS)
    assert len(package.draw_parity_rows(table.matrix, 1)) == PARITY_ROWS
    assert INFERENCE_NAME in package_model(tmp_path / "bundle", model, table, small_params, {}).files


def test_an_artifact_that_begins_one_bit_off_is_left_out(
    model: TrainedModel, table: Table, small_params: Params, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    graph = onnx.load_from_string(convert_booster(model.booster))
    (weights,) = (found for found in graph.graph.node[0].attribute if found.name == "target_weights")
    weights.floats[0] = np.nextafter(np.float32(weights.floats[0]), np.float32(9))
    monkeypatch.setattr(package, "convert_booster", lambda booster: graph.SerializeToString())
    packaged = package_model(tmp_path / "bundle", model, table, small_params, {})
    assert list(packaged.files) == list(packaged.manifest.files) == [MODEL_NAME]


def test_a_model_that_cannot_be_converted_is_packaged_without_an_artifact(
    model: TrainedModel, table: Table, small_params: Params, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(booster: object) -> bytes:
        raise ConversionError("no plain trees")

    monkeypatch.setattr(package, "convert_booster", refuse)
    packaged = package_model(tmp_path / "bundle", model, table, small_params, {})
    assert list(packaged.files) == [MODEL_NAME]


def test_what_is_packaged_is_exact_in_the_engine_that_serves(bundle: Bundle, other_bundle: Bundle) -> None:
    for packaged in (bundle, other_bundle):
        engine = Engine(packaged, 2)
        assert engine.name == "onnxruntime"
        rows = np.random.default_rng(5).normal(0, 100, (3000, len(packaged.manifest.schema.features)))
        assert compare_engines(engine, rows.astype(np.float32)).is_exact


def test_a_new_bundle_takes_the_place_of_the_old_one(
    model: TrainedModel, table: Table, small_params: Params, tmp_path: Path
) -> None:
    first = package_model(tmp_path / "bundle", model, table, small_params, {})
    other = msgspec.structs.replace(small_params, seed=small_params.seed + 1)
    second = package_model(tmp_path / "bundle", model, table, other, {})
    assert first.digest != second.digest == read_bundle(tmp_path / "bundle").digest
    assert [path.name for path in tmp_path.iterdir()] == ["bundle"]


def test_numbers_in_a_row_are_plain(table: Table) -> None:
    row = raw_row(table, 0)
    assert row == {column.name: row[column.name] for column in table.dataset.columns}
    assert {type(value) for value in row.values()} <= {str, int, float}
    assert isinstance(row["rotational_speed_rpm"], int)
