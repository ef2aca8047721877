"""Rows that reach every leaf: a leaf or a split that was changed in one of two artifacts is found."""

from pathlib import Path

import msgspec
import numpy as np
import onnx
import pytest
import xgboost

from app.predictor.scoring.model import load_model
from contract.bundle import INFERENCE_NAME, MANIFEST_NAME, MODEL_NAME, Bundle, digest_files, seal_manifest
from contract.compute.leaf_rows import make_leaf_rows
from contract.compute.scoring import load_booster
from contract.errors import BundleError


def reseal(folder: Path, bundle: Bundle, **changed: bytes) -> Path:
    """The bundle with other files, digests computed anew."""
    files = {**bundle.files, **{name.replace("_", "."): content for name, content in changed.items()}}
    folder.mkdir()
    for name, content in files.items():
        (folder / name).write_bytes(content)
    (folder / MANIFEST_NAME).write_bytes(
        seal_manifest(msgspec.structs.replace(bundle.manifest, files=digest_files(files)))
    )
    return folder


def load_trees(bundle: Bundle) -> xgboost.Booster:
    return load_booster(bundle.files[MODEL_NAME], bundle.manifest.schema.features)


def test_every_leaf_is_reached(bundle: Bundle) -> None:
    booster = load_trees(bundle)
    names = list(bundle.manifest.schema.features)
    rows = make_leaf_rows(booster, np.zeros(len(names), dtype=np.float32))
    reached = booster.predict(xgboost.DMatrix(rows, feature_names=names), pred_leaf=True)
    trees = booster.trees_to_dataframe()
    leaves = trees[trees["Feature"] == "Leaf"].groupby("Tree")["Node"].agg(set)
    assert {tree: set(reached[:, tree].astype(int)) for tree in leaves.index} == leaves.to_dict()


def test_a_sound_bundle_is_served(bundle: Bundle, bundle_folder: Path) -> None:
    assert INFERENCE_NAME in bundle.files
    assert load_model(bundle_folder, 1).engine.name == "onnxruntime"


@pytest.mark.parametrize("number", range(0, 40, 4))
def test_a_changed_leaf_is_refused_though_the_bundle_was_sealed_again(
    bundle: Bundle, tmp_path: Path, number: int
) -> None:
    graph = onnx.load_from_string(bundle.files[INFERENCE_NAME])
    (weights,) = (one.floats for one in graph.graph.node[0].attribute if one.name == "target_weights")
    place = (number * len(weights)) // 40
    weights[place] += 0.01
    folder = reseal(tmp_path / "bundle", bundle, model_onnx=graph.SerializeToString(deterministic=True))
    with pytest.raises(BundleError, match=r"scores|differ at [\d,]+ of [\d,]+ leaves.*package the model again"):
        load_model(folder, 1)


@pytest.mark.slow
def test_a_moved_split_is_refused_though_the_bundle_was_sealed_again(bundle: Bundle, tmp_path: Path) -> None:
    graph = onnx.load_from_string(bundle.files[INFERENCE_NAME])
    attributes = {one.name: one for one in graph.graph.node[0].attribute}
    splits = [place for place, mode in enumerate(attributes["nodes_modes"].strings) if mode == b"BRANCH_LT"]
    for count, place in enumerate(splits[-6:]):
        values = attributes["nodes_values"].floats
        before = values[place]
        values[place] = before + 0.5
        folder = reseal(tmp_path / f"{count}", bundle, model_onnx=graph.SerializeToString(deterministic=True))
        values[place] = before
        with pytest.raises(BundleError, match=r"leaves|scores"):
            load_model(folder, 1)
