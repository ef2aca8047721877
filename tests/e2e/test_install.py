"""The script that installs Argo CD, with a kubectl that only writes down what it was told."""

import hashlib
import os
import re
import subprocess
from pathlib import Path

import pytest

from tests.patience import LAST_RESORT_SECONDS
from tests.repo.sources import ROOT

SCRIPT = ROOT / "gitops" / "argocd" / "install"
CHECKSUM = re.compile(r"(?<=^sha256=)[0-9a-f]{64}$", re.MULTILINE)
MANIFEST = "kind: Namespace\n"


@pytest.fixture
def calls(tmp_path: Path) -> Path:
    """What kubectl was told, a line a call."""
    program = tmp_path / "kubectl"
    program.write_text('#!/bin/sh\necho "$@" >>"$0.calls"\n[ "$1" != get ]\n', encoding="utf-8")
    program.chmod(0o755)
    return tmp_path / "kubectl.calls"


def install(script: Path, calls: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "KUBECTL": str(calls.with_suffix(""))}
    return subprocess.run(
        [script, *arguments], env=environment, capture_output=True, text=True, timeout=LAST_RESORT_SECONDS, check=False
    )


def test_a_manifest_with_another_checksum_is_refused_before_anything_is_applied(tmp_path: Path, calls: Path) -> None:
    (tmp_path / "install.yaml").write_text(MANIFEST, encoding="utf-8")
    done = install(SCRIPT, calls, str(tmp_path / "install.yaml"))
    assert done.returncode == 1
    assert "nothing was applied" in done.stderr
    assert not calls.exists()


@pytest.mark.parametrize("arguments", [["--help"], ["one", "two"], ["no-such-file"]])
def test_a_mistake_of_usage_is_one_line(calls: Path, arguments: list[str]) -> None:
    done = install(SCRIPT, calls, *arguments)
    assert done.returncode == 2
    assert [line for line in done.stderr.splitlines() if line.startswith("error: ")]
    assert not calls.exists()


def test_the_right_manifest_is_applied_by_a_field_manager_of_its_own_and_waited_for(
    tmp_path: Path, calls: Path
) -> None:
    (tmp_path / "install.yaml").write_text(MANIFEST, encoding="utf-8")
    changed, count = CHECKSUM.subn(hashlib.sha256(MANIFEST.encode()).hexdigest(), SCRIPT.read_text(encoding="utf-8"))
    assert count == 1
    script = tmp_path / "install"
    script.write_text(changed, encoding="utf-8")
    script.chmod(0o755)
    done = install(script, calls, str(tmp_path / "install.yaml"))
    assert done.returncode == 0, done.stderr
    verbs = [line.split()[0] for line in calls.read_text(encoding="utf-8").splitlines()]
    assert verbs == ["get", "create", "apply", "wait", "rollout"]
    assert "--field-manager=argocd-install" in calls.read_text(encoding="utf-8")


def test_docs_and_script_name_the_same_version_and_checksum() -> None:
    script, page = SCRIPT.read_text(encoding="utf-8"), (ROOT / "docs" / "operate.md").read_text(encoding="utf-8")
    version = re.search(r"^version=(v\S+)$", script, re.MULTILINE)
    checksum = CHECKSUM.search(script)
    assert version is not None
    assert checksum is not None
    assert version[1] in page
    assert checksum[0] in page
