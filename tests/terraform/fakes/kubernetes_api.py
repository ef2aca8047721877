"""As much of Kubernetes' API as the real kubectl needs for a Job, whose containers it runs on this machine."""

import re
import threading
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from tests.terraform.fakes.containers import run_container
from tests.terraform.fakes.http import Answer, Request

PATH = re.compile(
    r"/(?:api|apis/batch)/v1(?:/namespaces/([^/]+))?/(namespaces|serviceaccounts|jobs|pods)(?:/([^/]+))?(?:/(log))?"
)
KINDS = {
    "/api/v1": [("namespaces", "Namespace", False), ("serviceaccounts", "ServiceAccount", True), ("pods", "Pod", True)],
    "/apis/batch/v1": [("jobs", "Job", True)],
}


class KubernetesApi:
    """`images` are those that can be pulled; `programs` holds the `aws` of the transfer image."""

    def __init__(self, folder: Path, images: Collection[str], programs: Path, quota: int = 10) -> None:
        self.folder, self.images, self.programs, self.quota = folder, images, programs, quota
        self.objects: dict[str, dict[str, Any]] = {}
        self.pods: dict[str, dict[str, Any]] = {}
        self.logs: dict[tuple[str, str], str] = {}
        self.is_open = True
        self.threads: list[threading.Thread] = []

    def answer(self, request: Request) -> Answer:  # noqa: PLR0911 - a table of addresses
        if not self.is_open:
            return refuse(401, "Unauthorized", "Unauthorized")
        if request.path == "/openapi/v2":  # an older kubectl's: an empty document knows no fields, so none is checked
            return Answer(200, "")
        if found := describe_api(request.path):
            return Answer(200, found)
        match = PATH.fullmatch(request.path)
        if not match:
            return refuse(404, "NotFound", f"{request.path} not found")
        _, kind, name, log = match.groups()
        if kind == "pods":
            return self.answer_pods(name, log, request.query)
        key = f"{kind}/{name or (request.body or {}).get('metadata', {}).get('name')}"
        if request.method == "POST":
            return self.create(key, kind, request.body)
        if key not in self.objects:
            return refuse(404, "NotFound", f'{kind} "{name}" not found')
        return Answer(200, self.objects[key])

    def create(self, key: str, kind: str, body: dict[str, Any]) -> Answer:
        if key in self.objects:
            return refuse(409, "AlreadyExists", f'{kind} "{key.partition("/")[2]}" already exists')
        jobs = [one for one in self.objects if one.startswith("jobs/")]
        if kind == "jobs" and len(jobs) >= self.quota:
            return refuse(403, "Forbidden", f"jobs.batch is forbidden: exceeded quota: training, limited: {self.quota}")
        self.objects[key] = body
        if kind == "jobs":
            self.threads.append(threading.Thread(target=self.run, args=(body,)))
            self.threads[-1].start()
        return Answer(201, body)

    def answer_pods(self, name: str | None, log: str | None, query: str) -> Answer:
        if log:
            found = re.search(r"container=([\w-]+)", query)
            return Answer(200, self.logs.get((name or "", found[1] if found else ""), ""))
        if name:
            return Answer(200, self.pods[name]) if name in self.pods else refuse(404, "NotFound", f"{name} not found")
        return Answer(200, {"kind": "PodList", "apiVersion": "v1", "metadata": {}, "items": list(self.pods.values())})

    def run(self, job: dict[str, Any]) -> None:
        """What job controller and kubelet do, without ever trying again."""
        name = job["metadata"]["name"]
        spec = job["spec"]["template"]["spec"]
        containers = [*spec["initContainers"], *spec["containers"]]
        statuses: list[dict[str, Any]] = []
        pod = {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {"name": f"{name}-0"},
            "spec": spec,
            "status": {"initContainerStatuses": statuses},
        }
        self.pods[f"{name}-0"] = pod
        for container in containers:
            if container["image"] not in self.images:
                waiting = {"reason": "ErrImagePull", "message": f"image {container['image']}: not found"}
                statuses.append({"name": container["name"], "state": {"waiting": waiting}})
                return
            statuses.append({"name": container["name"], "state": {"running": {}}})
            code = self.run_one(f"{name}-0", container)
            statuses[-1]["state"] = {"terminated": {"exitCode": code}}
            if code:
                self.finish(job, "Failed", "BackoffLimitExceeded", "Job has reached the specified backoff limit")
                return
        self.finish(job, "Complete", "", "")

    def run_one(self, pod: str, container: Mapping[str, Any]) -> int:
        mounts = {"/work": self.folder / pod}
        done = run_container(container["command"], container["env"], mounts, self.folder / pod, self.programs)
        self.logs[(pod, container["name"])] = f"{done.stdout}{done.stderr}"
        return done.returncode

    def finish(self, job: dict[str, Any], kind: str, reason: str, message: str) -> None:
        job["status"] = {"conditions": [{"type": kind, "status": "True", "reason": reason, "message": message}]}

    def join(self) -> None:
        for thread in self.threads:
            thread.join()


def refuse(status: int, reason: str, message: str) -> Answer:
    """An error as the API server writes it."""
    return Answer(
        status,
        {
            "kind": "Status",
            "apiVersion": "v1",
            "status": "Failure",
            "reason": reason,
            "message": message,
            "code": status,
        },
    )


def describe_api(path: str) -> dict[str, Any] | None:
    """Discovery, and as much of OpenAPI as tells kubectl that the server itself validates."""
    if path == "/version":
        return {"major": "1", "minor": "35", "gitVersion": "v1.35.0"}
    if path == "/api":
        return {"kind": "APIVersions", "versions": ["v1"]}
    if path == "/apis":
        version = {"groupVersion": "batch/v1", "version": "v1"}
        group = {"name": "batch", "versions": [version], "preferredVersion": version}
        return {"kind": "APIGroupList", "apiVersion": "v1", "groups": [group]}
    if path in KINDS:
        resources = [
            {
                "name": name,
                "singularName": kind.lower(),
                "namespaced": is_namespaced,
                "kind": kind,
                "verbs": ["create", "get", "list"],
            }
            for name, kind, is_namespaced in KINDS[path]
        ]
        group_version = path.removeprefix("/apis/").removeprefix("/api/")
        return {"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": group_version, "resources": resources}
    if path == "/openapi/v3":
        return {"paths": {place.strip("/"): {"serverRelativeURL": f"/openapi/v3{place}"} for place in KINDS}}
    place = path.removeprefix("/openapi/v3")
    return describe_paths(place) if place in KINDS else None


def describe_paths(place: str) -> dict[str, Any]:
    paths: dict[str, Any] = {}
    for name, kind, _ in KINDS[place]:
        group = "batch" if "batch" in place else ""
        known = {"group": group, "version": "v1", "kind": kind}
        patch = {"x-kubernetes-group-version-kind": known, "parameters": [{"name": "fieldValidation", "in": "query"}]}
        paths[f"{place}/{name}/{{name}}"] = {"patch": patch}
    return {"openapi": "3.0.0", "info": {"title": "Kubernetes", "version": "v1.35.0"}, "paths": paths}
