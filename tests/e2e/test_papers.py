"""What a release needs before its tag, in a real clone."""

import subprocess
from pathlib import Path

import pytest

from tests.e2e.desk import Desk
from tests.e2e.options import read_options
from tests.e2e.papers import change_model

CHANGELOG = "# Changelog\n\n## Unreleased\n\n### Added\n\n- A verb.\n"


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    bare, work = tmp_path / "bare.git", tmp_path / "work"
    subprocess.run(["git", "init", "--quiet", "--bare", "--initial-branch=main", bare], check=True)
    work.mkdir()
    desk = Desk(read_options(["--push-url", str(bare), "--work", str(work)]), str(bare), {})
    (desk.folder / "CHANGELOG.md").write_text(CHANGELOG, encoding="utf-8")
    desk.git("add", "--all")
    desk.git("commit", "--quiet", "--message=first")
    desk.git("push", "--quiet", "origin", "HEAD:refs/heads/main")
    return desk


def test_a_merged_change_stands_below_unreleased_and_on_main(desk: Desk) -> None:
    change_model(desk, "A model of data set 1.")
    assert (
        desk.git("show", "origin/main:CHANGELOG.md")
        == CHANGELOG.replace("## Unreleased\n", "## Unreleased\n\n- A model of data set 1.\n").strip()
    )
    assert desk.git("log", "--format=%s", "origin/main").splitlines() == ["A model of data set 1.", "first"]
