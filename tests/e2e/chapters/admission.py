"""Every overlay as the API server itself judges it, Pod Security included."""

import copy
import json
from typing import Any

from ruamel.yaml import YAML

from tests.e2e.story import Story

TITLE = "admission"
REAL_KINDS = ("Namespace", "ServiceAccount")  # a pod is only judged where these exist


def tell(story: Story) -> None:
    story.begin(TITLE)
    folders = sorted(path for path in (story.repository.folder / "gitops" / "overlays").iterdir() if path.is_dir())
    for folder in folders:
        judge_overlay(story, folder.name)
    story.expect(len(folders) >= 4, "overlays judged", ", ".join(folder.name for folder in folders))


def judge_overlay(story: Story, name: str) -> None:
    """Accepted without a warning; its pod too; and the same pod, privileged, is refused."""
    objects = render(story, name)
    namespace = next(one for one in objects if one["kind"] == "Namespace")["metadata"]["name"]
    is_new = story.kubectl.find("namespace", namespace) is None
    if is_new:
        story.kubectl.apply(*(one for one in objects if one["kind"] in REAL_KINDS))
    try:
        code, said = dry_run(story, {"apiVersion": "v1", "kind": "List", "items": objects})
        accepted = said.count("(server dry run)")
        found = f"{accepted} of {len(objects)} objects" + (f": {said.strip()}" if "arning" in said or code else "")
        is_accepted = code == 0 and accepted == len(objects) and "arning" not in said
        story.expect(is_accepted, f"{name} by --dry-run=server", found)
        good = pod_of(next(one for one in objects if one["kind"] == "Deployment"))
        story.expect(dry_run(story, good)[0] == 0, f"{name}: its pod under Pod Security restricted", "accepted")
        code, said = dry_run(story, planted(good))
        is_refused = code != 0 and 'violates PodSecurity "restricted' in said
        story.expect(is_refused, f"{name}: the same pod, privileged", said.strip().splitlines()[-1])
    finally:
        if is_new:
            story.kubectl.delete("namespace", namespace, wait=False)


def render(story: Story, name: str) -> list[dict[str, Any]]:
    text = story.kubectl.run("kustomize", str(story.repository.folder / "gitops" / "overlays" / name))
    return [one for one in YAML(typ="safe", pure=True).load_all(text) if one]


def dry_run(story: Story, document: dict[str, Any]) -> tuple[int, str]:
    command = (
        "apply",
        "--server-side",
        "--force-conflicts",
        "--field-manager=e2e",
        "--dry-run=server",
        "--filename",
        "-",
    )
    return story.kubectl.try_run(*command, given=json.dumps(document))


def pod_of(deployment: dict[str, Any]) -> dict[str, Any]:
    """Pod Security judges pods; a Deployment is only warned of."""
    template = deployment["spec"]["template"]
    place = {"name": "judged", "namespace": deployment["metadata"]["namespace"]}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": place, "spec": template["spec"]}


def planted(pod: dict[str, Any]) -> dict[str, Any]:
    worse = copy.deepcopy(pod)
    worse["spec"]["containers"][0]["securityContext"] = {"privileged": True}
    return worse
