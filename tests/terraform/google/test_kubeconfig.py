"""The output `kubeconfig`, run as it is by the real gcloud."""

import os
import re
import shlex
import subprocess
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from tests.needs import need_program
from tests.patience import LAST_RESORT_SECONDS
from tests.terraform.fakes.gke import TOKEN, Gke
from tests.terraform.fakes.http import serve
from tests.terraform.google.root import ROOT_FOLDER


def compose_command() -> str:
    """As Terraform composes it, for the cluster lathe-test of the project lathe-trial."""
    text = (ROOT_FOLDER / "outputs.tf").read_text(encoding="utf-8")
    found = re.search(r'output "kubeconfig" \{.*?value\s+= "([^\n]+)"\n', text, re.DOTALL)
    assert found
    values = {
        "google_container_cluster.this.name": "lathe-test",
        "var.region": "europe-west3",
        "local.project": "lathe-trial",
    }
    return re.sub(r"\$\{([^}]+)\}", lambda match: values[match[1]], found[1])


def run_command(gke: Gke, folder: Path, token: str = TOKEN) -> "subprocess.CompletedProcess[str]":
    need_program("gcloud")
    with serve(gke.answer) as address:
        environment = {
            "CLOUDSDK_API_ENDPOINT_OVERRIDES_CONTAINER": f"{address}/",
            "CLOUDSDK_AUTH_ACCESS_TOKEN": token,
            "CLOUDSDK_CONFIG": str(folder / "gcloud"),
            "KUBECONFIG": str(folder / "kubeconfig"),
            "HOME": str(folder),
            "PATH": os.environ["PATH"],
        }
        command = shlex.split(compose_command())
        return subprocess.run(
            command, env=environment, capture_output=True, text=True, timeout=LAST_RESORT_SECONDS, check=False
        )


@pytest.mark.slow
def test_the_kubeconfig_names_the_endpoint_that_iam_guards(tmp_path: Path) -> None:
    done = run_command(Gke("lathe-test"), tmp_path)
    assert done.returncode == 0, done.stderr
    written = YAML(typ="safe").load(tmp_path / "kubeconfig")
    assert [cluster["cluster"]["server"] for cluster in written["clusters"]] == [
        "https://gke-abc.europe-west3.gke.goog"
    ]
    assert written["current-context"] == "gke_lathe-trial_europe-west3_lathe-test"
    assert written["users"][0]["user"]["exec"]["command"] == "gke-gcloud-auth-plugin"


@pytest.mark.slow
def test_a_cluster_that_lets_nobody_in_from_outside_writes_no_kubeconfig(tmp_path: Path) -> None:
    done = run_command(Gke("lathe-test", is_external=False), tmp_path)
    assert done.returncode != 0
    assert "allowExternalTraffic" in done.stderr
    assert not (tmp_path / "kubeconfig").exists()
