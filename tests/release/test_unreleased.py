"""A project that pins data, runs a release and trains otherwise still passes its own tests."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from release.manifests.image_lines import change_images
from release.tools import ROOT
from tests.patience import LAST_RESORT_SECONDS
from tests.release.repository import DIGEST
from tests.release.unreleased import VERSION, empty_overlay, forget_releases
from tests.repo.sources import list_files

FILES = ("CHANGELOG.md", "pyproject.toml", "uv.lock", "training/params.yaml", "training/pins/ai4i.yaml")
OVERLAYS = tuple(f"gitops/overlays/{name}/kustomization.yaml" for name in ("minikube", "prod-eks", "prod-gke", "test"))
# where a test read what the project runs, has pinned or trains with, and failed once that had changed
TESTS = (
    "tests/bench/test_history.py",
    "tests/e2e/test_desk.py",
    "tests/release/checks",
    "tests/release/history",
    "tests/release/manifests",
    "tests/release/promotion/test_rollback.py",
    "tests/repo/test_paths.py",
    "tests/repo/test_worked_examples.py",
    "tests/training/report/test_document.py",
    "tests/training/test_params.py",
)
SIDECAR = "  - name: proxy\n    newName: example.org/proxy\n    newTag: v2.0.0\n    digest: sha256:1\n"


def copy_project(folder: Path) -> None:
    for path in list_files():
        (folder / path.relative_to(ROOT)).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, folder / path.relative_to(ROOT))


def go_on(folder: Path) -> None:
    """What `make pin`, `make release`, `make bump` and a person who tunes leave in Git."""
    forget_releases(folder)
    for name in OVERLAYS:
        text = (folder / name).read_text(encoding="utf-8")
        (folder / name).write_text(change_images(text, tag="v1.0.0", digest=DIGEST), encoding="utf-8")
    (folder / "training" / "pins").mkdir()
    pin = f"source: https://example.org/ai4i.csv\nsha256: {'a' * 64}\nrows: 10000\n"
    (folder / "training/pins/ai4i.yaml").write_text(pin, encoding="utf-8")
    for name, old, new in (
        ("CHANGELOG.md", "## Unreleased\n", "## Unreleased\n\n## 1.0.0 - 2026-11-28\n"),
        ("pyproject.toml", f'version = "{VERSION}"', 'version = "1.0.0"'),
        ("uv.lock", f'name = "lathe"\nversion = "{VERSION}"', 'name = "lathe"\nversion = "1.0.0"'),
        ("training/params.yaml", "seed: ", "seed: 7"),
    ):
        text = (folder / name).read_text(encoding="utf-8")
        assert text.count(old) == 1, (name, old)
        (folder / name).write_text(text.replace(old, new), encoding="utf-8")


def test_an_overlay_without_a_release_keeps_all_else() -> None:
    ours = "  - name: predictor\n    newName: ghcr.io/lathe-ml/lathe-predictor\n    newTag: v0.0.0 # not released yet\n"
    text = f"images:\n{SIDECAR}{ours}"
    released = change_images(text, tag="v1.2.3", digest=DIGEST)
    assert DIGEST in released
    assert empty_overlay(released) == empty_overlay(text) == text


def test_what_is_forgotten_is_all_that_a_release_leaves(tmp_path: Path) -> None:
    for folder in ("before", "after"):
        copy_project(tmp_path / folder)
    forget_releases(tmp_path / "before")
    go_on(tmp_path / "after")
    changed = {
        name for name in (*FILES, *OVERLAYS) if read(tmp_path / "after" / name) != read(tmp_path / "before" / name)
    }
    assert changed == {*FILES, *OVERLAYS}
    forget_releases(tmp_path / "after")
    assert [
        name for name in (*FILES, *OVERLAYS) if read(tmp_path / "after" / name) != read(tmp_path / "before" / name)
    ] == ["training/params.yaml"]


def read(path: Path) -> str:
    return path.read_text(encoding="utf-8") if path.exists() else ""


@pytest.mark.slow
def test_a_project_that_went_on_passes_its_own_tests(tmp_path: Path) -> None:
    project = tmp_path / "project"
    copy_project(project)
    go_on(project)
    for name in (".tools", ".venv"):
        (project / name).symlink_to(ROOT / name)
    for command in (
        ["init", "--quiet"],
        ["add", "--all"],
        ["-c", "user.name=a", "-c", "user.email=a@b.c", "commit", "-qm", "x"],
    ):
        subprocess.run(["git", *command], cwd=project, check=True)
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("GITHUB_", "LATHE_", "PYTEST_", "DATA"))
    }
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-m", "not slow", *TESTS],
        cwd=project,
        env=kept,
        capture_output=True,
        text=True,
        timeout=10 * LAST_RESORT_SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-3000:]
