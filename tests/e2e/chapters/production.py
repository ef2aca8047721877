"""Production: nothing happens until a person syncs, and not while its window is closed."""

import time

from tests.e2e.argo import ROOT_APPLICATION
from tests.e2e.scenario import Scenario

TITLE = "production"
APPLICATION = "lathe-prod-eks"
CLOSED = {
    "kind": "deny",
    "schedule": "* * * * *",
    "duration": "1h",
    "timeZone": "UTC",
    "namespaces": [APPLICATION],
    "manualSync": False,
}
WATCH_SECONDS = 15  # Argo CD would have synced by itself in less, as it did in test


def play(scenario: Scenario) -> None:
    scenario.steps.start_section(TITLE)
    second = scenario.releases[1]
    scenario.repository.set_image("prod-eks", second.tag, second.digest)
    scenario.repository.set_windows([CLOSED])
    revision = scenario.repository.push(f"Promote {second.tag} to prod-eks, and close the window")
    scenario.argo.wait(APPLICATION, revision, "OutOfSync", "")
    time.sleep(WATCH_SECONDS)
    view = scenario.argo.look(APPLICATION)
    nothing = scenario.kubectl.find("namespace", APPLICATION) is None
    scenario.expect(view.sync == "OutOfSync" and nothing, f"{WATCH_SECONDS} s after Argo CD saw the commit", str(view))
    scenario.argo.wait(ROOT_APPLICATION, revision, "Synced", "")
    code, said = scenario.argo.sync_by_hand(APPLICATION)
    reason = next((line for line in said.splitlines() if "window" in line.lower()), said.strip()[-100:])
    scenario.expect(code != 0 and "window" in said.lower(), "a sync by hand with the window closed", reason[-110:])
    scenario.repository.set_windows(None)
    revision = scenario.repository.push("Open the window of production")
    scenario.argo.wait(ROOT_APPLICATION, revision, "Synced", "")
    view = scenario.argo.look(APPLICATION)
    scenario.expect(view.sync == "OutOfSync", "the window opened by a commit", str(view))
    sync(scenario)
    leave_to_autoscaler(scenario)


def leave_to_autoscaler(scenario: Scenario) -> None:
    """Git says two pods, production's autoscaler at least three: that is no difference for Argo CD."""
    least = scenario.kubectl.find("horizontalpodautoscaler", "predictor", APPLICATION) or {}
    wanted = least.get("spec", {}).get("minReplicas", 0)
    _, waited = scenario.kubectl.wait_until(
        "the autoscaler's number", lambda: len(scenario.find_pods("prod-eks")), lambda seen: seen >= wanted, 90
    )
    view = scenario.argo.look(APPLICATION)
    scenario.expect(wanted > 2 and view.sync == "Synced", f"{wanted} pods by the autoscaler", str(view), waited)


def sync(scenario: Scenario) -> None:
    """By hand; then production runs what test runs."""
    code, said = scenario.argo.sync_by_hand(APPLICATION)
    scenario.expect(code == 0, "a sync by hand", "argocd app sync" if code == 0 else said.strip()[-200:])
    scenario.kubectl.wait_until(
        "production settled", lambda: scenario.argo.look(APPLICATION), lambda view: view.is_settled, 180
    )
    running = {name: find_digests(scenario, name) for name in ("test", "prod-eks")}
    is_same = running["prod-eks"] == running["test"] == {scenario.releases[1].digest}
    pods = len(scenario.find_pods("prod-eks"))
    scenario.expect(is_same, "the digest that test runs", f"{min(running['prod-eks'])[:19]} in {pods} pods")


def find_digests(scenario: Scenario, environment: str) -> set[str]:
    """What the nodes say they run, not what the manifest asks for; a container before its start runs nothing."""
    pods = scenario.kubectl.list("pods", f"lathe-{environment}", "app.kubernetes.io/name=predictor")
    return {
        status["imageID"].rpartition("@")[2]
        for pod in pods
        if "deletionTimestamp" not in pod["metadata"]
        for status in pod["status"].get("containerStatuses", [])
        if status["imageID"]
    }
