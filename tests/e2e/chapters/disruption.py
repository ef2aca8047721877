"""Pods that go, politely and not: evicted one after the other, and killed with -9."""

import json
import time
from typing import Any

from tests.e2e.client import NAMESPACE, PYTHON
from tests.e2e.scenario import Scenario
from tests.harness.errors import ScenarioError

TITLE = "disruption"
PLACE = ("lathe-test", "app.kubernetes.io/name=predictor")
KILLER = "killer"
EVICTION_SECONDS = 90
# runs with the node's processes in sight: a container's own process 1 cannot be killed from inside
KILL = """
import os, pathlib, signal, sys
name = ("HOSTNAME=" + sys.argv[1]).encode()
killed = []
for place in pathlib.Path("/proc").glob("[0-9]*"):
    try:
        words, environ = (place / "cmdline").read_bytes().split(b"\\0"), (place / "environ").read_bytes().split(b"\\0")
    except OSError:
        continue
    if b"app.predictor" in words and name in environ:
        os.kill(int(place.name), signal.SIGKILL)
        killed.append(place.name)
print("killed", *killed)
sys.exit(len(killed) != 1)
"""


def play(scenario: Scenario) -> None:
    scenario.steps.start_section(TITLE)
    evict_all(scenario)
    kill_one(scenario)


def evict_all(scenario: Scenario) -> None:
    """As a node that is drained asks for it; the budget says how fast."""
    mark = scenario.client.mark()
    victims = scenario.find_pods("test")
    ready, refused = [len(victims)], 0
    for name in victims:
        tries = evict_patiently(scenario, name, ready)
        refused += tries - 1
    found = f"{len(victims)} evicted, {refused} times refused for now, never fewer than {min(ready)} ready"
    scenario.expect(refused > 0 and min(ready) >= len(victims) - 1, "every pod by the eviction API", found)
    _, waited = scenario.kubectl.wait_until(
        "new pods ready",
        lambda: scenario.find_pods("test"),
        lambda seen: len(set(seen) - set(victims)) >= len(victims),
        60,
    )
    wait_gone(scenario, victims)
    scenario.steps.add("new pods in their place", "all ready, the old ones gone", waited)
    scenario.expect_no_loss(scenario.client.since(mark), "load meanwhile")


def evict_patiently(scenario: Scenario, name: str, ready: list[int]) -> int:
    """How many times it had to be asked; `ready` gets the number of ready pods after each."""
    tries = 0
    until = time.monotonic() + EVICTION_SECONDS * scenario.options.patience
    while time.monotonic() < until:
        tries += 1
        is_evicted = evict(scenario, name)
        ready.append(len(scenario.find_pods("test")))
        if is_evicted:
            return tries
        time.sleep(0.3)
    raise ScenarioError(f"{name}: the budget refused its eviction {tries} times, for {EVICTION_SECONDS} s")


def evict(scenario: Scenario, name: str) -> bool:
    """False if the budget does not allow it now.

    Raises: ScenarioError if something else keeps it.
    """
    path = f"/api/v1/namespaces/{PLACE[0]}/pods/{name}/eviction"
    body = {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": name, "namespace": PLACE[0]}}
    code, said = scenario.kubectl.try_run("create", "--raw", path, "--filename", "-", given=json.dumps(body))
    if code and "disruption budget" not in said:
        raise ScenarioError(f"{name}: the eviction failed: {said.strip()}")
    return code == 0


def wait_gone(scenario: Scenario, names: list[str]) -> None:
    scenario.kubectl.wait_until(
        "the old pods gone",
        lambda: {pod["metadata"]["name"] for pod in scenario.kubectl.list("pods", *PLACE)} & set(names),
        lambda left: not left,
        60,
    )


def kill_one(scenario: Scenario) -> None:
    """No drain and no warning: what is lost is counted."""
    victim = find_pod(scenario, scenario.find_pods("test")[0])
    scenario.kubectl.apply(killer(scenario.client.image, victim["spec"]["nodeName"]))
    scenario.kubectl.run("wait", "--for=condition=Ready", f"pod/{KILLER}", "--namespace", NAMESPACE, "--timeout=60s")
    mark = scenario.client.mark()
    name = victim["metadata"]["name"]
    said = scenario.kubectl.run("exec", "--namespace", NAMESPACE, KILLER, "--", PYTHON, "-c", KILL, name)
    restarts = count_restarts(victim)
    _, waited = scenario.kubectl.wait_until(
        "the killed pod ready again",
        lambda: find_pod(scenario, name),
        lambda pod: count_restarts(pod) > restarts and name in scenario.find_pods("test"),
        90,
    )
    window = scenario.client.since(mark)
    found = f"{said.strip()}: {window.failed} of {window.sent:,} requests lost; {window.describe()}"
    scenario.expect(window.failed < window.sent, "a pod killed with -9, ready again", found, waited)
    mark = scenario.client.mark()
    time.sleep(3)
    scenario.expect_no_loss(scenario.client.since(mark), "load afterwards")
    scenario.kubectl.delete("pod", KILLER, NAMESPACE, wait=False)


def find_pod(scenario: Scenario, name: str) -> dict[str, Any]:
    return scenario.kubectl.find("pod", name, PLACE[0]) or {}


def count_restarts(pod: dict[str, Any]) -> int:
    return sum(int(status["restartCount"]) for status in pod.get("status", {}).get("containerStatuses", []))


def killer(image: str, node: str) -> dict[str, Any]:
    """The one privileged pod of the scenario, on the victim's node."""
    container = {
        "name": "killer",
        "image": image,
        "command": [PYTHON, "-c", "import time; time.sleep(600)"],
        "securityContext": {"privileged": True, "runAsUser": 0, "runAsNonRoot": False},
    }
    spec = {
        "hostPID": True,
        "nodeName": node,
        "restartPolicy": "Never",
        "terminationGracePeriodSeconds": 0,
        "containers": [container],
    }
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": KILLER, "namespace": NAMESPACE}, "spec": spec}
