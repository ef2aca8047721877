"""Checks of what Argo CD is told (G7): projects that name everything, production that waits for a person."""

from collections.abc import Iterator
from typing import Any

from release.manifests.render import Object
from tests.gitops.findings import Finding, name_object, unless
from tests.gitops.references import list_texts
from tests.gitops.scenes import Scene

NAMED = ("sourceRepos", "destinations", "namespaceResourceWhitelist")
OF_ARGOCD = ("argocd-cm", "argocd-notifications-cm", "argocd-rbac-cm")


def find_open_projects(scene: Scene) -> Iterator[Finding]:
    """Each AppProject names its sources, destinations and kinds, without a wildcard."""
    for found in scene.pick("AppProject"):
        spec = found["spec"]
        parts = {name: spec.get(name) for name in (*NAMED, "clusterResourceWhitelist")}
        wild = [text for text in list_texts(list(parts.values())) if "*" in text]
        problems = [f"{text!r} stands for everything" for text in wild]
        problems += [f"{name} is empty" for name in NAMED if not spec.get(name)]
        yield name_object(found), problems


def find_unequal_kinds(scene: Scene) -> Iterator[Finding]:
    """Each project of workloads takes the same kinds: what test has seen, production takes."""
    workloads = [found for found in scene.pick("AppProject") if found["metadata"]["name"] != "lathe-root"]
    for found in workloads:
        same = [list_allowed(found) == list_allowed(other) for other in workloads]
        yield name_object(found), unless(all(same), "its kinds are not those of the other projects")


def list_allowed(project: Object) -> set[tuple[str, str]]:
    """Group and kind of everything that a project takes."""
    lists = ("clusterResourceWhitelist", "namespaceResourceWhitelist")
    return {(entry["group"], entry["kind"]) for name in lists for entry in project["spec"].get(name, [])}


def find_automation(scene: Scene) -> Iterator[Finding]:
    """Each environment that the ApplicationSet makes, and each Application: who syncs it, from where, to where."""
    projects = {found["metadata"]["name"]: found["spec"] for found in scene.pick("AppProject")}
    for found in [*scene.pick("Application"), *list_generated(scene)]:
        spec = found["spec"]
        automated = spec.get("syncPolicy", {}).get("automated")
        problems = judge_destination(spec, projects.get(spec["project"], {}))
        if spec["project"] == "lathe-production":
            problems += unless("automated" not in spec.get("syncPolicy", {}), "production has `automated`")
        elif automated is None:
            problems.append("nobody syncs it")
        else:
            problems += unless(automated.get("allowEmpty") is False, "allowEmpty is not false")
        yield name_object(found), problems


def judge_destination(spec: dict[str, Any], project: dict[str, Any]) -> list[str]:
    destination = {key: spec["destination"].get(key) for key in ("server", "namespace")}
    return [
        *unless(spec["source"]["repoURL"] in project.get("sourceRepos", []), "its project does not name its source"),
        *unless(destination in project.get("destinations", []), "its project does not name its destination"),
        *unless("retry" in spec.get("syncPolicy", {}), "it has no limit of retries"),
    ]


def list_generated(scene: Scene) -> Iterator[Object]:
    """What Argo CD's template engine makes of the list, by Go's text/template: see applications.py."""
    from tests.gitops.applications import generate_applications  # noqa: PLC0415 - it runs a program

    for found in scene.pick("ApplicationSet"):
        yield from generate_applications(found)


def find_lost_settings(scene: Scene) -> Iterator[Finding]:
    """Each ConfigMap that Argo CD reads by its label keeps that label."""
    for found in scene.pick("ConfigMap"):
        if found["metadata"]["name"] in OF_ARGOCD:
            part = found["metadata"].get("labels", {}).get("app.kubernetes.io/part-of")
            yield name_object(found), unless(part == "argocd", f"part-of is {part!r}: Argo CD reads only 'argocd'")
