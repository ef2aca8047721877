"""The copy of the repository, with a real Git and a bare repository to push to."""

import subprocess
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from tests.e2e.repository import Repository, overlay
from tests.repo.sources import ROOT

DIGEST = "sha256:" + "a" * 64


@pytest.fixture
def bare(tmp_path: Path) -> Path:
    subprocess.run(["git", "init", "--quiet", "--bare", "--initial-branch=main", tmp_path / "bare.git"], check=True)
    return tmp_path / "bare.git"


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """Git's files of gitops/ and release/ alone, with one that is not tracked and one that is ignored."""
    folder = tmp_path / "source"
    for path in (*(ROOT / "gitops").rglob("*"), *(ROOT / "release").rglob("*.py")):
        if path.is_file():
            target = folder / path.relative_to(ROOT)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(path.read_bytes())
    subprocess.run(["git", "init", "--quiet", folder], check=True)
    (folder / ".gitignore").write_text("secret.txt\n", encoding="utf-8")
    (folder / "secret.txt").write_text("not to be pushed", encoding="utf-8")
    return folder


@pytest.fixture
def repository(source: Path, bare: Path, tmp_path: Path) -> Repository:
    return Repository(source, tmp_path / "copy", str(bare))


def show(bare: Path, path: str) -> str:
    command = ["git", "-C", str(bare), "show", f"main:{path}"]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def test_what_git_would_track_is_pushed_and_what_it_ignores_is_not(repository: Repository, bare: Path) -> None:
    repository.push("first")
    command = ["git", "-C", str(bare), "ls-tree", "-r", "--name-only", "main"]
    names = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
    assert "gitops/argocd/root.yaml" in names
    assert "secret.txt" not in names


def test_a_release_is_two_lines_and_its_revert_gives_the_former_bytes(repository: Repository, bare: Path) -> None:
    repository.push("first")
    before = show(bare, overlay("test"))
    repository.set_image("test", "v9.8.7", DIGEST)
    revision = repository.push("release")
    changed = set(show(bare, overlay("test")).splitlines()) - set(before.splitlines())
    assert {line.split("#")[0].strip() for line in changed} == {"newTag: v9.8.7", f"digest: {DIGEST}"}
    assert repository.revert() != revision
    assert show(bare, overlay("test")) == before


def test_only_the_lines_that_are_meant_are_changed_by_an_edit(repository: Repository) -> None:
    path = repository.folder / "gitops/argocd/projects/production.yaml"
    before = path.read_text(encoding="utf-8")
    repository.set_windows(None)
    kept = before.split("  syncWindows:")[0]
    assert path.read_text(encoding="utf-8").rstrip() == kept.rstrip()
    repository.set_windows([{"kind": "deny", "schedule": "* * * * *"}])
    windows = YAML(typ="safe").load(path.read_text(encoding="utf-8"))["spec"]["syncWindows"]
    assert windows == [{"kind": "deny", "schedule": "* * * * *"}]


def test_the_work_tree_is_left_alone(repository: Repository, source: Path) -> None:
    before = (source / overlay("test")).read_bytes()
    repository.set_image("test", "v9.8.7", DIGEST)
    repository.push("release")
    assert (source / overlay("test")).read_bytes() == before


def test_another_place_of_repository_and_image_is_written_everywhere(repository: Repository) -> None:
    repository.read_from("http://git.example/lathe", "registry.example/predictor")
    texts = [path.read_text(encoding="utf-8") for path in (repository.folder / "gitops").rglob("*.yaml")]
    assert sum("http://git.example/lathe" in text for text in texts) >= 4
    assert not any("github.com/lathe-ml/lathe\n" in text for text in texts)
    assert sum("registry.example/predictor" in text for text in texts) >= 4
    code = [path.read_text(encoding="utf-8") for path in (repository.folder / "release").rglob("*.py")]
    assert sum('"registry.example/predictor"' in text for text in code) == 1
    assert not any("ghcr.io/lathe-ml/lathe-predictor" in text for text in code)
