"""What a check says: each thing it looked at, with what is wrong with it."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from release.manifests.render import Object
from tests.gitops.scenes import Scene

Finding = tuple[str, list[str]]  # the thing, and its problems
Find = Callable[[Scene], Iterable[Finding]]


@dataclass(frozen=True)
class Pod:
    """A pod template, and the object that it stands in."""

    owner: Object
    labels: dict[str, str]
    spec: dict[str, Any]

    @property
    def name(self) -> str:
        return name_object(self.owner)

    @property
    def containers(self) -> list[dict[str, Any]]:
        kinds = ("initContainers", "containers", "ephemeralContainers")
        return [container for kind in kinds for container in self.spec.get(kind, [])]


def name_object(found: Object) -> str:
    return f"{found['kind']} {found['metadata']['name']}"


def list_pods(scene: Scene) -> Iterator[Pod]:
    """Every pod template of the scene, whatever kind holds it."""
    for found in scene.objects:
        spec = found.get("spec") or {}
        template = spec.get("jobTemplate", {}).get("spec", spec).get("template")
        if found["kind"] == "Pod":
            yield Pod(found, found["metadata"].get("labels", {}), spec)
        elif isinstance(template, dict) and "containers" in template.get("spec", {}):
            yield Pod(found, template.get("metadata", {}).get("labels", {}), template["spec"])


def list_serving(scene: Scene) -> Iterator[Pod]:
    """The pods that answer; a job's comes, works and goes."""
    return (pod for pod in list_pods(scene) if pod.owner["kind"] not in ("CronJob", "Job"))


def matches(selector: dict[str, Any] | None, labels: dict[str, str]) -> bool:
    """Whether a LabelSelector of matchLabels takes these labels; an empty one takes all, None takes nothing."""
    if selector is None:
        return False
    assert not set(selector) - {"matchLabels"}, f"matchExpressions are not read here: {selector}"
    return (selector.get("matchLabels") or {}).items() <= labels.items()


def unless(holds: bool, problem: str) -> list[str]:
    return [] if holds else [problem]
