"""Takes everything of Lathe's out of the cluster again; Argo CD itself stays."""

import json

from tests.e2e.argo import NAMESPACE as ARGOCD
from tests.e2e.client import NAMESPACE as CLIENTS
from tests.e2e.kubectl import Kubectl
from tests.e2e.zones import remove_zones

OURS = "app.kubernetes.io/part-of=lathe"
ENVIRONMENTS = ("lathe-test", "lathe-prod-eks", "lathe-prod-gke", "lathe-minikube")
SETTINGS = {
    "argocd-cm": ("resource.customizations.",),
    "argocd-notifications-cm": ("service.", "trigger.", "template."),
}


def remove_all(kubectl: Kubectl) -> None:
    """First what creates, then what was created."""
    place = ("--namespace", ARGOCD, "--ignore-not-found")
    kubectl.run("delete", "applications.argoproj.io", "lathe", "lathe-namespaces", *place, seconds=120)
    kubectl.run("delete", "applicationsets.argoproj.io", "--selector", OURS, *place, seconds=120)
    kubectl.run("delete", "applications.argoproj.io", "--selector", OURS, *place, seconds=120)
    kubectl.run("delete", "appprojects.argoproj.io", "--selector", OURS, *place, seconds=120)
    kubectl.run("delete", "namespace", *ENVIRONMENTS, CLIENTS, "--ignore-not-found", seconds=180)
    for name, prefixes in SETTINGS.items():
        remove_keys(kubectl, name, prefixes)
    remove_zones(kubectl)


def remove_keys(kubectl: Kubectl, name: str, prefixes: tuple[str, ...]) -> None:
    """Our keys of a ConfigMap that is Argo CD's."""
    found = kubectl.find("configmap", name, ARGOCD) or {}
    keys = {key: None for key in found.get("data") or {} if key.startswith(prefixes)}
    if keys:
        patch = json.dumps({"data": keys})
        kubectl.run("patch", "configmap", name, "--namespace", ARGOCD, "--type", "merge", "--patch", patch)
