"""Every check holds over everything that can be rendered, and each turns red on what it is there for."""

from pathlib import Path

import pytest

from tests.gitops.checks import CHECKS, Check, run_check
from tests.gitops.projects import list_allowed
from tests.gitops.scenes import Scene, make_scene
from tests.gitops.table import PAGE, write_page
from tests.gitops.violations import Violation, read_violations
from tests.gitops.whitelist import read_project

BY_NAME = {check.name: check for check in CHECKS}


SLOW = {"schema"}  # every object against Kubernetes' own schemas


@pytest.mark.parametrize(
    "check",
    [pytest.param(check, marks=pytest.mark.slow) if check.name in SLOW else check for check in CHECKS],
    ids=[check.name for check in CHECKS],
)
def test_what_is_rendered_keeps_the_promise(check: Check, scenes: list[Scene]) -> None:
    result = run_check(check, scenes)
    assert result.problems == []
    assert result.scanned > 0


@pytest.mark.slow
@pytest.mark.parametrize("violation", read_violations(), ids=lambda violation: f"{violation.check}: {violation.says}")
def test_a_planted_violation_turns_the_check_red(violation: Violation, tmp_path: Path) -> None:
    result = run_check(BY_NAME[violation.check], [make_scene(violation.recipe, tmp_path / "scene")])
    assert result.problems


def test_every_check_has_a_planted_violation() -> None:
    assert {violation.check for violation in read_violations()} == set(BY_NAME)


@pytest.mark.slow
def test_the_page_shows_the_checks_of_today(scenes: list[Scene]) -> None:
    assert PAGE.read_text(encoding="utf-8") == write_page(scenes), "write it anew: python -m tests.gitops"


# Argo CD shows nobody a child whose kind the project does not take, and so not why a pod does not start
MADE_IN_THE_CLUSTER = {("apps", "ReplicaSet"), ("", "Pod"), ("argoproj.io", "AnalysisRun")}


def test_projects_take_no_kind_that_nothing_renders(scenes: list[Scene]) -> None:
    rendered = {
        (found["apiVersion"].rpartition("/")[0], found["kind"])
        for scene in scenes
        for found in scene.objects
        if scene.recipe.overlay
    }
    assert len(rendered) > 10
    for overlay in ("test", "prod-eks", "prod-gke"):
        assert list_allowed(read_project(overlay)) == rendered | MADE_IN_THE_CLUSTER
