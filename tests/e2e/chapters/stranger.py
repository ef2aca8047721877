"""Somebody changes the cluster by hand: Argo CD takes it back to what Git says."""

from collections.abc import Callable
from typing import Any

from tests.e2e.scenario import Scenario

TITLE = "a stranger"
NAMESPACE = "lathe-test"
APPLICATION = "lathe-test"
DEEDS_A_COMMIT = 2
DEEDS = {
    "scale to 5": ["scale", "deployment/predictor", "--replicas=5"],
    "scale to 1": ["scale", "deployment/predictor", "--replicas=1"],
    "scale to 0": ["scale", "deployment/predictor", "--replicas=0"],
    "edit the image": ["set", "image", "deployment/predictor", "predictor=registry.example/other:1"],
    "edit a variable": ["set", "env", "deployment/predictor", "LATHE_THREADS=1"],
    "delete the Deployment": ["delete", "deployment/predictor"],
    "delete the Service": ["delete", "service/predictor"],
}


def play(scenario: Scenario) -> None:
    scenario.steps.start_section(TITLE)
    for number, (what, command) in enumerate(DEEDS.items()):
        if number % DEEDS_A_COMMIT == 0:
            forget_healing(scenario)
        heal(scenario, what, command)
    prune(scenario)
    refuse(scenario)


def forget_healing(scenario: Scenario) -> None:
    """Argo CD heals the same revision ever more slowly, after 2, 6, 18 s and more; a commit begins anew."""
    revision = scenario.repository.push("Nothing new")
    scenario.argo.wait_settled(APPLICATION, revision)


def heal(scenario: Scenario, what: str, command: list[str]) -> None:
    """Does it, waits until the objects are as before and the pods serve, and counts what was lost meanwhile."""
    before, traces = look(scenario), read_traces(scenario)
    mark = scenario.client.mark()
    scenario.kubectl.run(*command, "--namespace", NAMESPACE)
    _, waited = scenario.kubectl.wait_until(
        f"{what}: as before", lambda: look(scenario), lambda seen: seen == before and is_serving(scenario), 120
    )
    window = scenario.client.since(mark)
    is_done = read_traces(scenario) != traces
    scenario.expect(is_done, what, f"{'healed' if is_done else 'nothing was changed'}; {window.describe()}", waited)


def look(scenario: Scenario) -> dict[str, Any]:
    """What the stranger may have changed."""
    deployment = scenario.kubectl.find("deployment", "predictor", NAMESPACE)
    service = scenario.kubectl.find("service", "predictor", NAMESPACE)
    return {
        "replicas": deployment and deployment["spec"].get("replicas"),
        "containers": deployment and deployment["spec"]["template"]["spec"]["containers"],
        "ports": service and service["spec"]["ports"],
    }


def read_traces(scenario: Scenario) -> list[tuple[str, int]]:
    """What every change of the objects moves, there and back."""
    found = (scenario.kubectl.find(kind, "predictor", NAMESPACE) or {} for kind in ("deployment", "service"))
    return [(one.get("metadata", {}).get("uid", ""), one.get("metadata", {}).get("generation", 0)) for one in found]


def is_serving(scenario: Scenario) -> bool:
    deployment = scenario.kubectl.find("deployment", "predictor", NAMESPACE) or {}
    status, wanted = deployment.get("status", {}), deployment.get("spec", {}).get("replicas")
    is_observed = status.get("observedGeneration") == deployment.get("metadata", {}).get("generation")
    ready = [status.get(name) for name in ("replicas", "readyReplicas", "updatedReplicas")]
    return is_observed and ready == [wanted] * 3 and scenario.argo.look(APPLICATION).is_settled


def wait_for(scenario: Scenario, what: str, look: Callable[[], Any], is_reached: Callable[[Any], bool]) -> float:
    return scenario.kubectl.wait_until(what, look, is_reached, 120)[1]


def prune(scenario: Scenario) -> None:
    """An object comes with a commit and goes with its revert."""
    name = "notice"
    document = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": {"text": "hello"}}
    scenario.repository.add_object("test", name, document)
    scenario.repository.push("Add a notice to test")

    def find() -> Any:
        return scenario.kubectl.find("configmap", name, NAMESPACE)

    added = wait_for(scenario, "the new object", find, bool)
    scenario.steps.add("an object added in Git", "created", added)
    revision = scenario.repository.revert()
    pruned = wait_for(scenario, "the object pruned", find, lambda found: found is None)
    scenario.steps.add("removed from Git", "pruned", pruned)
    scenario.argo.wait_settled(APPLICATION, revision)


def refuse(scenario: Scenario) -> None:
    """A kind that the project does not name is not applied, and the rest goes on."""
    name = "outside"
    document = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name}, "stringData": {"text": "hello"}}
    scenario.repository.add_object("test", name, document)
    scenario.repository.push("Add an object that the project does not allow")
    found, waited = scenario.kubectl.wait_until("the refusal", lambda: find_refusals(scenario), bool, 120)
    is_absent = scenario.kubectl.find("secret", name, NAMESPACE) is None
    scenario.expect(is_absent, "an object outside the project's kinds", found[0], waited)
    revision = scenario.repository.revert()
    waited = scenario.argo.wait_settled(APPLICATION, revision)
    scenario.steps.add("taken back", "Synced and Healthy", waited)


def find_refusals(scenario: Scenario) -> list[str]:
    application = scenario.kubectl.find("applications.argoproj.io", APPLICATION, "argocd") or {}
    operation = application.get("status", {}).get("operationState", {})
    results = operation.get("syncResult", {}).get("resources", [])
    return [one["message"] for one in results if "not permitted" in one.get("message", "")]
