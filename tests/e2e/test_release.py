"""The chapter of a release, as far as it can be told without a cluster."""

import io
import subprocess
from pathlib import Path

import pytest
from rich.console import Console

from tests.e2e.argo import ArgoCd
from tests.e2e.chapters.release import choose_versions
from tests.e2e.desk import Desk
from tests.e2e.kubectl import Kubectl
from tests.e2e.options import read_options
from tests.e2e.scenario import Scenario
from tests.e2e.travel import Travel, expect_two_lines
from tests.harness.errors import ScenarioError
from tests.harness.github_process import GitHubProcess
from tests.harness.steps import StepPrinter

OVERLAY = "gitops/overlays/test/kustomization.yaml"
BEFORE = "images:\n  - name: predictor\n    newTag: v1.0.0\n    digest: sha256:aa\nlabels: []\n"
AFTER = BEFORE.replace("v1.0.0", "v1.1.0").replace("aa", "bb")


@pytest.fixture
def travel(tmp_path: Path) -> Travel:
    """An overlay, and no GitHub."""
    bare, work = tmp_path / "bare.git", tmp_path / "work"
    subprocess.run(["git", "init", "--quiet", "--bare", "--initial-branch=main", bare], check=True)
    options = read_options(["--push-url", str(bare), "--work", str(work)])
    work.mkdir()
    desk = Desk(options, str(bare), {})
    kubectl = Kubectl(["kubectl"])
    steps = StepPrinter(Console(file=io.StringIO(), width=140))
    scenario = Scenario(options, kubectl, ArgoCd(kubectl, ["argocd"]), steps)
    travel = Travel(scenario, desk, GitHubProcess.__new__(GitHubProcess))
    commit(travel, {OVERLAY: BEFORE})
    return travel


def commit(travel: Travel, files: dict[str, str]) -> str:
    for name, text in files.items():
        path = travel.desk.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    travel.desk.git("add", "--all")
    travel.desk.git("commit", "--quiet", "--message=one")
    return travel.desk.git("rev-parse", "HEAD")


def test_tag_and_digest_in_one_commit_is_what_a_release_moves(travel: Travel) -> None:
    before = travel.desk.git("rev-parse", "HEAD")
    expect_two_lines(travel, before, commit(travel, {OVERLAY: AFTER}), "test")
    assert travel.scenario.steps.results[-1].result == "1 commit, 1 file, newTag and digest: one"


@pytest.mark.parametrize(
    "files",
    [
        {OVERLAY: AFTER.replace("labels: []", "labels: {}")},
        {OVERLAY: BEFORE.replace("v1.0.0", "v1.1.0")},
        {OVERLAY: AFTER, "README.md": "more"},
        {OVERLAY.replace("test", "prod-eks"): AFTER},
    ],
)
def test_anything_else_that_moves_ends_the_scenario(travel: Travel, files: dict[str, str]) -> None:
    before = travel.desk.git("rev-parse", "HEAD")
    with pytest.raises(ScenarioError, match="what moved in Git"):
        expect_two_lines(travel, before, commit(travel, files), "test")


def test_a_second_commit_ends_the_scenario(travel: Travel) -> None:
    before = travel.desk.git("rev-parse", "HEAD")
    commit(travel, {OVERLAY: AFTER.replace("bb", "cc")})
    with pytest.raises(ScenarioError, match="2 commit"):
        expect_two_lines(travel, before, commit(travel, {OVERLAY: AFTER}), "test")


def test_a_verb_that_was_to_be_refused_and_is_not_ends_the_scenario(travel: Travel) -> None:
    program = travel.desk.folder / "release" / "__main__.py"
    program.parent.mkdir()
    program.write_text("import sys; print('taken back'); sys.exit('again' in sys.argv)", encoding="utf-8")
    travel.verb("again", "bump", "again", code=1, part="taken back")
    with pytest.raises(ScenarioError, match="not again: taken back"):
        travel.verb("not again", "bump", code=1, part="taken back")
    with pytest.raises(ScenarioError, match="for another reason"):
        travel.verb("for another reason", "bump", "again", code=1, part="higher")


def test_versions_are_of_a_major_that_no_earlier_run_has_used() -> None:
    assert choose_versions([]) == ("v1.0.0", "v1.1.0")
    assert choose_versions(["v1.0.0", "v1.1.0", "nightly", "v0.9.0"]) == ("v2.0.0", "v2.1.0")
