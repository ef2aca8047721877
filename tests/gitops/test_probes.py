"""Every path that the manifests name is answered by a real predictor (K6)."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.app.predictor.running import RunningServer
from tests.gitops.findings import list_serving, name_object
from tests.gitops.scenes import Recipe, Scene, make_scene
from tests.patience import LAST_RESORT_SECONDS

PROBES = ("startupProbe", "readinessProbe", "livenessProbe")
FOUND, NOT_FOUND = 200, 404
# what stands behind a prefix that is let in from outside; a path alone is asked as it stands
BEHIND = {"/v1": "/v1/model", "/v2": "/v2", "/page": "/page/main.js"}
INSIDE = ("/metrics", "/healthz", "/readyz")
RENAMED = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: predictor}
spec: {template: {spec: {containers: [{name: predictor, readinessProbe: {httpGet: {path: /ready}}}]}}}
"""
OPENED = """target: {kind: HTTPRoute}
patch: |
  - op: add
    path: /spec/rules/0/matches/-
    value: {path: {type: PathPrefix, value: /}}
"""


@pytest.fixture(scope="module")
def client(bundle_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    server = RunningServer(bundle_folder, tmp_path_factory.mktemp("log") / "stderr")
    try:
        server.wait_until_ready()
        with httpx.Client(base_url=server.url, timeout=LAST_RESORT_SECONDS) as session:
            yield session
    finally:
        server.kill()


def list_inner_paths(scene: Scene) -> Iterator[tuple[str, str]]:
    """What the cluster itself asks: probes and scrapes."""
    for pod in list_serving(scene):
        for container in pod.containers:
            for probe in PROBES:
                yield f"{pod.name} {probe}", container.get(probe, {}).get("httpGet", {}).get("path", "missing")
    for found in scene.pick("ServiceMonitor"):
        yield from ((name_object(found), endpoint["path"]) for endpoint in found["spec"]["endpoints"])


def list_outer_paths(scene: Scene) -> Iterator[tuple[str, str, bool]]:
    """What is let in from outside, and whether everything behind it is too."""
    for found in scene.pick("HTTPRoute"):
        for match in (match for rule in found["spec"]["rules"] for match in rule["matches"]):
            yield name_object(found), match["path"]["value"], match["path"]["type"] == "PathPrefix"
    for found in scene.pick("Ingress"):
        for entry in (entry for rule in found["spec"]["rules"] for entry in rule["http"]["paths"]):
            yield name_object(found), entry["path"], entry["pathType"] == "Prefix"


def find_unanswered(scene: Scene, client: httpx.Client) -> list[str]:
    """Paths that the predictor does not know, and inner paths that are open to the outside."""
    problems = [f"{name} {path}" for name, path in list_inner_paths(scene) if client.get(path).status_code != FOUND]
    for name, path, is_prefix in list_outer_paths(scene):
        asked = BEHIND.get(path, path) if is_prefix else path
        problems += [f"{name} {path}"] if client.get(asked).status_code == NOT_FOUND else []
        prefix = path.rstrip("/") + "/"
        problems += [
            f"{name} opens {inner}" for inner in INSIDE if inner == path or (is_prefix and inner.startswith(prefix))
        ]
    return problems


def test_every_path_of_the_manifests_is_answered(scenes: list[Scene], client: httpx.Client) -> None:
    asked = [path for scene in scenes for path in (*list_inner_paths(scene), *list_outer_paths(scene))]
    assert len(asked) > 3 * sum(bool(scene.pick("Deployment")) for scene in scenes)
    assert {problem for scene in scenes for problem in find_unanswered(scene, client)} == set()


@pytest.mark.parametrize(
    "recipe",
    [Recipe("test", patches=(RENAMED,)), Recipe("test", ("ingress/gateway",), (OPENED,))],
    ids=["a probe of a path that is not there", "a way in to the metrics"],
)
def test_a_planted_path_is_found(recipe: Recipe, client: httpx.Client, tmp_path: Path) -> None:
    assert find_unanswered(make_scene(recipe, tmp_path / "scene"), client)


def test_a_scrape_is_far_from_its_limit(scenes: list[Scene], client: httpx.Client) -> None:
    samples = [line for line in client.get("/metrics").text.splitlines() if not line.startswith("#")]
    limits = [found["spec"]["sampleLimit"] for scene in scenes for found in scene.pick("ServiceMonitor")]
    assert limits
    assert 100 < len(samples) < min(limits) / 2
