"""A new version by one commit: synced by itself, rolled out under load, nothing lost."""

from typing import Any

from tests.e2e.scenario import Scenario

TITLE = "a new version"


def play(scenario: Scenario) -> None:
    scenario.steps.start_section(TITLE)
    second = scenario.releases[1]
    mark = scenario.client.mark()
    scenario.repository.set_image("test", second.tag, second.digest)
    revision = scenario.repository.push(f"Release {second.tag} to test")
    scenario.steps.add("one commit, two lines", f"{second.tag} {second.digest[:19]}")
    _, waited = scenario.kubectl.wait_until(
        "the new version answers",
        lambda: scenario.client.since(mark).versions,
        lambda versions: versions[second.version] > 0,
        120,
    )
    scenario.steps.add("the new version's first answer", f"model {second.version}, nobody synced", waited)
    waited = scenario.argo.wait_settled("lathe-test", revision)
    scenario.steps.add("Synced and Healthy", f"at {revision[:8]}", waited)
    wait_one_image(scenario, "test")
    window = scenario.client.since(mark)
    scenario.expect_no_loss(window, f"load during the rollout, {window.seconds} s")
    answer = scenario.client.ask_once()
    scenario.expect(answer["version"] == second.version, "who answers now", f"model {answer['version']}")


def wait_one_image(scenario: Scenario, environment: str) -> None:
    """Until the last old pod is gone, so that its draining is under load too."""
    place = (f"lathe-{environment}", "app.kubernetes.io/name=predictor")
    _, waited = scenario.kubectl.wait_until(
        "the old pods gone", lambda: list_images(scenario.kubectl.list("pods", *place)), lambda seen: len(seen) == 1, 90
    )
    scenario.steps.add("the last old pod gone", "after its drain", waited)


def list_images(pods: list[dict[str, Any]]) -> set[str]:
    return {container["image"] for pod in pods for container in pod["spec"]["containers"]}
