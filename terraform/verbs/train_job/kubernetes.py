"""A Job on the cluster's training nodes, by kubectl: the same image, restricted, with the right to write bundles."""

import json
from dataclasses import dataclass
from typing import Any

from cli.console import clean_text
from terraform.verbs.train_job.job import TrainingJob
from terraform.verbs.train_job.manifest import compose_job, compose_namespace
from terraform.verbs.train_job.programs import Programs
from terraform.verbs.train_job.waiting import Hints, JobState

STUCK = ("ErrImagePull", "ImagePullBackOff", "InvalidImageName", "CreateContainerConfigError")


@dataclass(frozen=True)
class KubernetesJobs:
    """The Jobs of one namespace."""

    namespace: str
    bucket: str
    transfer_image: str
    any_node: bool
    programs: Programs

    def submit(self, job: TrainingJob) -> str:
        """The Job's name. The namespace and its service account are made where they are missing.

        Raises: OutsideError, also where the name is taken.
        """
        self.programs.run("kubectl", "apply", "-f", "-", given=json.dumps(compose_namespace(self.namespace)))
        manifest = compose_job(job, self.namespace, self.bucket, self.transfer_image, any_node=self.any_node)
        self.programs.run("kubectl", "create", "-f", "-", given=json.dumps(manifest))
        return job.name

    def look(self, name: str) -> JobState:
        """Raises: OutsideError."""
        job = self._get("job", name)
        conditions = {
            one["type"]: one for one in job.get("status", {}).get("conditions", []) if one["status"] == "True"
        }
        if "Complete" in conditions:
            return JobState("Complete", is_over=True, is_good=True)
        pods = self._get("pods", f"--selector=batch.kubernetes.io/job-name={name}").get("items", [])
        if failed := conditions.get("Failed"):
            reason = clean_text(f"{failed.get('reason', '')}: {failed.get('message', '')}", 200)
            return JobState("Failed", is_over=True, reason=" ".join(filter(None, (reason, self._read_end(pods)))))
        if stuck := find_stuck(pods):
            reason = str(self.programs.explain("the pod", stuck))
            return JobState("Pending", is_over=True, reason=reason)
        return JobState("Running" if any(is_started(pod) for pod in pods) else "Pending")

    def hint(self, name: str, _: str) -> Hints:
        return Hints(
            f"make train-eks NAME={name} FOLLOW=1",
            f"kubectl --namespace={self.namespace} delete job {name}",
            f"kubectl --namespace={self.namespace} logs job/{name} --all-containers",
        )

    def _read_end(self, pods: list[Any]) -> str:
        """The last line that the failed container wrote, of the newest pod."""
        for pod in sorted(pods, key=lambda pod: str(pod["metadata"].get("creationTimestamp", "")), reverse=True):
            for status in list_statuses(pod):
                ended = status.get("state", {}).get("terminated") or {}
                if ended.get("exitCode"):
                    name = str(status["name"])
                    logs = self.programs.try_run(
                        "kubectl",
                        f"--namespace={self.namespace}",
                        "logs",
                        pod["metadata"]["name"],
                        f"--container={name}",
                        "--tail=5",
                    )
                    last = (logs.out.strip().splitlines() or [""])[-1]
                    return clean_text(f"container {name} ended with {ended['exitCode']}: {last}", 400)
        return ""

    def _get(self, kind: str, which: str) -> Any:
        return json.loads(
            self.programs.run("kubectl", f"--namespace={self.namespace}", "get", kind, which, "--output=json")
        )


def list_statuses(pod: dict[str, Any]) -> list[dict[str, Any]]:
    status = pod.get("status", {})
    return [*status.get("initContainerStatuses", []), *status.get("containerStatuses", [])]


def is_started(pod: dict[str, Any]) -> bool:
    return any(
        "running" in status.get("state", {}) or "terminated" in status.get("state", {}) for status in list_statuses(pod)
    )


def find_stuck(pods: list[Any]) -> str:
    """What a pod waits for in vain."""
    for pod in pods:
        for status in list_statuses(pod):
            waiting = status.get("state", {}).get("waiting") or {}
            if waiting.get("reason") in STUCK:
                return f"{waiting['reason']}: {waiting.get('message', '')} (container {status['name']})"
    return ""
