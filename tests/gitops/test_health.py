"""Argo CD's health checks of argocd-cm.yaml, run by a real Lua with as few libraries as Argo CD gives them."""

from typing import Any

import pytest
from lupa import LuaError, LuaRuntime
from ruamel.yaml import YAML

from tests.repo.sources import ROOT

SETTINGS = ROOT / "gitops" / "argocd" / "argocd-cm.yaml"
PREFIX = "resource.customizations.health."
HIDDEN = ("string", "os", "io", "package", "debug", "require", "dofile", "loadfile", "load")
REASON = "/srv/model/bundle/model.ubj has SHA-256 0123456789ab, expected ba9876543210: it was changed"


def read_checks() -> dict[str, str]:
    data = YAML(typ="safe").load(SETTINGS.read_text(encoding="utf-8"))["data"]
    return {key.removeprefix(PREFIX): text for key, text in data.items() if key.startswith(PREFIX)}


def judge(kind: str, status: dict[str, Any]) -> tuple[str, str]:
    """Health and message."""
    lua = make_lua()
    lua.globals().obj = lua.table_from({"status": status}, recursive=True)
    found = lua.execute(read_checks()[kind])
    return found["status"], found["message"] or ""


def make_lua() -> LuaRuntime:
    """Without what Argo CD's has not; a text's own methods are the string library's too."""
    lua = LuaRuntime(register_eval=False, register_builtins=False)
    lua.execute("for name in pairs(string) do string[name] = nil end")
    for name in HIDDEN:
        lua.globals()[name] = None
    return lua


def pod(container: dict[str, Any], is_ready: bool = False, phase: str = "Running") -> dict[str, Any]:
    conditions = [{"type": "Ready", "status": "True" if is_ready else "False"}]
    return {"phase": phase, "conditions": conditions, "containerStatuses": [{"ready": is_ready, **container}]}


def test_every_check_of_the_file_is_tested_here() -> None:
    assert set(read_checks()) == {"Pod", "autoscaling_HorizontalPodAutoscaler"}


@pytest.mark.parametrize(
    "container",
    [
        {"state": {"waiting": {"reason": "CrashLoopBackOff", "message": "back-off 40s"}}},
        {"state": {"terminated": {"exitCode": 2, "message": REASON}}},
        {"state": {"running": {}}},
    ],
)
def test_a_container_that_ended_says_why_and_not_only_back_off(container: dict[str, Any]) -> None:
    last = {"lastState": {"terminated": {"exitCode": 2, "message": REASON}}}
    assert judge("Pod", pod({**last, **container})) == ("Degraded", REASON)


@pytest.mark.parametrize("reason", ["ImagePullBackOff", "ErrImagePull", "CreateContainerConfigError"])
def test_a_container_that_cannot_start_is_degraded_with_its_reason(reason: str) -> None:
    status = pod({"state": {"waiting": {"reason": reason, "message": "not found"}}}, phase="Pending")
    assert judge("Pod", status) == ("Degraded", f"{reason}: not found")


@pytest.mark.parametrize("reason", ["ContainerCreating", "PodInitializing"])
def test_a_container_that_is_on_its_way_is_progressing(reason: str) -> None:
    assert judge("Pod", pod({"state": {"waiting": {"reason": reason}}}, phase="Pending"))[0] == "Progressing"


def test_a_ready_pod_is_healthy_even_if_it_was_killed_once() -> None:
    killed = {"state": {"running": {}}, "lastState": {"terminated": {"exitCode": 137}}}
    assert judge("Pod", pod(killed, is_ready=True)) == ("Healthy", "")


def test_a_pod_without_a_status_and_one_not_ready_yet_are_progressing() -> None:
    assert judge("Pod", {})[0] == "Progressing"
    assert judge("Pod", pod({"state": {"running": {}}}))[0] == "Progressing"


def test_phases_at_the_end_are_told() -> None:
    assert judge("Pod", {"phase": "Succeeded"})[0] == "Healthy"
    assert judge("Pod", {"phase": "Failed", "reason": "Evicted"}) == ("Degraded", "Evicted")


@pytest.mark.parametrize(
    ("condition", "health"),
    [
        ({"type": "AbleToScale", "status": "False", "message": "no scale"}, "Degraded"),
        ({"type": "ScalingActive", "status": "False", "reason": "ScalingDisabled"}, "Degraded"),
        ({"type": "ScalingActive", "status": "False", "reason": "FailedGetResourceMetric", "message": "m"}, "Healthy"),
        ({"type": "ScalingActive", "status": "True"}, "Healthy"),
    ],
)
def test_an_autoscaler_without_metrics_is_healthy_and_one_that_is_switched_off_is_not(
    condition: dict[str, Any], health: str
) -> None:
    assert judge("autoscaling_HorizontalPodAutoscaler", {"conditions": [condition]})[0] == health


@pytest.mark.parametrize("code", ['return ("a"):match("a")', 'return string.match("a", "a")', "return os.time()"])
def test_what_argo_cd_does_not_offer_fails_here_too(code: str) -> None:
    with pytest.raises(LuaError):
        make_lua().execute(code)
