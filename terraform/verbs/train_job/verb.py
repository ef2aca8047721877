"""The verb `train-job`: submits, waits, and says where the bundle is."""

import os
import shlex
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from cli import console
from cli.errors import InputError
from terraform.verbs.train_job.job import IMAGE, TrainingJob, check_job
from terraform.verbs.train_job.kubernetes import KubernetesJobs
from terraform.verbs.train_job.outputs import read_outputs
from terraform.verbs.train_job.programs import Programs
from terraform.verbs.train_job.vertex import MACHINE, VertexJobs
from terraform.verbs.train_job.waiting import Hints, JobState, wait_for_job

CLOUDS = {"vertex": ("gke", "gs://"), "eks": ("eks", "s3://")}


@dataclass(frozen=True)
class Waiting:
    """How long to wait, and how long to rest between two looks."""

    is_wanted: bool
    minutes: float
    pause_seconds: float


@dataclass(frozen=True)
class Place:
    """One cloud: how a job gets there, and how to look at it."""

    scheme: str
    bucket: str
    submit: Callable[[TrainingJob], str]
    find: Callable[[str], str]
    look: Callable[[str], JobState]
    hint: Callable[[str, str], Hints]


def train_job(
    on: Annotated[str, typer.Option("--on", help="vertex: Vertex AI; eks: a Job on the cluster's training nodes.")],
    image: Annotated[str, typer.Option("--image", help="The training image by digest: HOST/NAME@sha256:….")] = "",
    data: Annotated[str, typer.Option("--data", help="gs://, s3:// or https://; `uci`; `generator`.")] = "",
    name: Annotated[
        str, typer.Option("--name", help="Of the job, and of its folder in the bucket. Default: by the time.")
    ] = "",
    champion: Annotated[str, typer.Option("--champion", help="The served bundle's folder in a bucket.")] = "",
    first_run: Annotated[bool, typer.Option("--first-run", help="There is no champion yet.")] = False,
    follow: Annotated[bool, typer.Option("--follow", help="Wait for the job of that name, submit nothing.")] = False,
    wait: Annotated[bool, typer.Option("--wait/--no-wait", help="Wait until it is over.")] = True,
    minutes: Annotated[int, typer.Option("--minutes", help="How long the job may run, and how long to wait.")] = 120,
    machine: Annotated[str, typer.Option("--machine", help="Machine type on Vertex AI.")] = MACHINE,
    transfer_image: Annotated[
        str,
        typer.Option("--transfer-image", envvar="LATHE_TRANSFER_IMAGE", help="eks: an image with `aws`, by digest."),
    ] = "",
    any_node: Annotated[
        bool, typer.Option("--any-node", help="eks: not on training nodes alone, as with Auto Mode.")
    ] = False,
    namespace: Annotated[str, typer.Option("--namespace", help="eks: as in kubernetes_namespaces.")] = "training",
    kubeconfig: Annotated[
        Path | None, typer.Option("--kubeconfig", help="eks: instead of the output's command.")
    ] = None,
    outputs: Annotated[Path | None, typer.Option("--outputs", help="What `terraform output -json` printed.")] = None,
    pause_seconds: Annotated[float, typer.Option("--pause-seconds", help="Between two looks.", min=0.01)] = 15,
) -> None:
    """Train on Vertex AI or EKS with the training image as it is; bundle and report end in the bundles bucket."""
    if on not in CLOUDS:
        raise InputError(f"--on is {on!r}, expected one of {', '.join(CLOUDS)}")
    cloud, scheme = CLOUDS[on]
    waiting = Waiting(wait, minutes, pause_seconds)
    if follow and not name:
        raise InputError("--follow waits for a job by its name: give --name")
    job = TrainingJob(
        name or f"train-{datetime.now(UTC):%Y%m%d-%H%M%S}", image, data, champion or None, machine, minutes
    )
    if not follow:
        if bool(champion) == first_run:
            raise InputError("the gate compares with a champion: give --champion FOLDER or --first-run, and not both")
        check_job(job, scheme)
        if on == "eks" and not IMAGE.fullmatch(transfer_image):
            raise InputError(
                f"--transfer-image is {transfer_image!r}, expected an image that holds `aws`, as HOST/NAME@sha256:…; "
                "`crane digest public.ecr.aws/aws-cli/aws-cli:latest` prints a digest"
            )
    found = read_outputs(cloud, outputs)
    with open_place(on, found, job, transfer_image, namespace, kubeconfig, any_node=any_node) as place:
        run_job(place, job, waiting, follow=follow)


def run_job(place: Place, job: TrainingJob, waiting: Waiting, *, follow: bool) -> None:
    """Raises: RefusedError, OutsideError."""
    full_name = place.find(job.name) if follow else place.submit(job)
    hints = place.hint(job.name, full_name)
    if not follow:
        console.print_done(f"{full_name} is submitted with {job.image}")
    if not waiting.is_wanted:
        console.print_done(f"wait: {hints.follow}; cancel: {hints.cancel}")
        return
    wait_for_job(lambda: place.look(full_name), hints, waiting.minutes, waiting.pause_seconds)
    console.print_done(f"bundle and report: {place.scheme}{place.bucket}/training/{job.name}/")


@contextmanager
def open_place(
    on: str,
    outputs: Mapping[str, str],
    job: TrainingJob,
    transfer_image: str,
    namespace: str,
    kubeconfig: Path | None,
    *,
    any_node: bool,
) -> Iterator[Place]:
    """Raises: OutsideError where the cluster's address is not to be had."""
    bucket, region = outputs["bundles_bucket"], outputs["region"]
    if on == "vertex":
        details = {
            "login": "gcloud auth login",
            "regions": "https://cloud.google.com/vertex-ai/docs/general/locations",
            "quota": "ask for more of aiplatform.googleapis.com/custom_model_training_preemptible_cpus",
            "image": job.image,
        }
        programs = Programs(os.environ, details)
        jobs = VertexJobs(outputs["registry"].split("/")[1], region, outputs["training_job_identity"], bucket, programs)
        yield Place("gs://", bucket, jobs.submit, lambda name: find_vertex(jobs, name), jobs.look, jobs.hint)
        return
    details = {
        "login": "aws sso login",
        "regions": "https://docs.aws.amazon.com/general/latest/gr/eks.html",
        "quota": f"kubectl --namespace={namespace} describe resourcequota",
        "image": job.image,
    }
    with tempfile.TemporaryDirectory(prefix="lathe-kubeconfig-") as folder:
        path = kubeconfig or Path(folder) / "kubeconfig"
        programs = Programs({**os.environ, "KUBECONFIG": str(path)}, details)
        if kubeconfig is None:
            programs.run(*shlex.split(outputs["kubeconfig"]))
        cluster = KubernetesJobs(namespace, bucket, transfer_image, any_node, programs)
        yield Place("s3://", bucket, cluster.submit, keep_name, cluster.look, cluster.hint)


def find_vertex(jobs: VertexJobs, name: str) -> str:
    """Raises: InputError if there is none."""
    if found := jobs.find(name):
        return str(found["name"])
    raise InputError(
        f"no job on Vertex AI is called {name}; gcloud ai custom-jobs list --region={jobs.region} shows all"
    )


def keep_name(name: str) -> str:
    """A Job is known by its name alone."""
    return name
