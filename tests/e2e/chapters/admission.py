"""Every overlay as the API server itself judges it, Pod Security included."""

import copy
import json
from typing import Any

from ruamel.yaml import YAML

from tests.e2e.scenario import Scenario

TITLE = "admission"
REAL_KINDS = ("Namespace", "ServiceAccount")  # a pod is only judged where these exist


def play(scenario: Scenario) -> None:
    scenario.steps.start_section(TITLE)
    folders = sorted(path for path in (scenario.repository.folder / "gitops" / "overlays").iterdir() if path.is_dir())
    for folder in folders:
        judge_overlay(scenario, folder.name)
    scenario.expect(len(folders) >= 4, "overlays judged", ", ".join(folder.name for folder in folders))


def judge_overlay(scenario: Scenario, name: str) -> None:
    """Accepted without a warning; its pod too; and the same pod, privileged, is refused."""
    objects = render(scenario, name)
    namespace = next(one for one in objects if one["kind"] == "Namespace")["metadata"]["name"]
    is_new = scenario.kubectl.find("namespace", namespace) is None
    if is_new:
        scenario.kubectl.apply(*(one for one in objects if one["kind"] in REAL_KINDS))
    try:
        code, said = dry_run(scenario, {"apiVersion": "v1", "kind": "List", "items": objects})
        accepted = said.count("(server dry run)")
        found = f"{accepted} of {len(objects)} objects" + (f": {said.strip()}" if "arning" in said or code else "")
        is_accepted = code == 0 and accepted == len(objects) and "arning" not in said
        scenario.expect(is_accepted, f"{name} by --dry-run=server", found)
        good = pod_of(next(one for one in objects if one["kind"] == "Deployment"))
        scenario.expect(dry_run(scenario, good)[0] == 0, f"{name}: its pod under Pod Security restricted", "accepted")
        code, said = dry_run(scenario, planted(good))
        is_refused = code != 0 and 'violates PodSecurity "restricted' in said
        scenario.expect(is_refused, f"{name}: the same pod, privileged", said.strip().splitlines()[-1])
    finally:
        if is_new:
            scenario.kubectl.delete("namespace", namespace, wait=False)


def render(scenario: Scenario, name: str) -> list[dict[str, Any]]:
    text = scenario.kubectl.run("kustomize", str(scenario.repository.folder / "gitops" / "overlays" / name))
    return [one for one in YAML(typ="safe", pure=True).load_all(text) if one]


def dry_run(scenario: Scenario, document: dict[str, Any]) -> tuple[int, str]:
    command = (
        "apply",
        "--server-side",
        "--force-conflicts",
        "--field-manager=e2e",
        "--dry-run=server",
        "--filename",
        "-",
    )
    return scenario.kubectl.try_run(*command, given=json.dumps(document))


def pod_of(deployment: dict[str, Any]) -> dict[str, Any]:
    """Pod Security judges pods; a Deployment is only warned of."""
    template = deployment["spec"]["template"]
    place = {"name": "judged", "namespace": deployment["metadata"]["namespace"]}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": place, "spec": template["spec"]}


def planted(pod: dict[str, Any]) -> dict[str, Any]:
    worse = copy.deepcopy(pod)
    worse["spec"]["containers"][0]["securityContext"] = {"privileged": True}
    return worse
