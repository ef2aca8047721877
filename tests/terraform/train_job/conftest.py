"""The verb `train-job` with the real gcloud or kubectl, against services on loopback that run the image's command."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.needs import need_program
from tests.patience import LAST_RESORT_SECONDS
from tests.repo.sources import ROOT
from tests.terraform.fakes import vertex
from tests.terraform.fakes.http import serve
from tests.terraform.fakes.kubernetes_api import KubernetesApi
from tests.terraform.fakes.vertex import Vertex

IMAGE = f"europe-west3-docker.pkg.dev/lathe-trial/lathe-test/training@sha256:{'a' * 64}"
TRANSFER_IMAGE = f"registry.example.com/aws@sha256:{'b' * 64}"
TRAINING_SECONDS = 5 * LAST_RESORT_SECONDS
Run = Callable[..., "subprocess.CompletedProcess[str]"]
# `aws s3 cp` between a bucket, which is a folder here, and a path
AWS = """#!/bin/sh
set -eu
shift 2
[ "$1" != --recursive ] || shift
here() { case "$1" in s3://*) echo "$BUCKETS/${1#s3://}" ;; *) echo "$1" ;; esac; }
from=$(here "$1"); to=$(here "$2")
mkdir -p "$(dirname "$to")"
if [ -d "$from" ]; then mkdir -p "$to"; cp -R "$from/." "$to/"; else cp "$from" "$to"; fi
"""


@pytest.fixture(scope="session")
def rows(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Few rows: a job is shown to train, not to train well."""
    folder = tmp_path_factory.mktemp("rows")
    command = [
        sys.executable,
        "-m",
        "training",
        "data",
        "--data",
        "generator",
        "--rows",
        "1200",
        "--output",
        "rows.csv",
    ]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    subprocess.run(command, cwd=folder, env=environment, capture_output=True, timeout=TRAINING_SECONDS, check=True)
    return folder / "rows.csv"


@pytest.fixture
def buckets(tmp_path: Path) -> Path:
    """Each bucket is a folder of it."""
    folder = tmp_path / "buckets"
    (folder / "lathe-bundles" / "data").mkdir(parents=True)
    return folder


@pytest.fixture
def outputs(tmp_path: Path) -> Path:
    """What `terraform output -json` prints, as far as jobs need it."""
    values = {
        "bundles_bucket": "lathe-bundles",
        "cluster_name": "lathe-test",
        "kubeconfig": "aws eks update-kubeconfig --region eu-central-1 --name lathe-test",
        "region": "europe-west3",
        "registry": "europe-west3-docker.pkg.dev/lathe-trial/lathe-test",
        "training_job_identity": "lathe-test-training@lathe-trial.iam.gserviceaccount.com",
    }
    path = tmp_path / "outputs.json"
    path.write_text(json.dumps({name: {"value": value, "type": "string"} for name, value in values.items()}))
    return path


def run_verb(environment: dict[str, str], *arguments: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "terraform.verbs", "train-job", *arguments]
    return subprocess.run(
        command,
        cwd=ROOT,
        env={**os.environ, "COLUMNS": "200", **environment},
        capture_output=True,
        text=True,
        timeout=TRAINING_SECONDS,
        check=False,
    )


@pytest.fixture
def vertex_service(buckets: Path) -> Iterator[Vertex]:
    service = Vertex(buckets, {IMAGE})
    yield service
    service.join()


@pytest.fixture
def vertex_environment(vertex_service: Vertex, tmp_path: Path) -> Iterator[dict[str, str]]:
    need_program("gcloud")
    with serve(vertex_service.answer) as address:
        yield {
            "CLOUDSDK_API_ENDPOINT_OVERRIDES_AIPLATFORM": f"{address}/",
            "CLOUDSDK_AUTH_ACCESS_TOKEN": vertex.TOKEN,
            "CLOUDSDK_CONFIG": str(tmp_path / "gcloud"),
            "CLOUDSDK_CORE_DISABLE_USAGE_REPORTING": "1",
        }


@pytest.fixture
def on_vertex(vertex_environment: dict[str, str], outputs: Path) -> Run:
    def run(*arguments: str, **environment: str) -> "subprocess.CompletedProcess[str]":
        given = ("--on", "vertex", "--outputs", str(outputs), "--pause-seconds", "5")
        return run_verb({**vertex_environment, **environment}, *given, *arguments)

    return run


@pytest.fixture
def kubernetes_service(buckets: Path, tmp_path: Path) -> Iterator[KubernetesApi]:
    programs = tmp_path / "programs"
    programs.mkdir()
    (programs / "aws").write_text(AWS.replace("$BUCKETS", str(buckets)))
    (programs / "aws").chmod(0o755)
    service = KubernetesApi(tmp_path / "pods", {IMAGE, TRANSFER_IMAGE}, programs)
    yield service
    service.join()


@pytest.fixture
def on_eks(kubernetes_service: KubernetesApi, outputs: Path, tmp_path: Path) -> Iterator[Run]:
    need_program("kubectl")
    with serve(kubernetes_service.answer) as address:

        def run(*arguments: str, **environment: str) -> "subprocess.CompletedProcess[str]":
            kubeconfig = tmp_path / "kubeconfig"
            kubeconfig.write_text(json.dumps(describe_cluster(address)))
            given = (
                "--on",
                "eks",
                "--outputs",
                str(outputs),
                "--kubeconfig",
                str(kubeconfig),
                "--pause-seconds",
                "5",
            )
            return run_verb({"HOME": str(tmp_path), **environment}, *given, *arguments)

        yield run


def describe_cluster(address: str) -> dict[str, object]:
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "trial",
        "clusters": [{"name": "trial", "cluster": {"server": address}}],
        "users": [{"name": "trial", "user": {}}],
        "contexts": [{"name": "trial", "context": {"cluster": "trial", "user": "trial"}}],
    }
