"""The namespaces that Argo CD makes apart are those that the overlays hold."""

from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from release.manifests.render import render_folder, render_overlay
from tests.repo.sources import ROOT

ARGOCD = ROOT / "gitops" / "argocd"


def read_namespaces(text: str) -> dict[str, dict[str, str]]:
    """The labels of each."""
    found = [one for one in YAML(typ="safe", pure=True).load_all(text) if one and one["kind"] == "Namespace"]
    return {one["metadata"]["name"]: one["metadata"]["labels"] for one in found}


def read_yaml(path: Path) -> Any:
    return YAML(typ="safe", pure=True).load(path.read_text(encoding="utf-8"))


def test_every_environment_that_is_healed_has_its_namespace_apart_with_the_same_labels() -> None:
    elements = read_yaml(ARGOCD / "environments.yaml")["spec"]["generators"][0]["list"]["elements"]
    healed = [one["environment"] for one in elements if one["automated"]]
    assert healed
    apart = read_namespaces(render_folder(ARGOCD / "namespaces"))
    assert apart == {
        name: labels for one in healed for name, labels in read_namespaces(render_overlay(one).text).items()
    }
    assert all(labels["pod-security.kubernetes.io/enforce"] == "restricted" for labels in apart.values())


def test_the_environment_itself_leaves_its_namespace_out_where_it_is_healed() -> None:
    template = read_yaml(ARGOCD / "environments.yaml")["spec"]["templatePatch"]
    condition, patch = template.split("spec:", 1)
    assert ".automated" in condition
    assert "target: {kind: Namespace}" in patch
    assert "$patch: delete" in patch
