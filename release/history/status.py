"""Per environment: what Git wants, what the cluster runs, and what could not be read."""

import json
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cli import console
from cli.errors import OutsideError
from release.git.remote import Remote
from release.history.cluster import Cluster
from release.history.freshness import describe_age, describe_lag, describe_source
from release.history.standing import HEADERS as GIT_HEADERS
from release.history.standing import NOTHING, UNKNOWN, Standing, fill_standings, read_standings, read_texts
from release.history.trailers import Facts
from release.manifests.environments import locate_overlay
from release.manifests.overlays import NOT_RELEASED, list_overlays

ARGOCD = "argocd"
HERE = "https://kubernetes.default.svc"  # as Argo CD calls its own cluster
SELECTOR = "app.kubernetes.io/name=predictor"
SHOWN_DIGITS = 12
HEADERS = ("Environment", "Running", "Bundle", "Sync", "Health", "Pods")


@dataclass
class Status:
    """One environment; `?` is what could not be read."""

    environment: str
    wanted: str
    running: str = UNKNOWN
    bundle: str = UNKNOWN
    sync: str = UNKNOWN
    health: str = UNKNOWN
    pods: str = UNKNOWN
    url: str = UNKNOWN
    server: str = ""  # the cluster's address, where Argo CD runs the environment in another than its own
    unasked: list[str] = field(default_factory=list)

    @property
    def namespace(self) -> str:
        return f"lathe-{self.environment}"

    @property
    def cells(self) -> tuple[str, ...]:
        """The table's, narrow enough for a terminal."""
        running = self.running.replace(" (sha256:", "\n(")
        return (self.environment, running, self.bundle, self.sync, self.health, self.pods)


def show_status(root: Path, cluster: Cluster, *, fetch: bool = False, as_json: bool = False) -> list[Status]:
    """Prints Git's table and, where a cluster answers, the cluster's; Git alone is worth reading.

    Raises: InputError if an overlay cannot be read, OutsideError if the remote is to be fetched and does not answer.
    """
    standings, warnings = read_git(root, fetch=fetch)
    statuses = [Status(one.environment, one.line.version) for one in standings]
    try:
        cluster.check()
    except OutsideError as error:
        has_cluster = False
        warnings.append(f"no cluster was queried: {error}")
    else:
        has_cluster = True
        for status in statuses:
            fill_status(status, cluster)
            warnings += status.unasked
    if as_json:
        described = [describe_environment(*pair, has_cluster) for pair in zip(standings, statuses, strict=True)]
        sys.stdout.write(json.dumps(described, indent=2, ensure_ascii=False) + "\n")
    else:
        print_tables(standings, statuses if has_cluster else [])
        console.out.print(describe_source(Remote(root), fetch=fetch), soft_wrap=True, markup=False)
    for warning in dict.fromkeys(warnings):
        console.print_warning(warning)
    return statuses


def read_git(root: Path, *, fetch: bool) -> tuple[list[Standing], list[str]]:
    """What Git wants by this checkout, or by the remote's newest commit; and notes on how old that is."""
    remote = Remote(root)
    names = list_overlays(root)
    if fetch:
        head = remote.fetch()
        texts = read_texts(remote.clone, names, head)
    else:
        head = "HEAD"
        texts = {name: (root / locate_overlay(name)).read_text(encoding="utf-8") for name in names}
    standings = read_standings(texts)
    notes = [fill_standings(standings, remote.clone, head)]
    if not notes[0]:
        notes += [] if fetch else [describe_lag(remote), describe_age(remote)]
    return standings, [text for text in notes if text]


def print_tables(standings: Sequence[Standing], statuses: Sequence[Status]) -> None:
    lines = any("\n" in cell for one in standings for cell in one.cells)
    console.print_grid("What Git wants", GIT_HEADERS, [one.cells for one in standings], lines=lines)
    if not statuses:
        return
    console.print_grid("What the cluster runs", HEADERS, [status.cells for status in statuses])
    for status in statuses:
        if status.url not in (UNKNOWN, NOTHING):
            console.out.print(f"{status.environment}: {status.url}", soft_wrap=True, markup=False)


def describe_environment(standing: Standing, status: Status, has_cluster: bool) -> dict[str, Any]:
    """Both tables' row for programs; the cluster's part is null where none answered."""
    line, known = standing.line, standing.facts or Facts()
    fields = ("running", "bundle", "sync", "health", "pods", "url")
    return {
        "environment": standing.environment,
        "version": line.tag if line.is_released else None,
        "digest": line.digest,
        "bundle": known.bundle or None,
        "verdict": known.verdict or None,
        "quality": dict(known.quality),
        "since": standing.since.isoformat() if standing.since and line.is_released else None,
        "released": standing.released.replace("\n", ", "),
        "cluster": {name: getattr(status, name) for name in fields} if has_cluster else None,
    }


def fill_status(status: Status, cluster: Cluster) -> None:
    """Each question by itself: one that fails takes no other along."""
    for ask in (ask_argo, ask_pods, ask_url, ask_bundle):
        attempt(status, cluster, ask)
    if status.pods == NOTHING:
        attempt(status, cluster, ask_place)


def attempt(status: Status, cluster: Cluster, ask: Callable[[Status, Cluster], None]) -> None:
    try:
        ask(status, cluster)
    except OutsideError as error:
        status.unasked.append(str(error))


def ask_argo(status: Status, cluster: Cluster) -> None:
    applications = cluster.list("applications.argoproj.io", ARGOCD)
    application = next((one for one in applications if one["metadata"]["name"] == status.namespace), None)
    reported = (application or {}).get("status", {})
    missing = UNKNOWN if application else NOTHING
    server = (application or {}).get("spec", {}).get("destination", {}).get("server", "")
    status.server = server if server != HERE else ""
    status.sync = reported.get("sync", {}).get("status", missing)
    status.health = reported.get("health", {}).get("status", missing)


def ask_place(status: Status, cluster: Cluster) -> None:
    """Nothing runs there only if the environment is of this cluster at all; else what runs is unknown.

    Raises: OutsideError.
    """
    runs = ("running", "bundle", "pods", "url")
    answers = {name: getattr(status, name) for name in runs}
    for name in runs:
        setattr(status, name, UNKNOWN)
    if not cluster.has_namespace(status.namespace):
        place = f", and Argo CD runs it at {status.server}" if status.server else ""
        raise OutsideError(
            f"what {status.environment} runs is not known: this cluster has no namespace {status.namespace}{place}; "
            f"ask its own with --kubectl 'kubectl --context …'"
        )
    for name, value in answers.items():
        setattr(status, name, value)


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
