"""A release is prepared as one commit on a branch of its own, from main as everybody has it."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from cli.errors import InputError, RefusedError
from release.git.remote import Remote
from release.github_release.changelog import close_unreleased, find_section
from release.github_release.prepare import describe_opening, print_next, set_version
from release.tools import ROOT
from tests.patience import LAST_RESORT_SECONDS
from tests.release.origin import ask_git, push_file
from tests.release.preparing import FILES, LOCK, PROJECT, merge, prepare, release_first, show, tag

pytestmark = pytest.mark.slow  # each drives real repositories and servers


def test_one_commit_names_the_version_in_three_files(clone: Path) -> None:
    main = ask_git(clone, "rev-parse", "HEAD")
    prepared = prepare(clone)
    assert (prepared.version, prepared.branch, prepared.is_merged) == ("v1.2.3", "release/v1.2.3", False)
    assert ask_git(clone, "rev-parse", "release/v1.2.3^") == main
    assert ask_git(clone, "diff", "--name-only", main, prepared.commit).split() == FILES
    assert ask_git(clone, "log", "-1", "--format=%s", prepared.commit) == "Release v1.2.3"
    assert show(clone, prepared.commit, "pyproject.toml") == PROJECT.replace("0.1.0", "1.2.3")
    lock = show(clone, prepared.commit, "uv.lock")
    assert lock == LOCK.replace('name = "lathe"\nversion = "0.1.0"', 'name = "lathe"\nversion = "1.2.3"')


def test_nothing_else_of_the_clone_moves(clone: Path) -> None:
    (clone / "untracked").write_text("mine")
    before = (ask_git(clone, "status", "--porcelain=v2", "--branch"), (clone / ".git/index").read_bytes())
    prepare(clone)
    assert (ask_git(clone, "status", "--porcelain=v2", "--branch"), (clone / ".git/index").read_bytes()) == before
    assert ask_git(clone, "ls-remote", "--heads", "origin").count("refs/heads/") == 1


def test_what_was_unreleased_becomes_the_versions_section(clone: Path) -> None:
    text = show(clone, prepare(clone).commit, "CHANGELOG.md")
    assert find_section(text, "Unreleased") == ""
    assert find_section(text, "1.2.3") == "### Added\n\n- A thing."  # the first release lists no commits
    assert re.search(r"^## 1\.2\.3 - \d{4}-\d\d-\d\d$", text, re.MULTILINE)
    assert text.startswith("# Changelog\n\nWords.\n\n## Unreleased\n\n## 1.2.3 - ")


def test_commits_are_listed_by_their_kind_and_moves_of_environments_are_not(released_clone: Path) -> None:
    text = find_section(show(released_clone, prepare(released_clone, "2.0.0").commit, "CHANGELOG.md"), "2.0.0") or ""
    assert text.startswith("### Commits since v1.0.0\n\n**Changes**\n\n- Move the furniture (")
    assert "\n- Paint the walls (#12)\n" in text  # its pull request says more than its number
    assert "**Added**\n\n- Let it sing (" in text
    assert "- **breaking:** Speak another language (" in text
    assert "**Fixed**\n\n- Answer in time (" in text
    assert "Run v1.0.0" not in text
    assert "Take prod-eks" not in text
    assert "Release v1.0.0" not in text


def test_without_a_version_the_next_one_is_proposed(clone: Path) -> None:
    with pytest.raises(InputError, match=r"there is none yet, .*`make release VERSION=0\.1\.0`"):
        prepare(clone, None)
    release_first(clone)
    with pytest.raises(InputError, match=r"the newest is v1\.0\.0, .* the next one is v2\.0\.0"):
        prepare(clone, None)


@pytest.mark.parametrize(
    ("subject", "proposed"), [("feat: a", "v1.1.0"), ("fix: a", "v1.0.1"), ("Any words", "v1.0.1")]
)
def test_the_proposal_follows_conventional_commits(clone: Path, subject: str, proposed: str) -> None:
    merge(clone, prepare(clone, "1.0.0"))
    tag(clone, "v1.0.0")
    push_file(clone, "file", "x\n", subject)
    with pytest.raises(InputError, match=rf"the next one is {proposed}"):
        prepare(clone, None)


def test_again_is_the_same_branch_and_another_content_is_not_overwritten(clone: Path) -> None:
    first = prepare(clone)
    assert prepare(clone) == first
    ask_git(clone, "branch", "--force", "release/v1.2.3", "main")
    with pytest.raises(RefusedError, match=r"branch release/v1\.2\.3 is there with something else"):
        prepare(clone)


def test_after_the_merge_it_says_which_commit_to_tag(clone: Path, capsys: pytest.CaptureFixture[str]) -> None:
    merged = merge(clone, prepare(clone))
    project = (clone / "pyproject.toml").read_text(encoding="utf-8")
    push_file(clone, "pyproject.toml", f"{project}# later\n", "Move the furniture")
    prepared = prepare(clone)
    assert (prepared.commit, prepared.is_merged) == (merged, True)
    print_next(prepared, Remote(clone))
    said = capsys.readouterr().out
    assert f"git tag -a v1.2.3 -m 'Lathe v1.2.3' {merged} && git push origin v1.2.3" in said


def test_it_says_what_to_type_next(clone: Path, capsys: pytest.CaptureFixture[str]) -> None:
    print_next(prepare(clone), Remote(clone))
    said = capsys.readouterr().out
    assert "git push origin release/v1.2.3\n" in said
    assert "gh pr create --head release/v1.2.3 --title 'Release v1.2.3'" in said
    assert "make release VERSION=1.2.3   # says which commit to tag" in said


@pytest.mark.parametrize(
    "address",
    ["https://github.com/lathe-ml/lathe", "git@github.com:lathe-ml/lathe.git", "ssh://git@github.com/lathe-ml/lathe"],
)
def test_on_github_the_page_is_named(clone: Path, address: str) -> None:
    ask_git(clone, "remote", "set-url", "origin", address)
    expected = "https://github.com/lathe-ml/lathe/compare/release/v1.2.3?expand=1"
    assert describe_opening(Remote(clone), "v1.2.3") == expected


def test_a_first_release_with_nothing_written_lists_its_commits(clone: Path) -> None:
    push_file(clone, "CHANGELOG.md", "# Changelog\n\n## Unreleased\n", "Write nothing")
    text = find_section(show(clone, prepare(clone).commit, "CHANGELOG.md"), "1.2.3") or ""
    assert text.startswith("### Commits\n\n**Changes**\n\n- Make a project (")
    assert "- Write nothing (" in text


def test_our_own_files_change_in_one_line_each() -> None:
    for name in ("pyproject.toml", "uv.lock"):
        text = (ROOT / name).read_text(encoding="utf-8")
        old, new = text.splitlines(), set_version(text, "77.0.0", name).splitlines()
        changed = [(before, after) for before, after in zip(old, new, strict=True) if before != after]
        assert [after for _, after in changed] == ['version = "77.0.0"']


def test_our_own_changelog_can_be_released() -> None:
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    held = find_section(text, "Unreleased")
    assert held is not None
    closed = close_unreleased(text, "77.0.0", "2026-11-21", "### Commits\n\n- One")
    assert find_section(closed, "77.0.0") == "\n\n".join(filter(None, [held, "### Commits\n\n- One"]))


def test_uv_takes_the_lock_as_it_comes_out(tmp_path: Path) -> None:
    """Offline: a lock that fits needs no index."""
    for name in ("pyproject.toml", "uv.lock"):
        text = set_version((ROOT / name).read_text(encoding="utf-8"), "77.0.0", name)
        (tmp_path / name).write_text(text, encoding="utf-8")
    shutil.copyfile(ROOT / "README.md", tmp_path / "README.md")
    command = [str(ROOT / ".tools/uv/bin/uv"), "lock", "--check", "--offline", "--project", str(tmp_path)]
    done = subprocess.run(
        command, cwd=tmp_path, capture_output=True, text=True, timeout=LAST_RESORT_SECONDS, check=False
    )
    assert done.returncode == 0, done.stderr
    (tmp_path / "uv.lock").write_text((ROOT / "uv.lock").read_text(encoding="utf-8"), encoding="utf-8")
    done = subprocess.run(
        command, cwd=tmp_path, capture_output=True, text=True, timeout=LAST_RESORT_SECONDS, check=False
    )
    assert done.returncode != 0  # the check sees a version that was left
