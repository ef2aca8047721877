"""What cannot be prepared is refused with what to do, and a kill leaves nothing half done."""

import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from cli.errors import InputError, OutsideError, RefusedError
from release.github_release.changelog import close_unreleased
from release.github_release.commits import list_commits
from release.github_release.prepare import read_version, set_version
from release.tools import ROOT
from tests.patience import LAST_RESORT_SECONDS, wait_until
from tests.release.origin import ask_git, push_file
from tests.release.preparing import merge, prepare, tag


@pytest.mark.parametrize("version", ["1.2", "1.2.3-rc1", "v1.2.3+x", "01.2.3", "one", "1.2.3\n", "--help", "../x"])
def test_what_is_no_version_is_refused(clone: Path, version: str) -> None:
    with pytest.raises(InputError, match=r"is not usable, expected vMAJOR\.MINOR\.PATCH"):
        prepare(clone, version)


@pytest.mark.parametrize("version", ["1.0.0", "0.9.9"])
def test_a_version_that_is_not_higher_is_refused(released_clone: Path, version: str) -> None:
    with pytest.raises(RefusedError, match=r"is not higher than v1\.0\.0, which is released"):
        prepare(released_clone, version)


def test_a_tag_that_only_the_others_have_counts(clone: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    subprocess.run(["git", "clone", "--quiet", str(tmp_path / "origin.git"), str(other)], check=True)
    for setting, value in {"user.name": "other", "user.email": "o@example.org"}.items():
        ask_git(other, "config", setting, value)
    shutil.copyfile(clone / "cliff.toml", other / "cliff.toml")
    merge(other, prepare(other, "3.0.0"))
    tag(other, "v3.0.0")
    ask_git(clone, "pull", "--quiet", "--no-tags", "origin", "main")
    with pytest.raises(RefusedError, match=r"is not higher than v3\.0\.0"):
        prepare(clone)


def test_a_mistyped_tag_blocks_no_version_but_its_own(released_clone: Path) -> None:
    tag(released_clone, "v9.0.0")
    with pytest.raises(InputError, match=r"the newest is v1\.0\.0, .* the next one is v2\.0\.0"):
        prepare(released_clone, None)
    with pytest.raises(RefusedError, match=r"tag v9\.0\.0 is there already, on .*, and no tag moves: choose another"):
        prepare(released_clone, "9.0.0")
    prepared = prepare(released_clone, "1.1.0")
    text = ask_git(released_clone, "show", f"{prepared.commit}:CHANGELOG.md")
    assert "### Commits since v1.0.0" in text
    assert text.count("Speak another language") == text.count("Move the furniture") == 1


def test_a_version_below_the_packages_is_refused(clone: Path) -> None:
    with pytest.raises(RefusedError, match=r"v0\.0\.9 is lower than 0\.1\.0 in pyproject\.toml"):
        prepare(clone, "0.0.9")


def test_a_changed_file_is_refused(clone: Path) -> None:
    (clone / "CHANGELOG.md").write_text("mine")
    with pytest.raises(InputError, match=r"1 files are changed, such as CHANGELOG\.md: commit or stash"):
        prepare(clone)


def test_a_checkout_that_is_not_main_as_everybody_has_it_is_refused(clone: Path) -> None:
    ask_git(clone, "commit", "--quiet", "--allow-empty", "--message", "mine alone")
    with pytest.raises(InputError, match=r"the checkout is at .*: run `git switch main && git pull`"):
        prepare(clone)


def test_a_shallow_clone_is_refused(clone: Path, tmp_path: Path) -> None:
    push_file(clone, "file", "x\n", "more")
    shallow = tmp_path / "shallow"
    address = f"file://{tmp_path / 'origin.git'}"
    subprocess.run(["git", "clone", "--quiet", "--depth=1", address, str(shallow)], check=True)
    with pytest.raises(InputError, match="shallow clone"):
        prepare(shallow)


def test_nothing_to_release_is_refused(clone: Path) -> None:
    merge(clone, prepare(clone, "1.0.0"))
    tag(clone, "v1.0.0")
    with pytest.raises(RefusedError, match=r"nothing to release: no commit since v1\.0\.0, and nothing below"):
        prepare(clone, "1.0.1")


def test_a_changelog_without_its_heading_is_refused(clone: Path) -> None:
    push_file(clone, "CHANGELOG.md", "# Changelog\n", "Lose the heading")
    with pytest.raises(InputError, match=r"has no heading `## Unreleased`"):
        prepare(clone)


def test_a_section_that_is_there_already_is_refused() -> None:
    with pytest.raises(InputError, match=r"has a section `## 1\.2\.3` already"):
        close_unreleased("## Unreleased\n\n- a\n\n## 1.2.3 - 2026-01-01\n", "1.2.3", "2026-02-02", "")


def test_a_remote_that_is_gone_is_not_the_persons_mistake(clone: Path, tmp_path: Path) -> None:
    shutil.rmtree(tmp_path / "origin.git")
    with pytest.raises(OutsideError, match="origin does not answer"):
        prepare(clone)


def test_git_cliffs_own_words_are_passed_on(clone: Path) -> None:
    with pytest.raises(InputError, match=r"^git-cliff: .*nowhere"):
        list_commits(clone, "nowhere", "HEAD")


@pytest.mark.parametrize("text", ["not toml [", "[project]\n", '[project]\nname = "lathe"\n'])
def test_a_project_without_a_version_is_named(text: str) -> None:
    with pytest.raises(InputError, match=r"pyproject\.toml has no version below \[project\]"):
        read_version(text)


def test_a_lock_of_another_project_is_refused() -> None:
    with pytest.raises(InputError, match=r"uv\.lock names the package lathe 0 times, expected once"):
        set_version('[[package]]\nname = "x"\nversion = "1"\n', "1.2.3", "uv.lock")


def write_wrapper(folder: Path, verb: str) -> Path:
    """A git that waits for ever before `verb`, and says that it is there."""
    folder.mkdir()
    wrapper = folder / "git"
    real = shutil.which("git")
    wrapper.write_text(
        f'#!/bin/sh\ncase " $* " in *" {verb} "*) touch {folder}/there; exec sleep 60;; esac\nexec {real} "$@"\n',
        encoding="utf-8",
    )
    wrapper.chmod(0o755)
    return folder


@pytest.mark.slow
@pytest.mark.parametrize(
    "verb", ["ls-remote", "hash-object", "mktree", "commit-tree", "update-ref refs/heads/release/v1.2.3"]
)
def test_killed_at_any_step_nothing_is_half_done(
    clone: Path, tmp_path: Path, verb: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = write_wrapper(tmp_path / "bin", verb)
    code = (
        "import sys; from pathlib import Path; from release.git.remote import Remote; "
        "from release.github_release import prepare; prepare.prepare_version(Remote(Path(sys.argv[1])), '1.2.3')"
    )
    with monkeypatch.context() as patch:
        patch.setenv("PATH", f"{folder}:{sys.exec_prefix}/bin:/usr/bin:/bin")
        patch.setenv("PYTHONPATH", str(ROOT))
        before = ask_git(clone, "for-each-ref")
        killed = subprocess.Popen([sys.executable, "-c", code, str(clone)], cwd=ROOT, start_new_session=True)
        wait_until(lambda: (folder / "there").exists() or killed.poll() is not None, f"git {verb}")
        assert killed.poll() is None
        killed.send_signal(signal.SIGKILL)
        killed.wait(LAST_RESORT_SECONDS)
    refs = {line for line in ask_git(clone, "for-each-ref").splitlines() if "refs/remotes" not in line}
    assert refs <= set(before.splitlines())
    assert ask_git(clone, "status", "--porcelain") == ""
    assert prepare(clone).version == "v1.2.3"
    assert ask_git(clone, "fsck", "--no-dangling") == ""
