"""Production: nothing happens until a person syncs, and not while its window is closed."""

import time

from tests.e2e.argo import ROOT_APPLICATION
from tests.e2e.story import Story

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


def tell(story: Story) -> None:
    story.begin(TITLE)
    second = story.releases[1]
    story.repository.set_image("prod-eks", second.tag, second.digest)
    story.repository.set_windows([CLOSED])
    revision = story.repository.push(f"Promote {second.tag} to prod-eks, and close the window")
    story.argo.wait(APPLICATION, revision, "OutOfSync", "")
    time.sleep(WATCH_SECONDS)
    view = story.argo.look(APPLICATION)
    nothing = story.kubectl.find("namespace", APPLICATION) is None
    story.expect(view.sync == "OutOfSync" and nothing, f"{WATCH_SECONDS} s after Argo CD saw the commit", str(view))
    story.argo.wait(ROOT_APPLICATION, revision, "Synced", "")
    code, said = story.argo.sync_by_hand(APPLICATION)
    reason = next((line for line in said.splitlines() if "window" in line.lower()), said.strip()[-100:])
    story.expect(code != 0 and "window" in said.lower(), "a sync by hand with the window closed", reason[-110:])
    story.repository.set_windows(None)
    revision = story.repository.push("Open the window of production")
    story.argo.wait(ROOT_APPLICATION, revision, "Synced", "")
    view = story.argo.look(APPLICATION)
    story.expect(view.sync == "OutOfSync", "the window opened by a commit", str(view))
    sync(story)
    leave_to_autoscaler(story)


def leave_to_autoscaler(story: Story) -> None:
    """Git says two pods, production's autoscaler at least three: that is no difference for Argo CD."""
    least = story.kubectl.find("horizontalpodautoscaler", "predictor", APPLICATION) or {}
    wanted = least.get("spec", {}).get("minReplicas", 0)
    _, waited = story.kubectl.wait_until(
        "the autoscaler's number", lambda: len(story.find_pods("prod-eks")), lambda seen: seen >= wanted, 90
    )
    view = story.argo.look(APPLICATION)
    story.expect(wanted > 2 and view.sync == "Synced", f"{wanted} pods by the autoscaler", str(view), waited)


def sync(story: Story) -> None:
    """By hand; then production runs what test runs."""
    code, said = story.argo.sync_by_hand(APPLICATION)
    story.expect(code == 0, "a sync by hand", "argocd app sync" if code == 0 else said.strip()[-200:])
    story.kubectl.wait_until(
        "production settled", lambda: story.argo.look(APPLICATION), lambda view: view.is_settled, 180
    )
    running = {name: find_digests(story, name) for name in ("test", "prod-eks")}
    is_same = running["prod-eks"] == running["test"] == {story.releases[1].digest}
    pods = len(story.find_pods("prod-eks"))
    story.expect(is_same, "the digest that test runs", f"{min(running['prod-eks'])[:19]} in {pods} pods")


def find_digests(story: Story, environment: str) -> set[str]:
    """What the nodes say they run, not what the manifest asks for; a container before its start runs nothing."""
    pods = story.kubectl.list("pods", f"lathe-{environment}", "app.kubernetes.io/name=predictor")
    return {
        status["imageID"].rpartition("@")[2]
        for pod in pods
        if "deletionTimestamp" not in pod["metadata"]
        for status in pod["status"].get("containerStatuses", [])
        if status["imageID"]
    }
