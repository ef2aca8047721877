"""Vertex AI's custom jobs: checks what the real gcloud sends, and runs the image's command.

`python -m tests.terraform.fakes.vertex --port N --folder BUCKETS --image IMAGE` serves it.
"""

import argparse
import re
import threading
from collections.abc import Collection
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

from tests.terraform.fakes.containers import run_container
from tests.terraform.fakes.http import Answer, Request, explain, make_server

PATH = re.compile(r"/v1(?:beta1)?/(projects/[^/]+/locations/([^/]+)/customJobs)(?:/(\d+))?(:cancel)?")
DIGEST = re.compile(r".+@sha256:[0-9a-f]{64}")
ACCOUNT = re.compile(r"[a-z0-9-]+@[a-z0-9-]+\.iam\.gserviceaccount\.com")
TOKEN = "dummy"
REGIONS = ("europe-west3", "europe-west4", "us-central1")
MACHINES = ("n2-standard-4", "n2-standard-8")


class Vertex:
    """`folder` holds a folder a bucket; `images` are those that exist; `quota` is how many jobs there may be."""

    def __init__(self, folder: Path, images: Collection[str], quota: int = 10) -> None:
        self.folder, self.images, self.quota = folder, images, quota
        self.jobs: dict[str, dict[str, Any]] = {}
        self.bodies: list[dict[str, Any]] = []
        self.threads: list[threading.Thread] = []
        self.capacity = threading.Event()  # jobs stay pending while there is none
        self.capacity.set()

    def answer(self, request: Request) -> Answer:  # noqa: PLR0911 - a table of addresses
        found = PATH.fullmatch(request.path)
        if not found:
            return explain(404, "NOT_FOUND", f"{request.path} is no address of custom jobs")
        if request.token != TOKEN:
            words = "Request had invalid authentication credentials. Expected OAuth 2 access token"
            return explain(401, "UNAUTHENTICATED", words)
        parent, region, number, cancel = found.groups()
        if region not in REGIONS:
            return explain(400, "INVALID_ARGUMENT", f"Unsupported region {region}")
        name = f"{parent}/{number}"
        if cancel:
            self.jobs[name]["state"] = "JOB_STATE_CANCELLED"
            return Answer(200, {})
        if request.method == "POST":
            return self.create(parent, request.body)
        if number:
            return (
                Answer(200, self.jobs[name]) if name in self.jobs else explain(404, "NOT_FOUND", f"{name} is not there")
            )
        return Answer(200, {"customJobs": self.list_jobs(request.query)})

    def list_jobs(self, query: str) -> list[dict[str, Any]]:
        """Newest first, by the filter on the display name if there is one."""
        wanted = re.search(r'displayName\s*[=:]\s*"?([\w-]+)', " ".join(parse_qs(query).get("filter", [])))
        return [job for job in reversed(self.jobs.values()) if not wanted or job["displayName"] == wanted[1]]

    def create(self, parent: str, body: dict[str, Any]) -> Answer:
        self.bodies.append(body)
        if problem := find_problem(body):
            return explain(400, "INVALID_ARGUMENT", problem)
        if len(self.jobs) >= self.quota:
            words = (
                "The following quota metrics exceed quota limits: aiplatform.googleapis.com/custom_model_training_cpus"
            )
            return explain(429, "RESOURCE_EXHAUSTED", words)
        name = f"{parent}/{len(self.jobs) + 1}"
        job = {"name": name, "state": "JOB_STATE_PENDING", "createTime": "2026-11-28T12:00:00Z", **body}
        self.jobs[name] = job
        self.threads.append(threading.Thread(target=self.run, args=(job,)))
        self.threads[-1].start()
        return Answer(200, job)

    def run(self, job: dict[str, Any]) -> None:
        """What the worker does."""
        self.capacity.wait()
        if job["state"] == "JOB_STATE_CANCELLED":
            return
        container = job["jobSpec"]["workerPoolSpecs"][0]["containerSpec"]
        if container["imageUri"] not in self.images:
            self.fail(job, f"Image {container['imageUri']} was not found or the service agent may not pull it")
            return
        job["state"] = "JOB_STATE_RUNNING"
        command = [*container["command"], *container.get("args", [])]
        work = self.folder / f".worker-{len(self.threads)}"
        done = run_container(command, container.get("env", []), {"/gcs/": self.folder}, work)
        if done.returncode:
            last = (done.stderr.strip() or done.stdout.strip() or "no output").splitlines()[-1]
            self.fail(job, f"The replica workerpool0-0 exited with a non-zero status of {done.returncode}. {last}")
        else:
            job["state"] = "JOB_STATE_SUCCEEDED"

    def fail(self, job: dict[str, Any], message: str) -> None:
        job["error"] = {"code": 3, "message": message}
        job["state"] = "JOB_STATE_FAILED"

    def join(self) -> None:
        for thread in self.threads:
            thread.join()


def find_problem(body: dict[str, Any]) -> str:
    """Why the service would not take the job."""
    spec = body.get("jobSpec", {})
    pools = spec.get("workerPoolSpecs", [])
    if not body.get("displayName") or len(pools) != 1:
        return "a display name and one worker pool are expected"
    if not DIGEST.fullmatch(pools[0].get("containerSpec", {}).get("imageUri", "")):
        return "the image is not named by its digest"
    if pools[0].get("machineSpec", {}).get("machineType") not in MACHINES:
        return f"Unsupported machine type {pools[0].get('machineSpec')}"
    if not ACCOUNT.fullmatch(spec.get("serviceAccount", "")):
        return "no service account"
    if not spec.get("baseOutputDirectory", {}).get("outputUriPrefix", "").startswith("gs://"):
        return "no output directory"
    return ""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--image", action="append", default=[])
    options = parser.parse_args()
    make_server(Vertex(options.folder, options.image).answer, options.port).serve_forever()


if __name__ == "__main__":
    main()
