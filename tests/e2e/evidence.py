"""What is kept when the scenario fails: events, logs, objects and Argo CD's view, in a folder."""

from pathlib import Path

from tests.e2e import argo, client
from tests.e2e.kubectl import Kubectl
from tests.harness.errors import ScenarioError

OURS = f"app.kubernetes.io/part-of={client.NAMESPACE}"
ENVIRONMENTS = ("lathe-test", "lathe-prod-eks", "lathe-prod-gke")


def keep_evidence(kubectl: Kubectl, argo_cd: argo.ArgoCd, folder: Path) -> list[str]:
    """The names of the files written; what cannot be read says so in its file."""
    folder.mkdir(parents=True, exist_ok=True)
    asked = {
        "nodes.txt": ("describe", "nodes"),
        "applications.yaml": ("get", "applications.argoproj.io", "--namespace", argo.NAMESPACE, "--output", "yaml"),
        "projects.yaml": ("get", "appprojects.argoproj.io", "--namespace", argo.NAMESPACE, "--output", "yaml"),
        "load.txt": ("logs", "--namespace", client.NAMESPACE, "--selector", OURS, "--tail", "-1", "--prefix"),
        "pods.txt": ("get", "pods", "--all-namespaces", "--output", "wide"),
    }
    for name in ENVIRONMENTS:
        place = ("--namespace", name)
        asked[f"{name}-events.txt"] = ("get", "events", *place, "--sort-by", ".lastTimestamp")
        asked[f"{name}-objects.yaml"] = ("get", "all,hpa,pdb,cm", *place, "--output", "yaml")
        chosen = ("--selector", "app.kubernetes.io/name=predictor")
        asked[f"{name}-logs.txt"] = ("logs", *place, *chosen, "--tail", "200", "--prefix", "--ignore-errors")
        asked[f"{name}-described.txt"] = ("describe", "pods", *place)
    for name, arguments in asked.items():
        (folder / name).write_text(kubectl.try_run(*arguments)[1], encoding="utf-8")
    for name in ENVIRONMENTS:
        try:
            text = argo_cd.show_tree(name)
        except ScenarioError as error:
            text = str(error)
        (folder / f"{name}-tree.txt").write_text(text, encoding="utf-8")
    return sorted(path.name for path in folder.iterdir())
