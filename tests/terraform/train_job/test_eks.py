"""A training as a Kubernetes Job, by the real kubectl, up to the bundle in the bucket; and what its failures say."""

import shutil
from pathlib import Path
from typing import Any

import kubernetes_validate  # type: ignore[import-untyped]
import pytest

from contract.bundle import read_bundle
from contract.report import read_report
from terraform.verbs.train_job.job import TrainingJob
from terraform.verbs.train_job.manifest import compose_job, compose_namespace
from tests.terraform.fakes.kubernetes_api import KubernetesApi
from tests.terraform.train_job.conftest import IMAGE, TRANSFER_IMAGE, Run

IMAGES = ("--image", IMAGE, "--transfer-image", TRANSFER_IMAGE)
JOB = TrainingJob("first", IMAGE, "s3://data/rows.csv", "s3://lathe-bundles/champion", "", 60)


def compose(**changes: bool) -> dict[str, Any]:
    return compose_job(JOB, "training", "lathe-bundles", TRANSFER_IMAGE, **{"any_node": False, **changes})


@pytest.mark.slow
def test_a_job_fetches_its_data_trains_and_keeps_bundle_and_report_in_the_bucket(
    on_eks: Run, kubernetes_service: KubernetesApi, buckets: Path, rows: Path
) -> None:
    shutil.copy(rows, buckets / "lathe-bundles" / "data" / "rows.csv")
    done = on_eks(*IMAGES, "--data", "s3://lathe-bundles/data/rows.csv", "--first-run", "--name", "first")
    assert done.returncode == 0, done.stderr
    result = buckets / "lathe-bundles" / "training" / "first"
    assert read_bundle(result / "bundle").digest
    report, _ = read_report(result / "report.json")
    assert report.candidate
    assert (
        kubernetes_service.objects["namespaces/training"]["metadata"]["labels"]["pod-security.kubernetes.io/enforce"]
        == "restricted"
    )

    again = on_eks(*IMAGES, "--data", "uci", "--first-run", "--name", "first")
    assert again.returncode == 4
    assert "the name is taken" in again.stderr
    assert on_eks("--follow", "--name", "first").returncode == 0


@pytest.mark.slow
def test_each_failure_is_one_line_with_the_next_command(
    on_eks: Run, kubernetes_service: KubernetesApi, buckets: Path
) -> None:
    (buckets / "lathe-bundles" / "data" / "rows.csv").write_text("a,b\n1,2\n")
    fails = on_eks(*IMAGES, "--data", "s3://lathe-bundles/data/rows.csv", "--first-run", "--name", "fails")
    assert "container train ended with 2: error:" in fails.stderr
    assert "kubectl --namespace=training logs job/fails --all-containers" in fails.stderr

    missing = on_eks(
        "--image", IMAGE.replace("a" * 64, "c" * 64), *IMAGES[2:], "--data", "uci", "--first-run", "--name", "missing"
    )
    assert "the image is not there, or the job may not read it" in missing.stderr
    assert "next: crane manifest" in missing.stderr

    kubernetes_service.quota = 0
    quota = on_eks(*IMAGES, "--data", "uci", "--first-run", "--name", "more")
    assert "the quota is used up" in quota.stderr
    kubernetes_service.is_open = False
    stranger = on_eks(*IMAGES, "--data", "uci", "--first-run", "--name", "stranger")
    assert "there are no credentials that the cloud takes" in stranger.stderr
    for done in (fails, missing, quota, stranger):
        assert done.returncode == 4
        assert len(done.stderr.strip().splitlines()) == 1, done.stderr


def test_the_job_is_one_that_kubernetes_takes() -> None:
    kubernetes_validate.validate(compose(), "1.35", strict=True)
    for item in compose_namespace("training")["items"]:
        kubernetes_validate.validate(item, "1.35", strict=True)


def test_the_job_keeps_to_the_restricted_pod_security_and_the_training_nodes() -> None:
    pod = compose()["spec"]["template"]["spec"]
    containers = [*pod["initContainers"], *pod["containers"]]
    assert [container["name"] for container in containers] == ["fetch", "train", "keep"]
    assert [container["image"] for container in containers] == [TRANSFER_IMAGE, IMAGE, TRANSFER_IMAGE]
    for container in containers:
        security = container["securityContext"]
        assert not security["allowPrivilegeEscalation"]
        assert security["readOnlyRootFilesystem"]
        assert security["capabilities"] == {"drop": ["ALL"]}
    assert pod["securityContext"]["runAsNonRoot"]
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert (pod["serviceAccountName"], pod["automountServiceAccountToken"]) == ("training", False)
    assert pod["nodeSelector"] == {"lathe/pool": "training"}
    assert pod["tolerations"] == [
        {"key": "lathe/pool", "operator": "Equal", "value": "training", "effect": "NoSchedule"}
    ]


def test_without_training_nodes_the_job_goes_anywhere() -> None:
    assert "nodeSelector" not in compose(any_node=True)["spec"]["template"]["spec"]


@pytest.mark.parametrize("root", ["eks", "gke"])
def test_the_jobs_pool_taint_and_account_are_those_of_the_roots(root: str) -> None:
    folder = Path(__file__).parents[3] / "terraform" / root
    nodes = (folder / "nodes.tf").read_text(encoding="utf-8")
    assert 'labels = { "lathe/pool" = each.key }' in " ".join(nodes.split())
    assert 'key = "lathe/pool"' in " ".join(nodes.split())
    assert "training" in (folder / "jobs.tf").read_text(encoding="utf-8")
