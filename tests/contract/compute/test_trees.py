"""A model whose trees lead astray is refused: XGBoost would read memory that is not its own."""

import json
from typing import Any

import pytest

from contract.bundle import MODEL_NAME, Bundle
from contract.compute.scoring import load_booster
from contract.compute.trees import read_trees
from contract.errors import BundleError


def damage(bundle: Bundle, field: str, value: int, node: int = 0) -> bytes:
    """The bundle's model with one number of its second tree changed."""
    booster = load_booster(bundle.files[MODEL_NAME], bundle.manifest.schema.features)
    model: dict[str, Any] = json.loads(bytes(booster.save_raw("json")))
    model["learner"]["gradient_booster"]["model"]["trees"][1][field][node] = value
    return json.dumps(model).encode()


@pytest.mark.parametrize("field", ["left_children", "right_children"])
@pytest.mark.parametrize("value", [0, -7, 2**20, 2**31 - 1])
def test_a_node_that_leads_astray_is_refused(bundle: Bundle, field: str, value: int) -> None:
    with pytest.raises(BundleError, match="tree 1 of the model is damaged"):
        load_booster(damage(bundle, field, value), bundle.manifest.schema.features)


@pytest.mark.parametrize("field", ["left_children", "right_children"])
def test_the_node_after_the_last_is_refused(bundle: Bundle, field: str) -> None:
    booster = load_booster(bundle.files[MODEL_NAME], bundle.manifest.schema.features)
    nodes = len(read_trees(booster)[1].left_children)
    with pytest.raises(BundleError, match="tree 1 of the model is damaged"):
        load_booster(damage(bundle, field, nodes), bundle.manifest.schema.features)


def test_two_ways_to_one_node_are_refused(bundle: Bundle) -> None:
    with pytest.raises(BundleError, match="tree 1 of the model is damaged"):
        load_booster(damage(bundle, "left_children", 2), bundle.manifest.schema.features)


@pytest.mark.parametrize("node", [0, 1, 2])
@pytest.mark.parametrize("value", [-2, 2**20, 3])
def test_a_node_with_another_parent_than_leads_to_it_is_refused(bundle: Bundle, node: int, value: int) -> None:
    with pytest.raises(BundleError, match="tree 1 of the model is damaged"):
        load_booster(damage(bundle, "parents", value, node), bundle.manifest.schema.features)


def test_what_stands_to_the_right_of_a_leaf_is_never_looked_at(bundle: Bundle) -> None:
    booster = load_booster(bundle.files[MODEL_NAME], bundle.manifest.schema.features)
    leaf = read_trees(booster)[1].left_children.index(-1)
    load_booster(damage(bundle, "right_children", -62721, leaf), bundle.manifest.schema.features)


def test_a_split_by_no_feature_is_refused(bundle: Bundle) -> None:
    features = bundle.manifest.schema.features
    with pytest.raises(BundleError, match="tree 1 of the model is damaged"):
        load_booster(damage(bundle, "split_indices", len(features)), features)
