"""Which tags may be released: in real repositories, each refusal by what was planted."""

import subprocess
import sys
from pathlib import Path

import pytest

from cli.errors import InputError, OutsideError, RefusedError
from release.checks.tags import Tag, check_tag
from release.git.clone import Clone
from release.git.remote import Remote
from release.manifests.environments import locate_overlay
from release.registry.registry import Registry
from release.versions import is_version
from tests.patience import LAST_RESORT_SECONDS
from tests.ports import take_free_port
from tests.release.dossiers import git
from tests.release.images import make_environment, read_model, write_image
from tests.release.registry_server import RegistryServer
from tests.release.shelf import REPOSITORY, approve


class Line:
    """A clone whose main goes from release to release, with its bare remote."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.clone, self.origin = folder, folder / "clone", folder / "origin.git"
        git(folder, "init", "--quiet", "--bare", "--initial-branch=main", str(self.origin))
        git(folder, "init", "--quiet", "--initial-branch=main", str(self.clone))
        git(self.clone, "remote", "add", "origin", str(self.origin))

    @property
    def remote(self) -> Remote:
        return Remote(self.clone)

    def write(self, version: str, *, package: str | None = None, section: str | None = None) -> str:
        """A commit on main as `make release` leaves it."""
        number = version.removeprefix("v")
        (self.clone / "pyproject.toml").write_text(f'[project]\nversion = "{package or number}"\n')
        heading = f"## {number} - 2026-11-21\n\n- A change.\n" if section is None else section
        (self.clone / "CHANGELOG.md").write_text(f"# Changelog\n\n{heading}")
        git(self.clone, "add", "--all")
        git(self.clone, "commit", "--quiet", "--allow-empty", "--message", f"Release {version}")
        git(self.clone, "push", "--quiet", "--force", "origin", "HEAD:main")
        return git(self.clone, "rev-parse", "HEAD")

    def tag(self, version: str, *options: str) -> None:
        git(self.clone, "tag", "--annotate", "--message", version, version, *options)

    def release(self, *versions: str) -> str:
        """Each one runs in test from the next one's commit on, as its bump would have it."""
        for former, version in zip((None, *versions), versions, strict=False):
            if former and is_version(former):
                self.run(former)
            commit = self.write(version)
            self.tag(version)
        return commit

    def run(self, version: str) -> None:
        """Test's overlay names it, in a registry that was given up since."""
        path = self.clone / locate_overlay("test")
        path.parent.mkdir(parents=True, exist_ok=True)
        name = "images:\n  - name: predictor\n    newName: old.example.org/lathe\n"
        path.write_text(f"{name}    newTag: {version}\n    digest: sha256:{'1' * 64}\n")

    def check(self, version: str, registry: Registry) -> Tag:
        return check_tag(version, self.remote, registry)


@pytest.fixture
def line(tmp_path: Path) -> Line:
    return Line(tmp_path)


@pytest.fixture
def empty(own_server: RegistryServer) -> Registry:
    """A registry that holds nothing."""
    return own_server.client


def test_an_annotated_tag_on_main_of_the_packages_version_may_be_released(line: Line, empty: Registry) -> None:
    commit = line.release("v1.2.3")
    assert line.check("v1.2.3", empty) == Tag("v1.2.3", commit)


@pytest.mark.parametrize("version", ["1.2.3", "v1.2", "v1.2.3-rc.1", "v01.2.3", "latest", "v1.2.3\n", ""])
def test_what_is_no_version_is_refused(line: Line, empty: Registry, version: str) -> None:
    with pytest.raises(InputError, match=r"expected vMAJOR\.MINOR\.PATCH"):
        line.check(version, empty)


def test_a_tag_that_is_not_there_is_said(line: Line, empty: Registry) -> None:
    line.write("v1.2.3")
    with pytest.raises(InputError, match=r"there is no tag v1\.2\.3 here; fetch it"):
        line.check("v1.2.3", empty)


def test_a_light_tag_is_refused(line: Line, empty: Registry) -> None:
    line.write("v1.2.3")
    git(line.clone, "tag", "v1.2.3")
    git(line.clone, "push", "--quiet", "origin", "v1.2.3")
    with pytest.raises(RefusedError, match=r"tag v1\.2\.3 is light, expected an annotated one"):
        line.check("v1.2.3", empty)


def test_a_tag_that_only_this_checkout_holds_as_a_light_one_is_annotated(line: Line, empty: Registry) -> None:
    commit = line.release("v1.2.3")
    git(line.clone, "push", "--quiet", "origin", "v1.2.3")
    git(line.clone, "update-ref", "refs/tags/v1.2.3", commit)  # what a runner's checkout may do
    assert git(line.clone, "cat-file", "-t", "refs/tags/v1.2.3") == "commit"
    assert line.check("v1.2.3", empty).commit == commit


def test_a_tag_beside_main_is_refused(line: Line, empty: Registry) -> None:
    line.release("v1.2.2")
    git(line.clone, "switch", "--quiet", "--create", "beside")
    line.write("v1.2.3")
    line.tag("v1.2.3")
    git(line.clone, "push", "--quiet", "--force", "origin", "v1.2.2^{commit}:refs/heads/main")
    with pytest.raises(RefusedError, match="which is not on main"):
        line.check("v1.2.3", empty)


def test_another_version_of_the_package_is_refused(line: Line, empty: Registry) -> None:
    line.write("v1.2.3", package="1.2.2")
    line.tag("v1.2.3")
    with pytest.raises(RefusedError, match=r"whose pyproject\.toml says 1\.2\.2: run `make release VERSION=1\.2\.3`"):
        line.check("v1.2.3", empty)


@pytest.mark.parametrize("section", ["", "## Unreleased\n\n- x\n", "## 1.2.30\n\n- x\n", "## 1.2.3 - 2026-11-21\n"])
def test_a_version_that_the_changelog_does_not_describe_is_refused(line: Line, empty: Registry, section: str) -> None:
    line.write("v1.2.3", section=section)
    line.tag("v1.2.3")
    with pytest.raises(RefusedError, match=r"CHANGELOG\.md has "):
        line.check("v1.2.3", empty)


@pytest.mark.parametrize(
    ("before", "version"),
    [
        (["v1.2.3"], "v1.2.4"),
        (["v1.2.3"], "v2.0.0"),
        (["v1.2.3", "v1.3.0"], "v1.2.4"),
        (["v1.9.0"], "v1.10.0"),
        (["v0.9.0", "nonsense"], "v1.0.0"),
    ],
)
def test_the_next_version_and_the_next_patch_of_an_older_line_may_come(
    line: Line, empty: Registry, before: list[str], version: str
) -> None:
    line.release(*before, version)
    assert line.check(version, empty).version == version


@pytest.mark.parametrize(
    ("before", "version", "said"),
    [
        (["v1.2.3"], "v1.2.2", r"expected v1\.3\.0, or v1\.2\.4 for a patch of that line"),
        (["v1.3.0"], "v1.2.9", r"comes after v1\.3\.0 on main: expected v1\.4\.0 or higher"),
        (["v1.2.3", "v1.2.5", "v1.3.0"], "v1.2.4", r"or v1\.2\.6 for a patch"),
        (["v1.10.0"], "v1.9.0", r"comes after v1\.10\.0"),
    ],
)
def test_a_version_that_comes_too_late_is_refused(
    line: Line, empty: Registry, before: list[str], version: str, said: str
) -> None:
    line.release(*before, version)
    with pytest.raises(RefusedError, match=said):
        line.check(version, empty)


def test_a_mistyped_tag_that_nobody_released_blocks_no_later_version(
    line: Line, empty: Registry, capsys: pytest.CaptureFixture[str]
) -> None:
    line.release("v1.2.2", "v1.2.3")
    line.tag("v9.0.0")
    with pytest.raises(RefusedError, match=r"whose pyproject\.toml says 1\.2\.3"):
        line.check("v9.0.0", empty)
    line.release("v1.3.0")
    assert line.check("v1.3.0", empty).version == "v1.3.0"
    assert "tag v9.0.0 is higher and was never released: it does not count" in capsys.readouterr().err
    line.release("v1.2.4")
    assert line.check("v1.2.4", empty).version == "v1.2.4"


def test_a_higher_tag_that_was_published_and_ran_nowhere_counts(
    line: Line, own_server: RegistryServer, bundle_folder: Path, tmp_path: Path
) -> None:
    commit = line.release("v1.2.3")
    approve(tmp_path / "approved", bundle_folder)
    put_image(own_server, tmp_path / "approved", tmp_path, commit)
    line.release("v1.1.0")
    with pytest.raises(RefusedError, match=r"tag v1\.1\.0 comes after v1\.2\.3 on main"):
        line.check("v1.1.0", own_server.client)


def test_whether_a_higher_tag_was_released_is_never_guessed(line: Line) -> None:
    line.release("v1.2.3")
    line.release("v1.1.0")
    with pytest.raises(OutsideError, match=r"tag v1\.2\.3 is higher, and whether it was released is not known"):
        line.check("v1.1.0", Registry(f"127.0.0.1:{take_free_port()}"))


def test_an_older_release_can_be_finished_after_a_newer_one_was_tagged(line: Line, empty: Registry) -> None:
    line.release("v1.2.3", "v1.3.0")
    assert line.check("v1.2.3", empty).version == "v1.2.3"


def test_a_shallow_clone_is_said_to_be_one(line: Line, empty: Registry, tmp_path: Path) -> None:
    line.release("v1.2.2", "v1.2.3")
    git(line.clone, "push", "--quiet", "origin", "v1.2.3")
    shallow = tmp_path / "shallow"
    git(tmp_path, "clone", "--quiet", "--depth", "1", "--branch", "v1.2.3", f"file://{line.origin}", str(shallow))
    with pytest.raises(InputError, match=r"is a shallow clone, .* `git fetch --unshallow`"):
        check_tag("v1.2.3", Remote(shallow), empty)


def put_image(server: RegistryServer, approved: Path, folder: Path, revision: str) -> None:
    labels = {"org.opencontainers.image.revision": revision, "org.opencontainers.image.version": "v1.2.3"}
    archive = write_image(folder / "image.tar", labels, [make_environment([("x", "1")]), read_model(approved)])
    server.client.tag(REPOSITORY, server.client.push(archive, REPOSITORY), "v1.2.3")


def test_a_version_released_from_another_commit_is_refused(
    line: Line, own_server: RegistryServer, bundle_folder: Path, tmp_path: Path
) -> None:
    commit = line.release("v1.2.3")
    approve(tmp_path / "approved", bundle_folder)
    put_image(own_server, tmp_path / "approved", tmp_path, commit)
    assert line.check("v1.2.3", own_server.client).commit == commit
    put_image(own_server, tmp_path / "approved", tmp_path, "a" * 40)
    with pytest.raises(RefusedError, match=r"is of commit aaaaaaaaaaaa, .* a released version never moves"):
        line.check("v1.2.3", own_server.client)


def test_a_registry_that_cannot_be_asked_is_a_warning(line: Line, capsys: pytest.CaptureFixture[str]) -> None:
    commit = line.release("v1.2.3")
    assert line.check("v1.2.3", Registry(f"127.0.0.1:{take_free_port()}")).commit == commit
    assert "whether v1.2.3 is released already is not known" in capsys.readouterr().err


def test_a_remote_that_cannot_be_asked_leaves_what_was_fetched_last(line: Line, empty: Registry) -> None:
    commit = line.release("v1.2.3")
    git(line.clone, "fetch", "--quiet", "origin")
    git(line.clone, "remote", "set-url", "origin", f"http://127.0.0.1:{take_free_port()}/x.git")
    assert line.check("v1.2.3", empty).commit == commit
    git(line.clone, "update-ref", "-d", "refs/remotes/origin/main")
    with pytest.raises((InputError, OutsideError)):
        line.check("v1.2.3", empty)


def test_the_verb_ends_with_one_line_and_its_exit_code() -> None:
    command = [sys.executable, "-m", "release", "check-tag", "1.2.3"]
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=LAST_RESORT_SECONDS, check=False, cwd=Path(__file__).parents[3]
    )
    assert done.returncode == 2
    assert done.stderr == "error: version '1.2.3' is not usable, expected vMAJOR.MINOR.PATCH such as v1.2.3\n"


def test_the_clone_is_only_read(line: Line, empty: Registry) -> None:
    line.release("v1.2.3")
    before = Clone(line.clone).ask("for-each-ref", "refs/heads", "refs/tags")
    line.check("v1.2.3", empty)
    assert Clone(line.clone).ask("for-each-ref", "refs/heads", "refs/tags") == before
    assert before
