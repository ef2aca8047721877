"""Per environment: what Git wants, what the cluster runs, and what could not be asked."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from release import console
from release.cluster import Cluster
from release.errors import OutsideError
from release.overlays import NOT_RELEASED, list_overlays, read_images

ARGOCD = "argocd"
SELECTOR = "app.kubernetes.io/name=predictor"
UNKNOWN = "?"  # it could not be asked
NOTHING = "-"  # asked, and there is none
SHOWN_DIGITS = 12
HEADERS = ("Environment", "Wanted", "Running", "Bundle", "Sync", "Health", "Pods")


@dataclass
class Status:
    """One environment; `?` is what could not be asked."""

    environment: str
    wanted: str
    running: str = UNKNOWN
    bundle: str = UNKNOWN
    sync: str = UNKNOWN
    health: str = UNKNOWN
    pods: str = UNKNOWN
    url: str = UNKNOWN
    unasked: list[str] = field(default_factory=list)

    @property
    def namespace(self) -> str:
        return f"lathe-{self.environment}"

    @property
    def cells(self) -> tuple[str, ...]:
        """The table's, narrow enough for a terminal."""
        versions = (text.replace(" (sha256:", "\n(") for text in (self.wanted, self.running))
        return (self.environment, *versions, self.bundle, self.sync, self.health, self.pods)


def show_status(root: Path, cluster: Cluster) -> list[Status]:
    """Prints the table; a cluster that does not answer is a warning, for Git alone is worth reading.

    Raises: InputError if an overlay cannot be read.
    """
    statuses = [Status(name, read_wanted(root, name)) for name in list_overlays(root)]
    warnings = []
    try:
        cluster.check()
    except OutsideError as error:
        warnings.append(f"no cluster was asked: {error}")
    else:
        for status in statuses:
            fill_status(status, cluster)
            warnings += status.unasked
    console.print_grid("Environments", HEADERS, [status.cells for status in statuses])
    for status in statuses:
        if status.url not in (UNKNOWN, NOTHING):
            console.out.print(f"{status.environment}: {status.url}", soft_wrap=True, markup=False)
    for warning in dict.fromkeys(warnings):
        console.print_warning(warning)
    return statuses


def read_wanted(root: Path, environment: str) -> str:
    return ", ".join(line.version for line in read_images(root, environment))


def fill_status(status: Status, cluster: Cluster) -> None:
    """Each question by itself: one that fails takes no other along."""
    for ask in (ask_argo, ask_pods, ask_url, ask_bundle):
        attempt(status, cluster, ask)


def attempt(status: Status, cluster: Cluster, ask: Callable[[Status, Cluster], None]) -> None:
    try:
        ask(status, cluster)
    except OutsideError as error:
        status.unasked.append(str(error))


def ask_argo(status: Status, cluster: Cluster) -> None:
    applications = cluster.list("applications.argoproj.io", ARGOCD)
    found = next((one for one in applications if one["metadata"]["name"] == status.namespace), None)
    told = (found or {}).get("status", {})
    missing = UNKNOWN if found else NOTHING
    status.sync = told.get("sync", {}).get("status", missing)
    status.health = told.get("health", {}).get("status", missing)


def ask_pods(status: Status, cluster: Cluster) -> None:
    pods = [one for one in cluster.list("pods", status.namespace, SELECTOR) if is_staying(one)]
    deployments = cluster.list("deployments", status.namespace, SELECTOR)
    wanted = sum(int(one["spec"].get("replicas", 1)) for one in deployments)
    status.pods = f"{sum(map(is_ready, pods))}/{wanted}" if deployments or pods else NOTHING
    images = dict.fromkeys(shorten_image(box["image"]) for pod in pods if is_ready(pod) for box in list_boxes(pod))
    status.running = ", ".join(images) or NOTHING


def list_boxes(pod: dict[str, Any]) -> Iterable[dict[str, Any]]:
    boxes: list[dict[str, Any]] = pod["spec"]["containers"]
    return (box for box in boxes if box["name"] == "predictor")


def is_staying(pod: dict[str, Any]) -> bool:
    return "deletionTimestamp" not in pod["metadata"]


def is_ready(pod: dict[str, Any]) -> bool:
    conditions = pod.get("status", {}).get("conditions", [])
    return any(one["type"] == "Ready" and one["status"] == "True" for one in conditions)


def shorten_image(image: str) -> str:
    """`name:v1.2.3@sha256:…` as the overlay's own version reads."""
    name, _, digest = image.partition("@")
    tag = name.rpartition("/")[2].partition(":")[2] or NOT_RELEASED
    return f"{tag} ({digest[: len('sha256:') + SHOWN_DIGITS]})" if digest else tag


def ask_bundle(status: Status, cluster: Cluster) -> None:
    """Only where a pod can answer."""
    if status.pods.startswith(("0/", NOTHING, UNKNOWN)):
        status.bundle = status.pods if status.pods in (NOTHING, UNKNOWN) else NOTHING
        return
    ready = cluster.read_ready(status.namespace)
    status.bundle = str(ready.get("digest", UNKNOWN))[:SHOWN_DIGITS]


def ask_url(status: Status, cluster: Cluster) -> None:
    """From outside if the cluster lets anybody in, else the name that its pods use."""
    services = [
        one for one in cluster.list("services", status.namespace, SELECTOR) if one["metadata"]["name"] == "predictor"
    ]
    if not services:
        status.url = NOTHING
        return
    hosts = [
        rule["host"]
        for one in cluster.list("ingresses.networking.k8s.io", status.namespace)
        for rule in one["spec"].get("rules", [])
        if "host" in rule
    ]
    port = services[0]["spec"]["ports"][0].get("nodePort")
    inside = f"http://predictor.{status.namespace}.svc"
    status.url = f"https://{hosts[0]}" if hosts else f"http://<node>:{port}" if port else inside
