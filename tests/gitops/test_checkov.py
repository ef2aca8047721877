"""checkov finds nothing in what is rendered, and finds what is planted."""

from pathlib import Path

import pytest

from tests.gitops.checkov import scan_scenes
from tests.gitops.findings import list_pods
from tests.gitops.scenes import Recipe, Scene, make_scene

ROOT_USER = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: predictor}
spec:
  template:
    spec:
      containers: [{name: predictor, securityContext: {privileged: true, runAsUser: 0}}]
"""


def count_pods(scenes: list[Scene]) -> int:
    return sum(len(list(list_pods(scene))) for scene in scenes)


@pytest.mark.slow
def test_checkov_fails_nothing_in_any_rendering(scenes: list[Scene], tmp_path: Path) -> None:
    with_pods = [scene for scene in scenes if list(list_pods(scene))]
    unreleased = [scene for scene in with_pods if not scene.is_released]
    scan = scan_scenes(scenes, tmp_path)
    assert scan.failed == []
    assert scan.passed > 50 * len(with_pods)
    assert {scene.name for scene in with_pods} <= scan.scenes
    assert len(scan.waiting) == count_pods(unreleased)
    assert len(scan.skipped) == count_pods(with_pods)
    assert all(len(reason.split()) > 5 for reason in scan.reasons)


@pytest.mark.slow
def test_checkov_finds_a_planted_root_and_a_released_tag_without_a_digest(tmp_path: Path) -> None:
    bad = make_scene(Recipe("test", patches=(ROOT_USER,)), tmp_path / "scene")
    released = Scene(bad.recipe, bad.text, bad.objects, is_released=True)
    (tmp_path / "scan").mkdir()
    failed = " ".join(scan_scenes([released], tmp_path / "scan").failed)
    assert "CKV_K8S_16 " in failed  # privileged
    assert "CKV_K8S_43 " in failed  # no digest
