"""Production spreads over zones by force, and a node without a zone takes none of its pods: the run names one."""

import json

from tests.e2e.kubectl import Kubectl

LABEL = "topology.kubernetes.io/zone"
ZONE = "e2e"


def name_zones(kubectl: Kubectl) -> None:
    """Nodes that have a zone keep it."""
    for node in json.loads(kubectl.run("get", "nodes", "--output", "json"))["items"]:
        if LABEL not in node["metadata"]["labels"]:
            kubectl.run("label", "node", node["metadata"]["name"], f"{LABEL}={ZONE}")


def remove_zones(kubectl: Kubectl) -> None:
    kubectl.run("label", "nodes", "--selector", f"{LABEL}={ZONE}", f"{LABEL}-")
