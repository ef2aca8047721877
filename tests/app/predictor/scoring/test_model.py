"""Loading: what is refused and why; scoring: every path gives XGBoost's own scores, for every dataset."""

import pickle
import random
import re
import shutil
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import onnx
import pytest

from app.predictor.scoring import model as model_module
from app.predictor.scoring.model import ScoringError, ServedModel, check_paths, compare_on_golden, load_model
from contract.bundle import (
    INFERENCE_NAME,
    MANIFEST_NAME,
    MODEL_NAME,
    Bundle,
    digest_files,
    seal_manifest,
)
from contract.compute.engine import FEW_ROWS
from contract.compute.parity import EngineParity
from contract.compute.scoring import PARITY_TOLERANCE, ReferenceModel, calibrate_margins
from contract.errors import BundleError, ContractError
from contract.schema import Calibration

FLIPS = 60  # in this file's three files each; the contract's own tests flip many more


def rewrite(bundle: Bundle, folder: Path, files: dict[str, bytes] | None = None, **changes: Any) -> Path:
    """A bundle like this one with other parts, every digest in order."""
    contents = bundle.files if files is None else files
    manifest = msgspec.structs.replace(bundle.manifest, files=digest_files(contents), **changes)
    folder.mkdir(exist_ok=True)
    for name, content in {**contents, MANIFEST_NAME: seal_manifest(manifest)}.items():
        (folder / name).write_bytes(content)
    return folder


def rows_of(bundle: Bundle) -> list[dict[str, Any]]:
    return [dict(entry.row) for entry in bundle.manifest.golden]


def test_every_flipped_bit_is_refused(bundle_folder: Path, tmp_path: Path) -> None:
    chance = random.Random(11)
    for name in (MANIFEST_NAME, MODEL_NAME, INFERENCE_NAME):
        content = (bundle_folder / name).read_bytes()
        folder = shutil.copytree(bundle_folder, tmp_path / name)
        for _ in range(FLIPS):
            broken = bytearray(content)
            broken[chance.randrange(len(content))] ^= 1 << chance.randrange(8)
            (folder / name).write_bytes(broken)
            with pytest.raises(BundleError, match=name):
                load_model(folder, 1)


def test_a_missing_an_extra_and_a_swapped_file_are_refused(bundle: Bundle, bundle_folder: Path, tmp_path: Path) -> None:
    missing = shutil.copytree(bundle_folder, tmp_path / "missing")
    (missing / MODEL_NAME).unlink()
    extra = shutil.copytree(bundle_folder, tmp_path / "extra")
    (extra / "model.pkl").write_bytes(b"")
    swapped = shutil.copytree(bundle_folder, tmp_path / "swapped")
    (swapped / MODEL_NAME).write_bytes(bundle.files[INFERENCE_NAME])
    for folder, told in ((missing, MODEL_NAME), (extra, "model.pkl"), (swapped, MODEL_NAME), (tmp_path / "no", "no")):
        with pytest.raises(BundleError, match=told):
            load_model(folder, 1)


def test_a_pickle_named_as_the_model_is_refused(bundle: Bundle, tmp_path: Path) -> None:
    for name in (MODEL_NAME, INFERENCE_NAME):
        folder = rewrite(bundle, tmp_path / name, {**bundle.files, name: pickle.dumps({"a": 1})})
        with pytest.raises(BundleError, match=name):
            load_model(folder, 1)


def test_other_features_than_the_schemas_are_refused(bundle: Bundle, tmp_path: Path) -> None:
    schema = bundle.manifest.schema
    for index, features in enumerate((tuple(reversed(schema.features)), schema.features[:-1], (*schema.features, "x"))):
        changed = msgspec.structs.replace(schema, features=features)
        with pytest.raises(ContractError, match="feature"):
            load_model(rewrite(bundle, tmp_path / str(index), schema=changed), 1)


def test_another_schema_version_is_refused(bundle: Bundle, tmp_path: Path) -> None:
    with pytest.raises(BundleError, match="schema version 4, expected 1, 2 or 3"):
        load_model(rewrite(bundle, tmp_path, schema_version=4), 1)


def test_reference_bins_that_do_not_fit_are_refused(bundle: Bundle, tmp_path: Path) -> None:
    reference = dict(bundle.manifest.reference)
    without = {name: bins for name, bins in reference.items() if name != "score"}
    score = reference["score"]
    short = reference | {"score": msgspec.structs.replace(score, edges=score.edges[:-1])}
    for index, changed in enumerate((without, short)):
        with pytest.raises(BundleError, match="score"):
            load_model(rewrite(bundle, tmp_path / str(index), reference=changed), 1)


@pytest.mark.parametrize("few_rows", [0, 64], ids=["only the single path", "the paths of a few rows"])
def test_scores_unlike_trainings_are_refused(
    bundle: Bundle, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, few_rows: int
) -> None:
    monkeypatch.setattr(model_module, "FEW_ROWS", few_rows or 64)
    golden = tuple(msgspec.structs.replace(entry, score=entry.score + 2e-6) for entry in bundle.manifest.golden)
    with pytest.raises(BundleError, match="golden row 0"):
        load_model(rewrite(bundle, tmp_path, golden=golden), 1)


def test_an_artifact_of_another_model_is_refused(bundle: Bundle, other_bundle: Bundle, tmp_path: Path) -> None:
    files = {**bundle.files, INFERENCE_NAME: other_bundle.files[INFERENCE_NAME]}
    with pytest.raises(BundleError, match=INFERENCE_NAME):
        load_model(rewrite(bundle, tmp_path, files), 1)


def test_the_engines_are_compared_at_the_start_on_as_many_rows_as_asked(bundle: Bundle, bundle_folder: Path) -> None:
    model = load_model(bundle_folder, 1, parity_rows=25_000)
    assert model.engine.name == "onnxruntime"
    assert compare_on_golden(bundle, model, 25_000) == EngineParity(rows=25_000, unequal=0, worst=0.0)


def test_where_one_bit_differs_xgboost_answers_alone(
    bundle: Bundle, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    graph = onnx.load_from_string(bundle.files[INFERENCE_NAME])
    (weights,) = (found for found in graph.graph.node[0].attribute if found.name == "target_weights")
    weights.floats[0] = np.nextafter(np.float32(weights.floats[0]), np.float32(9))
    folder = rewrite(bundle, tmp_path, {**bundle.files, INFERENCE_NAME: graph.SerializeToString()})
    assert load_model(folder, 1).engine.name == "onnxruntime"  # the golden rows are within their tolerance
    model = load_model(folder, 1, parity_rows=1000)
    assert model.engine.name == "xgboost"
    check_paths(bundle, model)
    (record,) = caplog.records
    assert record.message == "the engines differ, XGBoost answers alone"
    assert re.fullmatch(r"[0-9]+ of 1,000 rows differ, by up to [0-9.e-]+", record.fields["found"])  # type: ignore[attr-defined]


@pytest.mark.parametrize("has_onnx", [True, False])
def test_other_datasets_score_alike_on_every_path(other_bundle: Bundle, tmp_path: Path, has_onnx: bool) -> None:
    files = {name: content for name, content in other_bundle.files.items() if has_onnx or name != INFERENCE_NAME}
    model = load_model(rewrite(other_bundle, tmp_path, files), 2)
    assert model.engine.name == ("onnxruntime" if has_onnx else "xgboost")
    rows = rows_of(other_bundle)
    rows += [row | {"payment_method": "Barter: eggs"} for row in rows[:3]]
    rows += [
        {column.name: None if column.nullable else row[column.name] for column in model.manifest.schema.columns}
        for row in rows[:3]
    ]
    table = {name: [row[name] for row in rows] for name in model.names}
    expected = ReferenceModel.from_bundle(other_bundle).score_table(table)
    tolerance = PARITY_TOLERANCE * max(1.0, float(np.abs(expected).max()))
    single = [model.score_row([row[name] for name in model.names]) for row in rows]
    few = model.score_columns(table).scores
    many = model.score_columns({name: values * 5 for name, values in table.items()}).scores[: len(rows)]
    for scores in (single, few, many):
        np.testing.assert_allclose(scores, expected, atol=tolerance, rtol=0)
    assert model.unknown["payment_method"] == 3


@pytest.mark.parametrize("has_onnx", [True, False])
def test_a_row_in_company_has_the_margin_it_has_alone(bundle: Bundle, other_bundle: Bundle, has_onnx: bool) -> None:
    for one in (bundle, other_bundle):
        model = ServedModel(one, 1)
        if not has_onnx:
            model.engine.leave_onnx()
        ready = [model.ready_row([row[name] for name in model.names]) for row in rows_of(one)]
        vectors = [row.vector for row in ready if row is not None] * FEW_ROWS
        alone = [margin for vector in vectors[:FEW_ROWS] for margin in model.engine.compute_margins([vector])]
        assert len(set(alone)) > 3
        for rows in range(1, FEW_ROWS + 1):
            assert model.engine.compute_margins(vectors[:rows]) == alone[:rows]


def test_a_margin_has_the_same_score_alone_and_beside_others_to_the_last_bit(bundle: Bundle) -> None:
    margins = np.random.default_rng(0).normal(0, 8, 20_000).astype(np.float32)
    margins = np.append(margins, np.array([-2000, -900, -700, 0, 700, 2000], dtype=np.float32))
    for slope, intercept in ((1.0, 0.0), (1.0371, -0.218), (-0.4, 3.0)):
        calibration = Calibration(slope, intercept)
        manifest = msgspec.structs.replace(bundle.manifest, calibration=calibration)
        model = ServedModel(msgspec.structs.replace(bundle, manifest=manifest), 1)
        row = model.ready_row([bundle.manifest.golden[0].row[name] for name in model.names])
        assert row is not None
        alone = [model.score_margin(row, margin, count=False) for margin in margins.tolist()]
        for size in (1, 7, len(margins)):
            together = calibrate_margins(margins[:size], calibration, "binary")
            assert together.tolist() == alone[:size]


def test_a_score_that_is_not_finite_is_no_answer(bundle: Bundle, monkeypatch: pytest.MonkeyPatch) -> None:
    model = ServedModel(bundle, 1)
    row = [rows_of(bundle)[0][name] for name in model.names]
    monkeypatch.setattr(model.engine, "compute_margins", lambda vectors: [float("nan")] * len(vectors))
    monkeypatch.setattr(model.engine, "compute_few", lambda matrix: np.full(len(matrix), np.nan, dtype=np.float32))
    with pytest.raises(ScoringError):
        model.score_row(row)
    with pytest.raises(ScoringError):
        model.score_columns({name: [value] for name, value in zip(model.names, row, strict=True)})
    with pytest.raises(BundleError, match="not finite"):
        check_paths(bundle, model)


def test_a_bundle_whose_bounds_refuse_its_golden_rows_is_refused(bundle: Bundle, tmp_path: Path) -> None:
    schema = bundle.manifest.schema
    columns = tuple(
        msgspec.structs.replace(column, maximum=1.0, example=0) if column.name == "tool_wear_min" else column
        for column in schema.columns
    )
    folder = rewrite(bundle, tmp_path, schema=msgspec.structs.replace(schema, columns=columns))
    with pytest.raises(BundleError, match=r"golden row [0-9]+: column 'tool_wear_min' is [0-9]+, expected 0 to 1"):
        load_model(folder, 1)
