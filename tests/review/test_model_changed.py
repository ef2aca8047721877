"""Which changes make another model: what it is made from, and not the project's own version."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from review.model_changed import MODEL_PATHS, TouchedError, find_last, touches_model
from tests.patience import LAST_RESORT_SECONDS

ROOT = Path(__file__).parents[2]
IDENTITY = ("-c", "user.name=t", "-c", "user.email=t@example.invalid", "-c", "commit.gpgsign=false")


class Clone:
    """A repository with the real pyproject.toml and uv.lock, and a little beside."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir()
        self.git("init", "--quiet", "--initial-branch=main")
        for name in ("pyproject.toml", "uv.lock"):
            shutil.copyfile(ROOT / name, folder / name)
        self.write("training/params.yaml", "rounds: 3\n")
        self.first = self.commit("First")

    def copy(self, folder: Path) -> "Clone":
        """In less time than it takes to make one."""
        shutil.copytree(self.folder, folder)
        other = object.__new__(Clone)
        other.folder, other.first = folder, self.first
        return other

    def git(self, *arguments: str) -> str:
        command = ["git", *IDENTITY, *arguments]
        return subprocess.run(command, cwd=self.folder, capture_output=True, text=True, check=True).stdout.strip()

    def write(self, name: str, text: str) -> None:
        (self.folder / name).parent.mkdir(parents=True, exist_ok=True)
        (self.folder / name).write_text(text, encoding="utf-8")

    def replace(self, name: str, old: str, new: str) -> None:
        text = (self.folder / name).read_text(encoding="utf-8")
        assert text.count(old) == 1, f"{old!r} in {name}"
        self.write(name, text.replace(old, new))

    def commit(self, message: str) -> str:
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message", message)
        return self.git("rev-parse", "HEAD")


@pytest.fixture(scope="session")
def new_clone(tmp_path_factory: pytest.TempPathFactory) -> Clone:
    return Clone(tmp_path_factory.mktemp("new") / "clone")


@pytest.fixture
def clone(new_clone: Clone, tmp_path: Path) -> Clone:
    return new_clone.copy(tmp_path / "clone")


def release(clone: Clone, version: str = "9.8.7") -> str:
    """As `make release` writes it: the version in both files, and the changelog."""
    clone.replace("pyproject.toml", f'\nversion = "{read_version(clone)}"\n', f'\nversion = "{version}"\n')
    clone.replace(
        "uv.lock", f'name = "lathe"\nversion = "{read_locked(clone)}"', f'name = "lathe"\nversion = "{version}"'
    )
    clone.write("CHANGELOG.md", version)
    return clone.commit(f"Release {version}")


def read_version(clone: Clone) -> str:
    text = (clone.folder / "pyproject.toml").read_text(encoding="utf-8")
    return text.split('\nversion = "')[1].split('"')[0]


def read_locked(clone: Clone) -> str:
    text = (clone.folder / "uv.lock").read_text(encoding="utf-8")
    return text.split('name = "lathe"\nversion = "')[1].split('"')[0]


def test_a_release_touches_no_model(clone: Clone) -> None:
    assert touches_model(clone.first, release(clone), clone.folder) is False


@pytest.mark.parametrize(
    ("name", "is_touching"),
    [
        ("training/params.yaml", True),
        ("training/new.py", True),
        ("contract/compute/bins.py", True),
        ("app/predictor/routes.py", False),
        ("docs/operate.md", False),
        ("gitops/overlays/test/kustomization.yaml", False),
    ],
)
def test_a_file_touches_the_model_by_where_it_lies(clone: Clone, name: str, is_touching: bool) -> None:
    clone.write(name, "new\n")
    assert touches_model(clone.first, clone.commit("Change"), clone.folder) is is_touching


def test_a_dependency_beside_a_new_version_touches_the_model(clone: Clone) -> None:
    clone.replace("pyproject.toml", '"xgboost-cpu>=3.2,<3.3;', '"xgboost-cpu>=3.2,<3.4;')
    assert touches_model(clone.first, release(clone), clone.folder) is True


@pytest.mark.slow
def test_another_packages_version_in_the_lock_touches_the_model(clone: Clone) -> None:
    lock = (clone.folder / "uv.lock").read_text(encoding="utf-8")
    found = lock.split('name = "numpy"\nversion = "')[1].split('"')[0]
    clone.replace(
        "uv.lock", f'name = "numpy"\nversion = "{found}"\nsource', 'name = "numpy"\nversion = "0.0.1"\nsource'
    )
    assert touches_model(clone.first, clone.commit("Older numpy"), clone.folder) is True


@pytest.mark.parametrize("name", ["pyproject.toml", "uv.lock"])
@pytest.mark.parametrize("content", [None, "version = \n"])
def test_a_file_that_is_gone_or_cannot_be_read_touches_the_model(clone: Clone, name: str, content: str | None) -> None:
    (clone.folder / name).unlink()
    if content is not None:
        clone.write(name, content)
    assert touches_model(clone.first, clone.commit("Break"), clone.folder) is True


def test_a_file_that_is_moved_out_of_training_touches_the_model(clone: Clone) -> None:
    (clone.folder / "docs").mkdir()
    clone.git("mv", "training/params.yaml", "docs/params.yaml")
    assert touches_model(clone.first, clone.commit("Move"), clone.folder) is True


@pytest.mark.slow
def test_the_last_model_is_looked_for_behind_releases_and_other_changes(clone: Clone) -> None:
    clone.write("training/params.yaml", "rounds: 4\n")
    model = clone.commit("Train longer")
    clone.write("docs/operate.md", "x")
    clone.commit("Write")
    newest = release(clone)
    assert find_last(newest, clone.folder) == model
    assert find_last(clone.first, clone.folder) == clone.first


def test_only_mains_own_line_counts_a_merge_is_the_change(clone: Clone) -> None:
    clone.git("switch", "--quiet", "--create", "branch")
    clone.write("training/params.yaml", "rounds: 5\n")
    inside = clone.commit("On a branch")
    clone.git("switch", "--quiet", "main")
    clone.git("merge", "--quiet", "--no-ff", "--message", "Merge", "branch")
    merge = clone.git("rev-parse", "HEAD")
    assert merge != inside
    assert find_last("HEAD", clone.folder) == merge


def test_a_history_that_is_cut_off_is_refused(clone: Clone, tmp_path: Path) -> None:
    release(clone)
    command = ["git", "clone", "--quiet", "--depth=1", f"file://{clone.folder}", str(tmp_path / "shallow")]
    subprocess.run(command, check=True, timeout=LAST_RESORT_SECONDS)
    with pytest.raises(TouchedError, match="git fetch --unshallow"):
        find_last("HEAD", tmp_path / "shallow")


def run(clone: Clone, *arguments: str, output: Path | None = None) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)} | ({"GITHUB_OUTPUT": str(output)} if output else {})
    command = [sys.executable, "-I", "-c", "import runpy, sys; sys.path.insert(0, sys.argv.pop(1)); "]
    command[-1] += "runpy.run_module('review.model_changed', run_name='__main__')"
    return subprocess.run(
        [*command, str(ROOT), *arguments],
        cwd=clone.folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=LAST_RESORT_SECONDS,
        check=False,
    )


@pytest.mark.slow
def test_a_workflow_reads_the_answer_from_its_outputs(clone: Clone, tmp_path: Path) -> None:
    release(clone)
    done = run(clone, output=tmp_path / "output")
    assert (done.returncode, done.stdout) == (0, "model=false\n")
    clone.write("training/params.yaml", "rounds: 6\n")
    clone.commit("Train longer")
    assert run(clone, output=tmp_path / "output").stdout == "model=true\n"
    assert (tmp_path / "output").read_text() == "model=false\nmodel=true\n"
    assert run(clone, "--last", "HEAD").stdout.strip() == clone.git("rev-parse", "HEAD")


@pytest.mark.parametrize("arguments", [("--old", "nonsense"), ("--last", "nonsense"), ("--old", "--output=x")])
def test_what_git_does_not_know_ends_in_one_line(clone: Clone, arguments: tuple[str, ...]) -> None:
    done = run(clone, *arguments)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr


def test_it_needs_nothing_but_pythons_own_library() -> None:
    command = [
        sys.executable,
        "-I",
        "-S",
        "-c",
        "import sys; sys.path.insert(0, sys.argv[1]); import review.model_changed",
    ]
    subprocess.run([*command, str(ROOT)], check=True, timeout=LAST_RESORT_SECONDS)


def test_every_path_of_the_model_is_there() -> None:
    assert [name for name in MODEL_PATHS if not (ROOT / name).exists()] == []
