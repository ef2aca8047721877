"""The clone in which verbs are typed: a real repository, real verbs, a merge as GitHub's button does it."""

import shutil
import subprocess
from pathlib import Path

import pytest

from release.tools import TOOLS
from tests.e2e.desk import PASSWORD, Desk
from tests.e2e.options import read_options
from tests.harness.errors import ScenarioError
from tests.harness.verbs import VerbResult
from tests.needs import need_program
from tests.release.unreleased import copy_overlays
from tests.repo.sources import ROOT

AUTHOR = ("-c", "user.name=test", "-c", "user.email=test@example.org", "-c", "commit.gpgsign=false")
OVERLAY = "gitops/overlays/test/kustomization.yaml"


@pytest.fixture
def bare(tmp_path: Path) -> Path:
    """What the verbs that only look need."""
    work, folder = tmp_path / "work", tmp_path / "bare.git"
    copy_overlays(work)
    for name in ("cli", "contract", "release", "review"):
        shutil.copytree(ROOT / name, work / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / ".gitignore", work)
    for command in (
        ["git", "init", "--quiet", "--initial-branch=main"],
        ["git", "add", "--all"],
        ["git", *AUTHOR, "commit", "--quiet", "--message=first"],
        ["git", "clone", "--quiet", "--bare", ".", str(folder)],
    ):
        subprocess.run(command, cwd=work, check=True, capture_output=True)
    return folder


@pytest.fixture
def desk(bare: Path, tmp_path: Path) -> Desk:
    options = read_options(["--push-url", str(bare), "--work", str(tmp_path), "--run", "env NEAR=1"])
    return Desk(options, str(bare), {"GITHUB_REPOSITORY": "lathe-ml/lathe"})


def push_branch(desk: Desk, branch: str) -> None:
    """Two commits that the merge makes one of."""
    for tag in ("v9.8.6", "v9.8.7"):
        path = desk.folder / OVERLAY
        path.write_text(path.read_text(encoding="utf-8") + f"# {tag}\n", encoding="utf-8")
        desk.git("commit", "--quiet", "--all", f"--message={tag}")
    desk.git("push", "--quiet", "origin", f"HEAD:refs/heads/{branch}")


def test_a_verb_runs_with_the_clones_own_code_and_is_logged(desk: Desk) -> None:
    (desk.folder / "release" / "__main__.py").write_text("print('the clone')\n", encoding="utf-8")
    assert desk.type("status").last == "the clone"
    assert "-m release status" in desk.log.read_text(encoding="utf-8")


def test_a_real_verb_answers_and_what_is_installed_makes_no_change(desk: Desk) -> None:
    said = desk.type("history", "--env", "test")
    assert (said.code, said.find("release yet")) == (0, "test has had no release yet")
    assert desk.git("status", "--porcelain") == ""


def test_only_what_is_near_runs_behind_the_prefix(desk: Desk) -> None:
    (desk.folder / "release" / "__main__.py").write_text("import os; print(os.environ.get('NEAR'))", encoding="utf-8")
    assert desk.type("status").last == "1"
    assert desk.type("status", is_near=False).last == "None"


def test_a_job_on_github_lends_the_verbs_neither_name_nor_outputs(bare: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ACTIONS_ID_TOKEN_REQUEST_URL", "https://runner.example")
    monkeypatch.setenv("GITHUB_OUTPUT", str(bare.parent / "outputs"))
    options = read_options(["--push-url", str(bare), "--work", str(bare.parent)])
    said = Desk(options, str(bare), {"GITHUB_REPOSITORY": "lathe-ml/lathe"}).run(["env"])
    found = {line.partition("=")[0] for line in said.lines}
    assert {name for name in found if name.startswith(("GITHUB_", "ACTIONS_"))} == {"GITHUB_REPOSITORY"}


def test_a_verb_that_fails_says_where_the_whole_stands(desk: Desk) -> None:
    said = desk.type("history", "--env", "nowhere")
    assert said.code == 2
    with pytest.raises(ScenarioError, match=r"nowhere.*exit code 2.*release\.txt"):
        desk.must(said)


def test_a_merge_is_one_commit_on_main_with_the_title(desk: Desk, bare: Path) -> None:
    before = desk.pull()
    push_branch(desk, "promote/prod-eks")
    commit = desk.merge("promote/prod-eks", "Run v9.8.7 in prod-eks (#1)")
    assert desk.git("log", "--format=%s", f"{before}..{commit}") == "Run v9.8.7 in prod-eks (#1)"
    assert desk.pull() == commit


def test_the_key_is_this_runs_own_and_its_password_is_in_no_log(desk: Desk) -> None:
    need_program("cosign", str(TOOLS))
    desk.take_key(desk.make_key("ours"))
    desk.run(["printenv", "LATHE_SIGNING_KEY"])
    assert (desk.keys / "ours.key").read_text(encoding="utf-8").startswith("-----BEGIN ENCRYPTED")
    assert str(desk.keys / "ours.key") in desk.log.read_text(encoding="utf-8")
    assert PASSWORD not in desk.log.read_text(encoding="utf-8")


def test_the_last_line_is_the_one_that_a_person_reads_last() -> None:
    said = VerbResult(1, "✓ first\n\n", "warning: …\nerror: refused\n\n")
    assert said.last == "error: refused"
    assert said.find("first") == "first"
    assert VerbResult(0, "", "").last == "nothing"
