"""`make minikube`: it cannot run in a test, so its two programs are played by ones that write down what they are told.

`make e2e` has the overlay itself judged by a real API server.
"""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.patience import LAST_RESORT_SECONDS
from tests.repo.sources import ROOT

IMAGE = "ghcr.io/lathe-ml/lathe-predictor:v0.0.0"
RECORDER = '#!/bin/sh\necho "${0##*/} $*" >>"$RECORD"\n'


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A copy of the script beside a `.venv/bin/python` and programs that only record."""
    root = tmp_path / "project"
    for name in (".ci/minikube", ".venv/bin/python", "programs/minikube", "programs/kubectl"):
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(RECORDER, encoding="utf-8")
        path.chmod(0o755)
    shutil.copy(ROOT / ".ci" / "minikube", root / ".ci" / "minikube")
    return root


def run(
    project: Path, *arguments: str, programs: str = "programs"
) -> tuple[subprocess.CompletedProcess[str], list[str]]:
    record = project / "record"
    record.touch()
    environment = {"PATH": f"{project / programs}{os.pathsep}/usr/bin{os.pathsep}/bin", "RECORD": str(record)}
    done = subprocess.run(
        [project / ".ci" / "minikube", *arguments],
        env=environment,
        capture_output=True,
        text=True,
        timeout=LAST_RESORT_SECONDS,
        check=False,
    )
    return done, record.read_text(encoding="utf-8").splitlines()


def test_the_image_is_there_before_anything_is_applied_and_the_url_comes_last(project: Path) -> None:
    done, told = run(project, "up")
    assert done.returncode == 0, done.stderr
    steps = [line for line in told if not line.startswith("minikube status")]
    assert [line.split()[:4] for line in steps[:2]] == [
        ["python", "-m", "release", "image"],
        ["minikube", "image", "load", IMAGE],
    ]
    assert "apply -k gitops/overlays/minikube" in steps[2]
    assert "rollout status deployment/predictor" in steps[-2]
    assert steps[-1] == "minikube service predictor --namespace lathe-minikube --url"


def test_every_command_names_minikubes_own_context(project: Path) -> None:
    _, told = run(project, "up")
    _, removed = run(project, "down")
    spoken = [line for line in told + removed if line.startswith("kubectl")]
    assert len(spoken) > 3
    assert all(line.startswith("kubectl --context minikube ") for line in spoken)


def test_down_removes_what_up_applied(project: Path) -> None:
    done, told = run(project, "down")
    assert done.returncode == 0
    assert told == ["kubectl --context minikube delete -k gitops/overlays/minikube --ignore-not-found"]


def test_the_image_is_the_one_that_the_overlay_names() -> None:
    name, _, tag = IMAGE.rpartition(":")
    overlay = (ROOT / "gitops/overlays/minikube/kustomization.yaml").read_text(encoding="utf-8")
    assert f"newName: {name}\n" in overlay
    assert f"newTag: {tag}" in overlay


def test_without_minikube_it_says_how_to_get_it(project: Path) -> None:
    done, told = run(project, "up", programs="nothing")
    assert (done.returncode, told) == (2, [])
    assert done.stderr.startswith("error: minikube not found; install it")
    assert done.stderr.count("\n") == 1
