"""The Kubernetes objects of a training job: a restricted namespace, a service account, and the Job."""

from typing import Any

from terraform.verbs.train_job.job import SCRIPT, TrainingJob

ACCOUNT = "training"  # as jobs.tf binds it
POOL = "lathe/pool"  # as nodes.tf labels and taints the training nodes
USER = 65532  # the image's own
WORK = "/work"
FETCH, TRAIN, KEEP = "fetch", "train", "keep"
RESTRICTED = {
    "allowPrivilegeEscalation": False,
    "readOnlyRootFilesystem": True,
    "capabilities": {"drop": ["ALL"]},
}


def compose_namespace(namespace: str) -> dict[str, Any]:
    """With Pod Security at its strictest."""
    labels = {f"pod-security.kubernetes.io/{mode}": "restricted" for mode in ("enforce", "audit", "warn")}
    account = {"name": ACCOUNT, "namespace": namespace}
    return {
        "apiVersion": "v1",
        "kind": "List",
        "items": [
            {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace, "labels": labels}},
            {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": account, "automountServiceAccountToken": False},
        ],
    }


def compose_job(
    job: TrainingJob, namespace: str, bucket: str, transfer_image: str, *, any_node: bool
) -> dict[str, Any]:
    """What is in a bucket is fetched before and kept after the training, for the image itself has no client of S3.

    A node that is taken away counts as no failure; a training that fails is not repeated.
    """
    labels = {"app.kubernetes.io/name": "lathe-training", "app.kubernetes.io/managed-by": "lathe"}
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {"name": job.name, "namespace": namespace, "labels": labels},
        "spec": {
            "backoffLimit": 0,
            "activeDeadlineSeconds": job.minutes * 60,
            "ttlSecondsAfterFinished": 7 * 24 * 3600,
            "podFailurePolicy": {
                "rules": [{"action": "Ignore", "onPodConditions": [{"type": "DisruptionTarget", "status": "True"}]}]
            },
            "template": {
                "metadata": {"labels": labels},
                "spec": compose_pod(job, bucket, transfer_image, any_node=any_node),
            },
        },
    }


def compose_pod(job: TrainingJob, bucket: str, transfer_image: str, *, any_node: bool) -> dict[str, Any]:
    fetched = {"LATHE_DATA": job.data, "LATHE_CHAMPION": job.champion or ""}
    in_bucket = {name: place for name, place in fetched.items() if place.startswith("s3://")}
    local = {name: f"{WORK}/{locate(name, place)}" if name in in_bucket else place for name, place in fetched.items()}
    copies = [
        f"aws s3 cp {'--recursive ' if name == 'LATHE_CHAMPION' else ''}'{in_bucket[name]}' '{local[name]}'"
        for name in in_bucket
    ]
    keep = f"aws s3 cp --recursive '{WORK}/result' 's3://{bucket}/training/{job.name}'"
    fetching = [compose_container(FETCH, transfer_image, " && ".join(copies), {})] if copies else []
    training = compose_container(TRAIN, job.image, SCRIPT, {**local, "LATHE_OUTPUT": f"{WORK}/result"})
    training["resources"] = {"requests": {"cpu": "4", "memory": "8Gi"}, "limits": {"memory": "8Gi"}}
    placed = (
        {}
        if any_node
        else {
            "nodeSelector": {POOL: "training"},
            "tolerations": [{"key": POOL, "operator": "Equal", "value": "training", "effect": "NoSchedule"}],
        }
    )
    return {
        "restartPolicy": "Never",
        "serviceAccountName": ACCOUNT,
        "automountServiceAccountToken": False,
        "securityContext": {
            "runAsNonRoot": True,
            "runAsUser": USER,
            "runAsGroup": USER,
            "fsGroup": USER,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "initContainers": [*fetching, training],
        "containers": [compose_container(KEEP, transfer_image, keep, {})],
        "volumes": [
            {"name": "work", "emptyDir": {"sizeLimit": "8Gi"}},
            {"name": "tmp", "emptyDir": {"sizeLimit": "1Gi"}},
        ],
        **placed,
    }


def compose_container(name: str, image: str, script: str, variables: dict[str, str]) -> dict[str, Any]:
    env = {"HOME": "/tmp", "LATHE_WORK": WORK, **variables}  # noqa: S108 - a volume of the pod alone
    return {
        "name": name,
        "image": image,
        "command": ["/bin/sh", "-c", script],
        "env": [{"name": key, "value": value} for key, value in env.items()],
        "resources": {"requests": {"cpu": "100m", "memory": "256Mi"}, "limits": {"memory": "512Mi"}},
        "securityContext": RESTRICTED,
        "volumeMounts": [{"name": "work", "mountPath": WORK}, {"name": "tmp", "mountPath": "/tmp"}],  # noqa: S108 - the same
    }


def locate(name: str, place: str) -> str:
    """Where a fetched place lies: the data keep their name, by whose end training knows what they are."""
    return "champion" if name == "LATHE_CHAMPION" else f"data/{place.rpartition('/')[2]}"
