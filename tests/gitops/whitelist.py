"""Checks that Argo CD would take what is rendered: its kind and its namespace stand in the environment's project."""

from collections.abc import Iterator

from release.manifests.render import Object, parse_objects
from release.tools import ROOT
from tests.gitops.findings import Finding, name_object, unless
from tests.gitops.projects import list_allowed
from tests.gitops.scenes import Scene

BY_HAND = "minikube"  # applied without Argo CD


def read_project(environment: str) -> Object:
    """The AppProject that may sync the environment's namespace."""
    texts = [path.read_text(encoding="utf-8") for path in sorted((ROOT / "gitops/argocd/projects").glob("*.yaml"))]
    projects = [project for text in texts for project in parse_objects(text)]
    namespace = f"lathe-{environment}"
    return next(
        found for found in projects if any(to["namespace"] == namespace for to in found["spec"]["destinations"])
    )


def find_refused(scene: Scene) -> Iterator[Finding]:
    """Each object of an environment that Argo CD syncs."""
    if scene.recipe.overlay in (None, BY_HAND):
        return
    project = read_project(scene.environment)
    namespaces = {to["namespace"] for to in project["spec"]["destinations"]}
    for found in scene.objects:
        group = found["apiVersion"].rpartition("/")[0]
        namespace = found["metadata"]["name" if found["kind"] == "Namespace" else "namespace"]
        yield (
            name_object(found),
            [
                *unless((group, found["kind"]) in list_allowed(project), "its kind is not in the project"),
                *unless(namespace in namespaces, f"namespace {namespace} is not in the project"),
            ],
        )
