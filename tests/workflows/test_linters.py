"""Each program of `make security` finds nothing here, looks at everything, and finds what is planted."""

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.harness.errors import UsageError
from tests.needs import need_program
from tests.patience import LAST_RESORT_SECONDS
from tests.workflows.files import FOLDER, ROOT, read_workflows
from tests.workflows.linters import audit_actions, audit_python, lint_actions, lint_scripts, scan_history

TOKEN = "ghp_" + "16C7e42F292c6912E7710c838347Ae178B4a"  # of GitHub's documentation, valid in form alone


def git(folder: Path, *arguments: str) -> None:
    identity = ("-c", "user.name=a", "-c", "user.email=a@example.invalid", "-c", "commit.gpgsign=false")
    subprocess.run(
        ["git", *identity, *arguments], cwd=folder, check=True, capture_output=True, timeout=LAST_RESORT_SECONDS
    )


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A repository with our workflows."""
    git(tmp_path, "init", "--quiet")
    shutil.copytree(ROOT / ".github", tmp_path / ".github")
    git(tmp_path, "add", "--all")
    git(tmp_path, "commit", "--quiet", "--message", "Begin")
    return tmp_path


def change(project: Path, name: str, old: str, new: str) -> None:
    path = project / ".github" / "workflows" / name
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def test_actionlint_finds_nothing() -> None:
    linted = lint_actions()
    assert (linted.scanned, linted.findings) == (len(list(FOLDER.glob("*.yml"))), [])
    assert linted.scanned >= 7


@pytest.mark.parametrize(
    ("name", "old", "new", "told"),
    [
        ("ci.yml", "needs: changes\n", "needs: nothing\n", "nothing"),
        ("model.yml", "steps.champion.outputs", "steps.champoin.outputs", "champoin"),
        ("make.yml", 'make "$VERB"', "make $VERB $(ls)", "shellcheck"),
        ("main.yml", "runs-on: ubuntu-24.04", "runs-on: ubuntu-8.04", "ubuntu-8.04"),
    ],
)
def test_actionlint_finds_a_planted_mistake(project: Path, name: str, old: str, new: str, told: str) -> None:
    if told == "shellcheck":
        need_program(told)
    change(project, name, old, new)
    assert any(told in finding for finding in lint_actions(project).findings)


def test_zizmor_finds_nothing_as_an_auditor_and_one_finding_is_answered() -> None:
    linted = audit_actions()
    assert linted.findings == []
    assert linted.scanned >= 7
    answered = [w.name for w in read_workflows() for line in w.text.splitlines() if "zizmor: ignore" in line]
    assert answered == ["comment.yml"]


@pytest.mark.parametrize(
    ("name", "old", "new", "ident"),
    [
        ("ci.yml", "3d3c42e5aac5ba805825da76410c181273ba90b1 # v7.0.1", "v7", "unpinned-uses"),
        ("comment.yml", " # zizmor: ignore[dangerous-triggers]", " #", "dangerous-triggers"),
        ("make.yml", 'run: make "$VERB"', "run: make ${{ inputs.verb }}", "template-injection"),
        ("make.yml", "          persist-credentials: false\n", "", "artipacked"),
        ("main.yml", "\npermissions: {}\n", "\npermissions: write-all\n", "excessive-permissions"),
        ("retrain.yml", "    environment: retrain # holds the App's key, for main alone\n", "", "secrets-outside-env"),
    ],
)
def test_zizmor_finds_a_planted_hole(project: Path, name: str, old: str, new: str, ident: str) -> None:
    change(project, name, old, new)
    assert any(finding.startswith(f"{ident}:") for finding in audit_actions(project).findings)


@pytest.mark.slow
def test_no_commit_holds_a_secret() -> None:
    linted = scan_history()
    assert linted.findings == []
    assert linted.scanned >= 20


def test_a_secret_that_was_deleted_again_is_found_in_the_history(project: Path) -> None:
    (project / "notes.txt").write_text(f"token = {TOKEN}\n", encoding="utf-8")
    git(project, "add", "--all")
    git(project, "commit", "--quiet", "--message", "Note")
    git(project, "rm", "--quiet", "notes.txt")
    git(project, "commit", "--quiet", "--message", "Forget")
    linted = scan_history(project)
    assert [finding.split(",")[0] for finding in linted.findings] == ["github-pat: notes.txt:1"]
    assert TOKEN not in str(linted.findings)


def test_a_history_that_is_cut_off_is_no_clean_one(project: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    (project / "more.txt").write_text("more\n", encoding="utf-8")
    git(project, "add", "--all")
    git(project, "commit", "--quiet", "--message", "More")
    shallow = tmp_path_factory.mktemp("shallow")
    git(shallow, "clone", "--quiet", "--depth=1", f"file://{project}", "clone")
    with pytest.raises(UsageError, match="cut off"):
        scan_history(shallow / "clone")


def test_shellcheck_finds_a_planted_mistake(project: Path) -> None:
    need_program("shellcheck")
    assert lint_scripts().findings == []
    assert lint_scripts().scanned >= 5
    (project / "run").write_text("#!/usr/bin/env bash\nrm -r $1/*\n", encoding="utf-8")
    linted = lint_scripts(project)
    assert linted.scanned == 2
    assert any("SC2086" in finding for finding in linted.findings)


def test_ruff_finds_nothing_and_a_planted_hole(project: Path) -> None:
    linted = audit_python()
    assert linted.findings == []
    assert linted.scanned > 100
    (project / "hole.py").write_text("import subprocess\n\nsubprocess.run('ls', shell=True)\n", encoding="utf-8")
    assert any("S602" in finding or "S607" in finding for finding in audit_python(project).findings)
