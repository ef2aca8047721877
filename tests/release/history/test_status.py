"""The status table, from real programs that answer as kubectl does, or do not."""

import json
from pathlib import Path
from typing import Any

import pytest

from cli import console
from cli.errors import InputError
from release.history.cluster import Cluster
from release.history.standing import NOTHING, UNKNOWN
from release.history.status import Status, shorten_image, show_status

pytestmark = pytest.mark.slow  # each drives real repositories and servers

DIGEST = "sha256:" + "a" * 64
IMAGE = f"ghcr.io/lathe-ml/lathe-predictor:v1.2.3@{DIGEST}"
OVERLAY = """
images:
  - name: predictor
    newName: ghcr.io/lathe-ml/lathe-predictor
    newTag: v0.0.0 # not released yet
"""
# prints the file that is named as the question: kinds, or what /readyz says; without one it fails as kubectl does
STAND_IN = """#!/usr/bin/env python3
import pathlib, sys
words = sys.argv[1:]
raw = words[words.index("--raw") + 1] if "--raw" in words else None
space = words[words.index("--namespace") + 1] if "--namespace" in words else "any"
name = f"{raw.rpartition('/')[2]}" if raw else f"{words[1]}-{words[2] if words[1] == 'namespace' else space}"
answer = pathlib.Path(__file__).with_name(name + ".json")
if not answer.exists():
    sys.exit(f"error: the server doesn't have a resource type {name!r}")
print(answer.read_text())
"""


class Answers:
    """A folder with a stand-in for kubectl and what it is to answer."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.program = folder / "kubectl"
        folder.mkdir()
        self.program.write_text(STAND_IN, encoding="utf-8")
        self.program.chmod(0o755)
        self.put("version", {})

    def put(self, name: str, document: Any) -> None:
        (self.folder / f"{name}.json").write_text(json.dumps(document), encoding="utf-8")

    def put_items(self, kind: str, namespace: str, *items: dict[str, Any]) -> None:
        self.put(f"{kind}-{namespace}", {"items": items})

    def put_environment(self, namespace: str, pods: list[dict[str, Any]], replicas: int) -> None:
        self.put_items("pods", namespace, *pods)
        self.put_items("deployments", namespace, {"spec": {"replicas": replicas}})
        self.put_items("services", namespace, {"metadata": {"name": "predictor"}, "spec": {"ports": [{"port": 80}]}})
        self.put_items("ingresses.networking.k8s.io", namespace)

    def put_nothing(self, namespace: str) -> None:
        for kind in ("pods", "deployments", "services", "ingresses.networking.k8s.io"):
            self.put_items(kind, namespace)
        self.put(f"namespace-{namespace}", f"namespace/{namespace}")


def pod(name: str, is_ready: bool = True, image: str = IMAGE, is_ending: bool = False) -> dict[str, Any]:
    metadata = {"name": name, **({"deletionTimestamp": "2026-01-01T00:00:00Z"} if is_ending else {})}
    conditions = [{"type": "Ready", "status": "True" if is_ready else "False"}]
    containers = [{"name": "sidecar", "image": "other:1"}, {"name": "predictor", "image": image}]
    return {"metadata": metadata, "spec": {"containers": containers}, "status": {"conditions": conditions}}


def application(name: str, sync: str, health: str) -> dict[str, Any]:
    return {"metadata": {"name": name}, "status": {"sync": {"status": sync}, "health": {"status": health}}}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for name in ("prod", "test"):
        folder = tmp_path / "gitops" / "overlays" / name
        folder.mkdir(parents=True)
        (folder / "kustomization.yaml").write_text(OVERLAY, encoding="utf-8")
    released = OVERLAY.replace("v0.0.0 # not released yet", f"v1.2.3\n    digest: {DIGEST}")
    (tmp_path / "gitops/overlays/test/kustomization.yaml").write_text(released, encoding="utf-8")
    return tmp_path


@pytest.fixture
def answers(tmp_path: Path) -> Answers:
    found = Answers(tmp_path / "answers")
    found.put_items("applications.argoproj.io", "argocd", application("lathe-test", "Synced", "Healthy"))
    found.put_environment("lathe-test", [pod("one"), pod("two")], 2)
    found.put_nothing("lathe-prod")
    found.put("readyz", {"status": "ready", "digest": "d" * 64})
    return found


def ask(root: Path, answers: Answers) -> dict[str, Status]:
    return {found.environment: found for found in show_status(root, Cluster(str(answers.program)))}


def test_without_kubectl_git_is_still_shown_and_the_rest_is_said_to_be_unknown(
    root: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    prod, test = show_status(root, Cluster("lathe-has-no-such-program"))
    assert prod.wanted == "not released yet"
    assert test.wanted.startswith("v1.2.3 (sha256:aaaa")
    assert {*prod.cells[1:], *test.cells[1:]} == {UNKNOWN}


def test_a_cluster_that_does_not_answer_is_one_warning_and_no_traceback(
    root: Path, answers: Answers, capfd: pytest.CaptureFixture[str]
) -> None:
    (answers.folder / "version.json").unlink()
    with console.err.capture() as said:
        statuses = ask(root, answers)
    assert said.get().count("warning: no cluster was queried: kubectl get --raw") == 1
    assert said.get().count("kubectl") == 1
    assert statuses["test"].pods == UNKNOWN


def test_what_runs_is_read_from_the_pods_and_the_predictor_itself(root: Path, answers: Answers) -> None:
    found = ask(root, answers)["test"]
    assert found.running == found.wanted
    assert found.bundle == "d" * 12
    assert (found.sync, found.health, found.pods) == ("Synced", "Healthy", "2/2")
    assert found.url == "http://predictor.lathe-test.svc"
    assert found.unasked == []


def test_the_address_stands_below_the_table_in_full(root: Path, answers: Answers) -> None:
    with console.out.capture() as said:
        ask(root, answers)
    assert said.get().splitlines()[-2:] == [
        "test: http://predictor.lathe-test.svc",
        "from this checkout, which has no commit",
    ]
    assert max(map(len, said.get().splitlines())) <= console.WIDE_ENOUGH


def test_an_environment_that_runs_nothing_shows_nothing_rather_than_unknown(root: Path, answers: Answers) -> None:
    found = ask(root, answers)["prod"]
    assert {*found.cells[1:], found.url} == {NOTHING}
    assert found.unasked == []


def test_what_a_cluster_runs_that_this_kubectl_does_not_know_is_unknown_and_not_none(
    root: Path, answers: Answers
) -> None:
    (answers.folder / "namespace-lathe-prod.json").write_text("", encoding="utf-8")
    elsewhere = {**application("lathe-prod", "Synced", "Healthy"), "spec": {"destination": {"server": "https://eks"}}}
    answers.put_items("applications.argoproj.io", "argocd", elsewhere)
    with console.err.capture() as said:
        found = ask(root, answers)["prod"]
    assert (found.running, found.pods, found.bundle, found.url) == (UNKNOWN,) * 4
    assert (found.sync, found.health) == ("Synced", "Healthy")
    words = "what prod runs is not known: this cluster has no namespace lathe-prod, and Argo CD runs it at https://eks"
    assert words in said.get()


def test_where_nobody_may_ask_for_the_namespace_what_runs_is_unknown(root: Path, answers: Answers) -> None:
    (answers.folder / "namespace-lathe-prod.json").unlink()
    with console.err.capture() as said:
        found = ask(root, answers)["prod"]
    assert (found.running, found.pods) == (UNKNOWN, UNKNOWN)
    assert "kubectl get namespace" in said.get()


def test_without_argo_cd_everything_else_is_shown(root: Path, answers: Answers) -> None:
    (answers.folder / "applications.argoproj.io-argocd.json").unlink()
    with console.err.capture() as said:
        found = ask(root, answers)["test"]
    assert (found.sync, found.health) == (UNKNOWN, UNKNOWN)
    assert (found.pods, found.bundle) == ("2/2", "d" * 12)
    assert "kubectl get applications.argoproj.io" in said.get()


def test_pods_that_end_or_are_not_ready_do_not_count_as_running(root: Path, answers: Answers) -> None:
    other = IMAGE.replace("v1.2.3", "v1.2.4")
    pods = [pod("one"), pod("new", is_ready=False, image=other), pod("old", image=other, is_ending=True)]
    answers.put_environment("lathe-test", pods, 2)
    found = ask(root, answers)["test"]
    assert found.pods == "1/2"
    assert "v1.2.4" not in found.running


def test_two_versions_in_the_middle_of_a_rollout_are_both_shown(root: Path, answers: Answers) -> None:
    answers.put_environment("lathe-test", [pod("one"), pod("two", image=IMAGE.replace("v1.2.3", "v1.2.4"))], 2)
    assert [part.split()[0] for part in ask(root, answers)["test"].running.split(", ")] == ["v1.2.3", "v1.2.4"]


def test_a_predictor_that_cannot_be_asked_leaves_the_bundle_unknown(root: Path, answers: Answers) -> None:
    (answers.folder / "readyz.json").write_text("<html>", encoding="utf-8")
    found = ask(root, answers)["test"]
    assert found.bundle == UNKNOWN
    assert "expected JSON" in found.unasked[0]


@pytest.mark.parametrize(
    ("ports", "rules", "url"),
    [
        ([{"port": 80, "nodePort": 31234}], [], "http://<node>:31234"),
        ([{"port": 80}], [{"host": "predictor.factory.example"}], "https://predictor.factory.example"),
    ],
)
def test_the_url_is_the_one_from_outside_where_there_is_one(
    root: Path, answers: Answers, ports: list[Any], rules: list[Any], url: str
) -> None:
    answers.put_items("services", "lathe-test", {"metadata": {"name": "predictor"}, "spec": {"ports": ports}})
    answers.put_items("ingresses.networking.k8s.io", "lathe-test", {"spec": {"rules": rules}})
    assert ask(root, answers)["test"].url == url


@pytest.mark.parametrize(
    ("image", "shown"),
    [
        (IMAGE, "v1.2.3 (sha256:aaaaaaaaaaaa)"),
        ("registry:5000/predictor:v1.2.3", "v1.2.3"),
        ("registry:5000/predictor", "not released yet"),
    ],
)
def test_an_image_reads_as_its_overlay_does(image: str, shown: str) -> None:
    assert shorten_image(image) == shown


def test_an_overlay_that_cannot_be_read_is_an_error(root: Path, answers: Answers) -> None:
    (root / "gitops/overlays/test/kustomization.yaml").write_text("images: []", encoding="utf-8")
    with pytest.raises(InputError, match="has no `images:`"):
        ask(root, answers)
