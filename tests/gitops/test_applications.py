"""The ApplicationSet is rendered by Go's template engine, which stops at what it does not know."""

import copy
from typing import Any

import pytest

from release.manifests.render import parse_objects
from release.tools import ROOT
from tests.gitops.applications import generate_applications


@pytest.fixture
def environments() -> dict[str, Any]:
    (found,) = parse_objects((ROOT / "gitops/argocd/environments.yaml").read_text(encoding="utf-8"))
    return copy.deepcopy(found)


def test_every_environment_of_the_list_becomes_one_application(environments: dict[str, Any]) -> None:
    elements = environments["spec"]["generators"][0]["list"]["elements"]
    made = {found["metadata"]["name"]: found["spec"] for found in generate_applications(environments)}
    assert set(made) == {f"lathe-{element['environment']}" for element in elements}
    for element in elements:
        spec = made[f"lathe-{element['environment']}"]
        assert spec["source"]["path"] == f"gitops/overlays/{element['environment']}"
        assert ("automated" in spec["syncPolicy"]) is element["automated"]
        assert (ROOT / spec["source"]["path"] / "kustomization.yaml").exists()


def test_an_element_without_a_key_stops_it(environments: dict[str, Any]) -> None:
    del environments["spec"]["generators"][0]["list"]["elements"][1]["project"]
    with pytest.raises(AssertionError, match='map has no entry for key "project"'):
        generate_applications(environments)


def test_a_generator_that_is_not_a_list_stops_it(environments: dict[str, Any]) -> None:
    environments["spec"]["generators"].append({"clusters": {}})
    with pytest.raises(AssertionError, match="not a list"):
        generate_applications(environments)


def test_a_set_without_go_templates_stops_it(environments: dict[str, Any]) -> None:
    environments["spec"]["goTemplate"] = False
    with pytest.raises(AssertionError, match="goTemplate is false"):
        generate_applications(environments)
