"""A training on Vertex AI, by the real gcloud, up to the bundle in the bucket; and what is said when it fails."""

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from contract.bundle import read_bundle
from contract.report import read_report
from tests.patience import LAST_RESORT_SECONDS
from tests.repo.sources import ROOT
from tests.terraform.fakes.vertex import Vertex
from tests.terraform.train_job.conftest import IMAGE, Run

GOOD = ("--image", IMAGE, "--data", "gs://lathe-bundles/data/rows.csv", "--first-run", "--name", "first")


@pytest.mark.slow
def test_a_job_is_sent_whole_runs_the_images_command_and_leaves_bundle_and_report_in_the_bucket(
    on_vertex: Run, vertex_service: Vertex, buckets: Path, rows: Path
) -> None:
    shutil.copy(rows, buckets / "lathe-bundles" / "data" / "rows.csv")
    done = on_vertex(*GOOD)
    assert done.returncode == 0, done.stderr
    assert "gs://lathe-bundles/training/first/" in done.stdout
    result = buckets / "lathe-bundles" / "training" / "first"
    assert read_bundle(result / "bundle").digest
    report, _ = read_report(result / "report.json")
    assert report.candidate

    spec = vertex_service.bodies[0]["jobSpec"]
    container = spec["workerPoolSpecs"][0]["containerSpec"]
    assert container["imageUri"] == IMAGE
    assert spec["workerPoolSpecs"][0]["machineSpec"] == {"machineType": "n2-standard-8"}
    assert spec["serviceAccount"] == "lathe-test-training@lathe-trial.iam.gserviceaccount.com"
    assert spec["scheduling"] == {"timeout": "7200s", "strategy": "SPOT"}
    assert {one["name"]: one.get("value", "") for one in container["env"]} == {
        "LATHE_DATA": "/gcs/lathe-bundles/data/rows.csv",
        "LATHE_CHAMPION": "",
        "LATHE_OUTPUT": "/gcs/lathe-bundles/training/first",
    }

    again = on_vertex(*GOOD)
    assert again.returncode == 1
    assert "a job called first is there already, JOB_STATE_SUCCEEDED: take another --name" in again.stderr
    followed = on_vertex("--follow", "--name", "first")
    assert (followed.returncode, len(vertex_service.jobs)) == (0, 1)


@pytest.mark.slow
def test_a_job_that_fails_is_named_with_its_reason_and_the_command_that_shows_its_logs(on_vertex: Run) -> None:
    done = on_vertex(
        "--image", IMAGE, "--data", "gs://lathe-bundles/data/no-such.csv", "--first-run", "--name", "fails"
    )
    assert done.returncode == 4
    assert "the job is JOB_STATE_FAILED" in done.stderr
    assert "no-such.csv" in done.stderr
    assert "gcloud ai custom-jobs stream-logs projects/lathe-trial/locations/europe-west3/customJobs/1" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.slow
def test_each_refusal_of_the_cloud_is_one_line_with_the_next_command(
    on_vertex: Run, vertex_service: Vertex, outputs: Path
) -> None:
    no_credentials = on_vertex(*GOOD, CLOUDSDK_AUTH_ACCESS_TOKEN="expired")
    assert no_credentials.returncode == 4
    assert "there are no credentials that the cloud takes" in no_credentials.stderr
    assert "next: gcloud auth login" in no_credentials.stderr

    vertex_service.quota = 0
    quota = on_vertex(*GOOD)
    assert quota.returncode == 4
    assert "the quota is used up" in quota.stderr
    vertex_service.quota = 10

    missing = on_vertex("--image", IMAGE.replace("a" * 64, "c" * 64), *GOOD[2:-1], "missing")
    assert missing.returncode == 4
    assert f"next: crane manifest {IMAGE.replace('a' * 64, 'c' * 64)}" in missing.stderr

    outputs.write_text(outputs.read_text().replace("europe-west3", "mars-north1"))
    region = on_vertex(*GOOD)
    assert region.returncode == 4
    assert "the region is not one that runs such jobs" in region.stderr
    for done in (no_credentials, quota, missing, region):
        assert len(done.stderr.strip().splitlines()) == 1, done.stderr


@pytest.mark.slow
def test_an_interrupt_leaves_the_job_alone_and_says_how_to_go_on_and_how_to_cancel(
    vertex_environment: dict[str, str], vertex_service: Vertex, outputs: Path
) -> None:
    vertex_service.capacity.clear()
    command = [sys.executable, "-m", "terraform.verbs", "train-job", "--on", "vertex", "--outputs", str(outputs)]
    with subprocess.Popen(
        [*command, *GOOD, "--pause-seconds", "600", "--minutes", "60"],
        cwd=ROOT,
        env=vertex_environment | {"PATH": os.environ["PATH"]},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as verb:
        assert verb.stdout
        assert "is submitted" in verb.stdout.readline()
        assert "the job is JOB_STATE" in verb.stdout.readline()
        verb.send_signal(signal.SIGINT)
        _, stderr = verb.communicate(timeout=LAST_RESORT_SECONDS)
    assert verb.returncode == 130
    assert "make train-vertex NAME=first FOLLOW=1" in stderr
    assert "gcloud ai custom-jobs cancel projects/lathe-trial/locations/europe-west3/customJobs/1" in stderr
    assert [job["state"] for job in vertex_service.jobs.values()] == ["JOB_STATE_PENDING"]
    vertex_service.capacity.set()
