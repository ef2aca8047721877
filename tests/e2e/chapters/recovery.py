"""What is lost comes back from Git: a namespace, then everything the cluster knew."""

import time

from tests.e2e import cleanup
from tests.e2e.chapters import bootstrap
from tests.e2e.scenario import Scenario
from tests.harness.errors import ScenarioError
from tests.harness.programs import run_program

TITLE = "recovery"
RESET_SECONDS = 600


def play(scenario: Scenario) -> None:
    scenario.steps.start_section(TITLE)
    lose_namespace(scenario)
    lose_everything(scenario)


def lose_namespace(scenario: Scenario) -> None:
    mark = scenario.client.mark()
    revision = scenario.argo.look("lathe-test").revision
    scenario.kubectl.delete("namespace", "lathe-test", wait=False)
    began = time.monotonic()
    scenario.kubectl.wait_until(
        "the namespace gone", lambda: scenario.kubectl.find("namespace", "lathe-test"), is_new_or_gone, 120
    )
    gone = time.monotonic() - began
    _, waited = scenario.kubectl.wait_until(
        "predictions again", scenario.client.ask_once, lambda answer: answer["outcome"] == "ok", 120
    )
    scenario.argo.wait_settled("lathe-test", revision)
    window = scenario.client.since(mark)
    found = f"gone after {gone:.1f} s, predictions again {waited:.1f} s later; {window.describe()}"
    scenario.steps.add("the namespace deleted", found)


def is_new_or_gone(namespace: object) -> bool:
    return not isinstance(namespace, dict) or "deletionTimestamp" not in namespace["metadata"]


def lose_everything(scenario: Scenario) -> None:
    """The Git server and the registry outlive a real cluster; where the reset takes them too, they are filled first."""
    if scenario.options.reset_command:
        run_program(scenario.options.reset_command, seconds=RESET_SECONDS)
        if not scenario.options.push_url:
            scenario.repository.push_url = bootstrap.make_repository(scenario)
        pushed = tuple(scenario.images.push(release) for release in scenario.releases)
        if pushed != scenario.releases:
            raise ScenarioError(
                f"the registry gave other digests than Git names: {pushed}, expected {scenario.releases}"
            )
        scenario.steps.add("the cluster's state lost", " ".join(scenario.options.reset_command))
    else:
        cleanup.remove_all(scenario.kubectl)
        scenario.steps.add("everything of ours deleted", "applications, projects, namespaces")
    revision = scenario.repository.push("Nothing new: what Git says is enough")
    began = time.monotonic()
    bootstrap.start_argo(scenario, revision)
    bootstrap.start_client(scenario, scenario.releases[1])
    scenario.steps.add(
        "from the bootstrap's first command to a prediction",
        f"{time.monotonic() - began:.1f} s",
        time.monotonic() - began,
    )
