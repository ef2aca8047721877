"""Rendering asks nobody (G5): in a network namespace without an interface it gives the same bytes."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from release.manifests.overlays import list_overlays
from release.tools import ROOT, find_tool
from tests.needs import need_namespaces
from tests.patience import LAST_RESORT_SECONDS

FOLDERS = [*(f"overlays/{name}" for name in list_overlays(ROOT)), "argocd"]


@pytest.fixture
def alone() -> list[str]:
    """What runs a command in a network namespace without an interface."""
    return need_namespaces("--net", "--map-root-user")


def build(root: Path, folder: str, *prefix: str) -> subprocess.CompletedProcess[bytes]:
    command = [*prefix, find_tool("kustomize"), "build", folder]
    return subprocess.run(command, cwd=root / "gitops", capture_output=True, timeout=LAST_RESORT_SECONDS, check=False)


@pytest.mark.parametrize("folder", FOLDERS)
def test_a_folder_renders_the_same_without_a_network(alone: list[str], folder: str) -> None:
    offline, usual = build(ROOT, folder, *alone), build(ROOT, folder)
    assert offline.returncode == 0, offline.stderr.decode()
    assert offline.stdout.count(b"\nkind: ") > 5
    assert offline.stdout == usual.stdout


def test_a_planted_remote_base_does_not_render_without_a_network(alone: list[str], tmp_path: Path) -> None:
    shutil.copytree(ROOT / "gitops", tmp_path / "gitops")
    path = tmp_path / "gitops/overlays/test/kustomization.yaml"
    remote = "https://github.com/lathe-ml/lathe//gitops/base?ref=v0.1.0"
    path.write_text(path.read_text(encoding="utf-8").replace("../../base", remote), encoding="utf-8")
    done = build(tmp_path, "overlays/test", *alone)
    assert done.returncode != 0
    assert b"github.com" in done.stderr


def test_the_command_line_renders_without_a_network(alone: list[str]) -> None:
    command = [*alone, sys.executable, "-m", "release", "render"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=LAST_RESORT_SECONDS, check=False)
    assert done.returncode == 0, done.stderr
    assert all(name in done.stdout for name in list_overlays(ROOT))
