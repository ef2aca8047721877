"""The verb, from an applied root to the checkout's files."""

import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from terraform.verbs.settings.clusters import ENVIRONMENTS, PROJECT
from tests.needs import need_program
from tests.patience import LAST_RESORT_SECONDS
from tests.repo.sources import ROOT
from tests.terraform.verbs.root_folder import apply_root, write_root

OUTPUTS: dict[str, Any] = {
    "environment": "prod",
    "cluster_endpoint": "https://A1B2.eks.amazonaws.com",
    "registry": "123456789012.dkr.ecr.eu-central-1.amazonaws.com/lathe-prod",
    "github_variables": {"release": {"LATHE_ECR_REGION": "eu-central-1"}},
}


def run_settings(tmp_path: Path, environment: str = "prod") -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "terraform.verbs", "settings", "--cloud", "eks", "--env", environment]
    return subprocess.run(
        [*command, "--root", str(tmp_path / "root"), "--checkout", str(tmp_path), "--repository", "lathe-ml/lathe"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=LAST_RESORT_SECONDS,
    )


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    need_program("terraform")
    for path in (ENVIRONMENTS, PROJECT):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / path, tmp_path / path)
    return tmp_path


@pytest.mark.slow
def test_production_is_written_once_and_githubs_commands_are_printed(checkout: Path) -> None:
    apply_root(write_root(checkout / "root", "prod", OUTPUTS), "prod")
    done = run_settings(checkout)
    assert done.returncode == 0, done.stderr
    assert "gh variable set LATHE_ECR_REGION --env release --repo lathe-ml/lathe --body eu-central-1" in done.stdout
    for path in (ENVIRONMENTS, PROJECT):
        assert OUTPUTS["cluster_endpoint"] in (checkout / path).read_text(encoding="utf-8")
    again = run_settings(checkout)
    assert again.returncode == 0, again.stderr
    assert "have https://A1B2.eks.amazonaws.com already" in again.stdout


@pytest.mark.slow
def test_the_outputs_of_another_environment_and_of_half_an_apply_are_refused(checkout: Path) -> None:
    root = write_root(checkout / "root", "prod", {**OUTPUTS, "environment": "test"})
    apply_root(root, "prod")
    done = run_settings(checkout)
    assert done.returncode == 2
    assert "the state is of environment 'test', expected 'prod': nothing was done" in done.stderr
    apply_root(write_root(root, "prod", {"environment": "prod"}), "prod")
    done = run_settings(checkout)
    assert done.returncode == 2
    assert "has no cluster_endpoint, registry, github_variables" in done.stderr
    for path in (ENVIRONMENTS, PROJECT):
        assert (checkout / path).read_bytes() == (ROOT / path).read_bytes()
