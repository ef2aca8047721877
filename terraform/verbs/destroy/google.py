"""What the controllers of a GKE cluster made in Google Cloud, by the gcloud command line."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from cli.errors import OutsideError
from terraform.verbs.destroy.leftovers import Leftover
from terraform.verbs.outside_programs import ProgramResult, run_program
from terraform.verbs.roots.problems import explain_failure
from terraform.verbs.roots.state import ClusterPlace


@dataclass(frozen=True)
class GoogleKind:
    """A kind of thing: gcloud's name of it, and whether it names its network."""

    kind: str
    command: str
    is_in_network: bool


# in the order in which they can be removed: each is held by the one before
KINDS = (
    GoogleKind("forwarding rule", "forwarding-rules", True),
    GoogleKind("HTTP proxy", "target-http-proxies", False),
    GoogleKind("HTTPS proxy", "target-https-proxies", False),
    GoogleKind("URL map", "url-maps", False),
    GoogleKind("backend service", "backend-services", False),
    GoogleKind("network endpoint group", "network-endpoint-groups", True),
    GoogleKind("firewall rule", "firewall-rules", True),
)
# what GKE's controllers call their things; gke-NAME- is the cluster's own and goes with it
CONTROLLER_PREFIXES = ("k8s-", "k8s1-", "k8s2-", "gkegw1-", "gkemcg1-")
CLUSTER_LABEL = "goog-k8s-cluster-name"


class Google:
    """One cluster's project and region; `managed` are the ids and links that Terraform's state holds."""

    def __init__(self, place: ClusterPlace, managed: frozenset[str]) -> None:
        self.place = place
        self.managed = managed

    def check_identity(self) -> str:
        """Raises: OutsideError."""
        account = self._query("config", "get", "account") or "a service account"
        return f"{account} in project {self.place.project or self._query('config', 'get', 'project')}"

    def has_cluster(self) -> bool:
        """Raises: OutsideError."""
        done = self._run("container", "clusters", "describe", self.place.name, "--location", self.place.region)
        if done.code and "404" not in done.reason and "notFound" not in done.reason:
            raise OutsideError(f"gcloud container clusters describe: {self._explain(done)}")
        return done.code == 0

    def list_leftovers(self, is_destroyed: bool) -> list[Leftover]:
        """In the order in which they can be removed.

        Raises: OutsideError.
        """
        found = [one for kind in KINDS for one in self._list_kind(kind, is_destroyed)]
        return [*found, *self._list_disks()]

    def _list_kind(self, kind: GoogleKind, is_destroyed: bool) -> Iterator[Leftover]:
        network = self.place.network.rpartition("/")[2]
        for thing in self._query("compute", kind.command, "list"):
            name = thing["name"]
            held = str(thing.get("network") or "")
            is_ours = not kind.is_in_network or not network or held.rpartition("/")[2] == network
            is_made = name.startswith(CONTROLLER_PREFIXES) or is_named_by_controller(thing)
            # EXTERNAL forwarding rules name no network: their description names the Service or the Ingress
            is_ours = is_ours or (not held and is_made)
            if is_ours and (is_made or (is_destroyed and kind.is_in_network and held)) and not self._is_managed(thing):
                yield Leftover(kind.kind, name, name_maker(thing), self._remove(kind.command, thing))

    def _list_disks(self) -> Iterator[Leftover]:
        wanted = f"labels.{CLUSTER_LABEL}={self.place.name}"
        for disk in self._query("compute", "disks", "list", f"--filter={wanted}"):
            if is_named_by_controller(disk) and not self._is_managed(disk):
                yield Leftover("disk", disk["name"], name_maker(disk), self._remove("disks", disk))

    def _is_managed(self, thing: Mapping[str, Any]) -> bool:
        return bool({thing["name"], str(thing.get("selfLink"))} & self.managed)

    def _remove(self, command: str, thing: Mapping[str, Any]) -> str:
        place = next(
            (f" --{key}={str(thing[key]).rpartition('/')[2]}" for key in ("zone", "region") if thing.get(key)), ""
        )
        is_global = not place and command not in (
            "firewall-rules",
            "target-http-proxies",
            "target-https-proxies",
            "url-maps",
        )
        project = f" --project={self.place.project}" if self.place.project else ""
        return (
            f"gcloud compute {command} delete {thing['name']}{place}{' --global' if is_global else ''}{project} --quiet"
        )

    def _run(self, *arguments: str) -> ProgramResult:
        project = (f"--project={self.place.project}",) if self.place.project else ()
        return run_program("gcloud", *arguments, *project, "--format=json", "--quiet")

    def _query(self, *arguments: str) -> Any:
        done = self._run(*arguments)
        if done.code:
            raise OutsideError(f"gcloud {' '.join(arguments[:3])}: {self._explain(done)}")
        return json.loads(done.out or "null")

    def _explain(self, done: ProgramResult) -> str:
        return explain_failure(done.reason, self.place.cloud, self.place.environment)


def read_description(thing: Mapping[str, Any]) -> dict[str, str]:
    """GKE's controllers and the disk driver write JSON there."""
    try:
        found = json.loads(str(thing.get("description") or ""))
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def is_named_by_controller(thing: Mapping[str, Any]) -> bool:
    return any(key.startswith(("kubernetes.io/", "networking.gke.io/")) for key in read_description(thing))


def name_maker(thing: Mapping[str, Any]) -> str:
    """By the description, or else by the name."""
    words = read_description(thing)
    for key, what in (
        ("kubernetes.io/service-name", "GKE's service controller for Service"),
        ("kubernetes.io/ingress-name", "GKE's Ingress controller for Ingress"),
        ("networking.gke.io/service-name", "GKE's service controller for Service"),
        ("kubernetes.io/created-for/pvc/name", "the disk driver for claim"),
    ):
        if key in words:
            namespace = words.get("kubernetes.io/created-for/pvc/namespace")
            return f"{what} {f'{namespace}/' if namespace and 'pvc' in key else ''}{words[key]}"
    name = str(thing["name"])
    if name.startswith(("gkegw1-", "gkemcg1-")):
        return "GKE's Gateway controller"
    if name.startswith(CONTROLLER_PREFIXES):
        return "GKE's load balancer controller"
    return "something that is not Terraform"
