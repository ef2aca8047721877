"""What the nodes say they run, from pods as the API server lists them."""

import json
from pathlib import Path

from rich.console import Console

from tests.e2e.argo import ArgoCd
from tests.e2e.chapters.production import find_digests
from tests.e2e.kubectl import Kubectl
from tests.e2e.options import read_options
from tests.e2e.scenario import Scenario
from tests.harness.steps import StepPrinter

FIRST, SECOND = ("sha256:" + digit * 64 for digit in "12")


def describe_pod(image: str, **metadata: str) -> dict[str, object]:
    return {"metadata": metadata, "status": {"containerStatuses": [{"imageID": image}]}}


def test_a_pod_that_waits_or_ends_runs_nothing(tmp_path: Path) -> None:
    pods = [
        describe_pod(f"registry.example/predictor@{FIRST}"),
        describe_pod(f"registry.example/predictor@{SECOND}", deletionTimestamp="2026-01-01T00:00:00Z"),
        describe_pod(""),
        {"metadata": {}, "status": {}},
    ]
    (tmp_path / "pods.json").write_text(json.dumps({"items": pods}), encoding="utf-8")
    kubectl = Kubectl(["sh", "-c", f"cat {tmp_path}/pods.json"])
    options = read_options(["--push-url", str(tmp_path)])
    scenario = Scenario(options, kubectl, ArgoCd(kubectl, ["argocd"]), StepPrinter(Console()))
    assert find_digests(scenario, "test") == {FIRST}
