"""Who reaches whom (K4), computed from the NetworkPolicies and compared with the table in reachability.yaml."""

import ipaddress
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from release.manifests.render import Object
from tests.gitops.findings import Finding, Pod, list_pods, matches
from tests.gitops.scenes import Scene

INTENDED = Path(__file__).parent / "reachability.yaml"
OWN = "own"  # a peer's namespace: the one of the pod itself


@dataclass(frozen=True)
class Peer:
    """Somebody at the other end: a pod by its labels and its namespace's, or an address outside the cluster."""

    name: str
    namespace: dict[str, str] | str = field(default_factory=dict)
    pod: dict[str, str] = field(default_factory=dict)
    address: str | None = None


@dataclass(frozen=True)
class Port:
    protocol: str
    number: int

    def __str__(self) -> str:
        return f"{self.number}/{self.protocol}"


def read_intended(path: Path = INTENDED) -> dict[str, Any]:
    found: dict[str, Any] = YAML(typ="safe").load(path)
    return found


def read_ports(intended: Mapping[str, Any]) -> list[Port]:
    return [Port(protocol, int(number)) for number, protocol in (text.split("/") for text in intended["ports"])]


def is_peer(rule: Mapping[str, Any], peer: Peer) -> bool:
    """Whether one entry of `from` or `to` means the peer."""
    if block := rule.get("ipBlock"):
        return peer.address is not None and is_inside(peer.address, block)
    if peer.address is not None:
        return False
    if "namespaceSelector" in rule:
        labels = peer.namespace if isinstance(peer.namespace, dict) else {}
        in_namespace = matches(rule["namespaceSelector"], labels)
    else:
        in_namespace = peer.namespace == OWN
    return in_namespace and matches(rule.get("podSelector", {}), peer.pod)


def is_inside(address: str, block: Mapping[str, Any]) -> bool:
    ip = ipaddress.ip_address(address)
    outside = any(ip in ipaddress.ip_network(part) for part in block.get("except", []))
    return ip in ipaddress.ip_network(block["cidr"]) and not outside


def is_port(rule: Mapping[str, Any], port: Port, names: Mapping[str, int]) -> bool:
    """Whether one entry of `ports` means the port; a name is the port of the pod that is reached."""
    if rule.get("protocol", "TCP") != port.protocol:
        return False
    if "port" not in rule:
        return True
    first = names.get(rule["port"], 0) if isinstance(rule["port"], str) else rule["port"]
    return bool(first <= port.number <= rule.get("endPort", first))


def is_allowed(policies: list[Object], pod: Pod, way: str, peer: Peer, port: Port) -> bool:
    """Whether traffic of the pod passes: all of it where no policy selects the pod, else what one of them names."""
    selecting = [found["spec"] for found in policies if matches(found["spec"].get("podSelector", {}), pod.labels)]
    selecting = [spec for spec in selecting if way in spec.get("policyTypes", ["Ingress"])]
    if not selecting:
        return True
    names = {entry["name"]: entry["containerPort"] for box in pod.containers for entry in box.get("ports", [])}
    side = "from" if way == "Ingress" else "to"
    return any(
        (not rule.get(side) or any(is_peer(entry, peer) for entry in rule[side]))
        and (not rule.get("ports") or any(is_port(entry, port, names) for entry in rule["ports"]))
        for spec in selecting
        for rule in spec.get(way.lower()) or []
    )


def compute_table(scene: Scene, pod: Pod, intended: Mapping[str, Any]) -> dict[tuple[str, str], list[str]]:
    """By direction and peer, the ports that are open."""
    policies = scene.pick("NetworkPolicy")
    return {
        (way, name): [
            str(port)
            for port in read_ports(intended)
            if is_allowed(policies, pod, way, Peer(name, **intended["peers"][name]), port)
        ]
        for way in ("Ingress", "Egress")
        for name in intended["peers"]
    }


def find_unintended(scene: Scene) -> Iterator[Finding]:
    """Each pod, and a stranger in its namespace, with each peer both ways against the table."""
    intended = read_intended()
    stranger = Pod({"kind": "Pod", "metadata": {"name": "stranger"}}, {}, {})
    for pod in [*list_pods(scene), stranger] if scene.recipe.overlay else []:
        is_closed = pod is stranger or pod.owner["kind"] == "CronJob"
        wanted = intended["stranger"] if is_closed else intended["pods"]
        if not is_closed:
            wanted = wanted | intended["overlays"].get(scene.recipe.overlay, {})
            for component in scene.recipe.components:
                wanted = wanted | intended["components"].get(component, {})
        for (way, peer), ports in compute_table(scene, pod, intended).items():
            expected = wanted.get(way, {}).get(peer, [])
            arrow = f"{peer} to {pod.name}" if way == "Ingress" else f"{pod.name} to {peer}"
            yield arrow, [] if ports == expected else [f"open are {ports or 'no ports'}, expected {expected or 'none'}"]
