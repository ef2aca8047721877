"""A custom job of Vertex AI, by gcloud: Terraform has no resource for one."""

import json
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cli.console import clean_text
from cli.errors import OutsideError, RefusedError
from terraform.verbs.train_job.job import SCRIPT, TrainingJob
from terraform.verbs.train_job.programs import Programs
from terraform.verbs.train_job.waiting import Hints, JobState

MACHINE = "n2-standard-8"
MOUNT = "/gcs/"  # where Vertex AI shows buckets to the job as folders
GOOD = "JOB_STATE_SUCCEEDED"
BAD = ("JOB_STATE_FAILED", "JOB_STATE_CANCELLED", "JOB_STATE_EXPIRED")


@dataclass(frozen=True)
class VertexJobs:
    """The custom jobs of one project and region."""

    project: str
    region: str
    account: str
    bucket: str
    programs: Programs

    def submit(self, job: TrainingJob) -> str:
        """The job's full name.

        Raises: RefusedError where the name is taken, OutsideError.
        """
        if found := self.find(job.name):
            raise RefusedError(
                f"a job called {job.name} is there already, {found['state']}: "
                "take another --name, or --follow to wait for that one"
            )
        with tempfile.TemporaryDirectory(prefix="lathe-job-") as folder:
            spec = Path(folder) / "job.json"
            spec.write_text(json.dumps(self.compose(job)), encoding="utf-8")
            made = self._gcloud(
                "create", f"--display-name={job.name}", f"--config={spec}", "--labels=application=lathe"
            )
        return str(made["name"])

    def compose(self, job: TrainingJob) -> dict[str, Any]:
        """The CustomJobSpec: one worker on a spot machine, the image as it is, the buckets as folders."""
        variables = {
            "LATHE_DATA": mount(job.data),
            "LATHE_CHAMPION": mount(job.champion or ""),
            "LATHE_OUTPUT": f"{MOUNT}{self.bucket}/training/{job.name}",
        }
        container = {
            "imageUri": job.image,
            "command": ["/bin/sh", "-c"],
            "args": [SCRIPT],
            "env": [{"name": name, "value": value} for name, value in variables.items()],
        }
        pool = {"replicaCount": 1, "machineSpec": {"machineType": job.machine}, "containerSpec": container}
        return {
            "workerPoolSpecs": [pool],
            "serviceAccount": self.account,
            "scheduling": {"timeout": f"{job.minutes * 60}s", "strategy": "SPOT"},
            "baseOutputDirectory": {"outputUriPrefix": f"gs://{self.bucket}/training/{job.name}"},
        }

    def find(self, name: str) -> Mapping[str, Any] | None:
        """The newest job of that name.

        Raises: OutsideError.
        """
        found = self._gcloud("list", f"--filter=displayName={name}", "--sort-by=~createTime")
        return next((one for one in found if one.get("displayName") == name), None)

    def look(self, full_name: str) -> JobState:
        """Raises: OutsideError."""
        job = self._gcloud("describe", full_name)
        state = str(job.get("state", "unknown"))
        error = job.get("error") or {}
        reason = clean_text(str(error.get("message", "")), 600)
        if state in BAD and reason:
            explained = self.programs.explain("Vertex AI", reason)
            reason = str(explained).removeprefix("Vertex AI: ")
        return JobState(state, state == GOOD or state in BAD, state == GOOD, reason)

    def hint(self, name: str, full_name: str) -> Hints:
        where = f"--project={self.project} --region={self.region}"
        return Hints(
            f"make train-vertex NAME={name} FOLLOW=1",
            f"gcloud ai custom-jobs cancel {full_name} {where}",
            f"gcloud ai custom-jobs stream-logs {full_name} {where}",
        )

    def _gcloud(self, verb: str, *arguments: str) -> Any:
        where = (f"--project={self.project}", f"--region={self.region}", "--format=json", "--quiet")
        text = self.programs.run("gcloud", "ai", "custom-jobs", verb, *arguments, *where)
        try:
            return json.loads(text)
        except ValueError as error:
            raise OutsideError(f"gcloud ai custom-jobs {verb} printed no JSON: {clean_text(text, 200)}") from error


def mount(place: str) -> str:
    """A place in a bucket as the job sees it."""
    return MOUNT + place.removeprefix("gs://") if place.startswith("gs://") else place
