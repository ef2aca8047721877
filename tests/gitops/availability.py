"""Checks of what keeps it answering (K5): budget, spread, roll-out, autoscaler, and time enough to end."""

import re
from collections.abc import Iterator
from typing import Any

from release.manifests.render import Object
from tests.gitops.findings import Finding, Pod, list_serving, matches, name_object, unless
from tests.gitops.references import read_settings_of
from tests.gitops.scenes import Scene

ZONE, NODE = "topology.kubernetes.io/zone", "kubernetes.io/hostname"
LEAST_PODS = 2
AUTOSCALERS = ("HorizontalPodAutoscaler", "ScaledObject")
SLEEP = re.compile(r"sleep (\d+)")


def find_rollout(scene: Scene) -> Iterator[Finding]:
    """Each Deployment and Rollout: no pod is taken away before its successor is ready."""
    for found in scene.pick("Deployment"):
        update = found["spec"].get("strategy", {}).get("rollingUpdate", {})
        yield name_object(found), judge_update(update)
    for found in scene.pick("Rollout"):
        canary = found["spec"]["strategy"].get("canary")
        yield name_object(found), judge_update(canary) if canary else []


def judge_update(update: dict[str, Any]) -> list[str]:
    return [
        *unless(
            update.get("maxUnavailable") in (0, "0%"), f"maxUnavailable is {update.get('maxUnavailable')}, expected 0"
        ),
        *unless(update.get("maxSurge") not in (0, "0%", None), "maxSurge is 0, expected 1 or more"),
    ]


def find_spread(scene: Scene) -> Iterator[Finding]:
    """Each pod: spread over zones and over nodes, each once, by constraints that mean its own labels."""
    for pod in list_serving(scene):
        constraints = pod.spec.get("topologySpreadConstraints", [])
        keys = [entry["topologyKey"] for entry in constraints]
        foreign = [entry["topologyKey"] for entry in constraints if not matches(entry.get("labelSelector"), pod.labels)]
        strict = {entry["topologyKey"] for entry in constraints if entry["whenUnsatisfiable"] == "DoNotSchedule"}
        forced = "prod" in scene.environment
        yield (
            pod.name,
            [
                *unless(sorted(keys) == sorted((ZONE, NODE)), f"spread over {keys}, expected zone and node, each once"),
                *(f"the spread over {key} means other pods" for key in foreign),
                *unless(ZONE in strict or not forced, "production is not forced over zones"),
            ],
        )


def find_budget(scene: Scene) -> Iterator[Finding]:
    """Each pod: one budget means it, lets one go, and keeps one."""
    budgets = scene.pick("PodDisruptionBudget")
    for pod in list_serving(scene):
        meant = [found for found in budgets if matches(found["spec"].get("selector"), pod.labels)]
        allowed = [found["spec"].get("maxUnavailable") for found in meant]
        yield pod.name, unless(allowed == [1], f"budgets that mean it have maxUnavailable {allowed}, expected one of 1")
    for found in budgets:
        meant_pods = [pod.name for pod in list_serving(scene) if matches(found["spec"].get("selector"), pod.labels)]
        yield name_object(found), unless(bool(meant_pods), "it means no pod")


def find_scaling(scene: Scene) -> Iterator[Finding]:
    """Each owner of pods has exactly one autoscaler, with two pods at least, and nobody else sets their number."""
    owned = {found["spec"]["workloadRef"]["name"] for found in scene.pick("Rollout") if "workloadRef" in found["spec"]}
    for found in scene.pick("Deployment", "Rollout"):
        name = found["metadata"]["name"]
        targets = [scaler for scaler in scene.pick(*AUTOSCALERS) if scaler["spec"]["scaleTargetRef"] == refer_to(found)]
        if found["kind"] == "Deployment" and name in owned:
            problems = [*unless(not targets, "it is scaled, but a Rollout took its pods over")]
            problems += unless("replicas" not in found["spec"], "it names replicas, but a Rollout scales it away")
        else:
            least = [scaler["spec"].get("minReplicas", scaler["spec"].get("minReplicaCount", 0)) for scaler in targets]
            problems = unless(len(targets) == 1, f"{len(targets)} autoscalers scale it, expected one")
            problems += [
                f"its autoscaler keeps {count}, expected {LEAST_PODS} or more" for count in least if count < LEAST_PODS
            ]
            first = found["spec"].get("replicas", LEAST_PODS)
            problems += unless(first >= LEAST_PODS, f"replicas is {first}, expected {LEAST_PODS} or more, or none")
        yield name_object(found), problems
    for scaler in scene.pick(*AUTOSCALERS):
        known = [refer_to(found) for found in scene.pick("Deployment", "Rollout")]
        yield name_object(scaler), unless(scaler["spec"]["scaleTargetRef"] in known, "it scales what is not there")


def refer_to(found: Object) -> dict[str, str]:
    return {"apiVersion": found["apiVersion"], "kind": found["kind"], "name": found["metadata"]["name"]}


def find_hurry(scene: Scene) -> Iterator[Finding]:
    """Each pod: it may take longer to end than preStop, drain, the wait for a last scrape and grace together."""
    for pod in list_serving(scene):
        settings = read_settings_of(pod, scene)
        needed = settings.drain_seconds + settings.linger_seconds + settings.grace_seconds + count_pre_stop(pod)
        given = pod.spec.get("terminationGracePeriodSeconds", 30)
        yield (
            pod.name,
            [
                *unless(given > needed, f"terminationGracePeriodSeconds is {given}, expected more than {needed:g}"),
                *unless(settings.drain_seconds > 0, "LATHE_DRAIN_SECONDS is 0: pods stop before anybody notices"),
            ],
        )


def count_pre_stop(pod: Pod) -> float:
    """Seconds that the slowest preStop hook takes; a command counts by its `sleep`."""
    hooks = [container.get("lifecycle", {}).get("preStop", {}) for container in pod.containers]
    commands = [" ".join(hook.get("exec", {}).get("command", [])) for hook in hooks]
    slept = [float(found) for command in commands for found in SLEEP.findall(command)]
    return max([float(hook.get("sleep", {}).get("seconds", 0)) for hook in hooks] + slept, default=0)
