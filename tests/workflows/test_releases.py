"""The workflows that move an image keep their rules, and a planted violation of each is found."""

from collections.abc import Callable, Iterator

import pytest

from cli.errors import InputError
from release.manifests.overlays import parse_images
from tests.workflows.files import FOLDER, ROOT, Workflow, list_uses, read_actions, read_workflow, read_workflows
from tests.workflows.releases import (
    ORDER,
    RULES,
    check_identity,
    check_marks,
    check_order,
    check_queue,
    check_verified,
    check_writers,
    list_verbs,
)
from tests.workflows.rules import check_actions
from tests.workflows.test_rules import plant

IMAGE = "ghcr.io/lathe-ml/lathe-predictor"


def test_a_release_has_every_job_of_the_order() -> None:
    release = read_workflow(FOLDER / "release.yml")
    assert set(ORDER) < set(release.jobs)
    assert release.events == {"push", "workflow_dispatch"}
    verbs = [verb for _, verb in list_verbs(release)]
    assert [verb for verb in verbs if verb in {"check-tag", "approved", "publish", "verify", "announce", "bump"}] == [
        "check-tag",
        "approved",
        "publish",
        "verify",
        "announce",
        "bump",
    ]


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("workflow", read_workflows(), ids=lambda workflow: workflow.name)
def test_every_workflow_keeps_every_rule(workflow: Workflow, rule: Callable[[Workflow], Iterator[str]]) -> None:
    assert list(rule(workflow)) == []


@pytest.mark.parametrize(
    ("rule", "name", "old", "new", "told"),
    [
        (check_order, "release.yml", "needs: [image, announce]", "needs: image", "bump does not wait for announce"),
        (check_order, "release.yml", "    needs: check\n", "", "image does not wait for check"),
        (check_order, "release.yml", "    needs: bump\n    strategy", "    strategy", "promote does not wait for bump"),
        (check_order, "release.yml", "bump, promote, mlflow,", "bump, mlflow,", "does not look at promote"),
        (check_order, "release.yml", "    needs: bump\n", "    needs: bump\n    if: always()\n", "whatever failed"),
        (check_verified, "release.yml", "make verify announce", "make announce", "nothing is verified"),
        (check_verified, "release.yml", "make verify announce", "make announce verify", "nothing is verified"),
        (check_writers, "main.yml", "run: make image-main", "run: make image-main bump", "only release.yml may"),
        (check_writers, "model.yml", "run: make decide", "run: make rollback", "only rollback.yml may"),
        (check_queue, "release.yml", "cancel-in-progress: false", "cancel-in-progress: true", "expected false"),
        (check_queue, "rollback.yml", "cancel-in-progress: false", "cancel-in-progress: true", "expected false"),
        (check_identity, "rollback.yml", "    environment: rollback", "    env: {}", "outside of an environment"),
        (
            check_identity,
            "rollback.yml",
            "contents: read # to check the code out; main",
            "contents: write #",
            "the run's own token",
        ),
        (check_marks, "release.yml", "run: make marks", "run: make history", "no job marks runs"),
        (check_marks, "rollback.yml", "needs: rollback", "needs: []", "does not wait for rollback"),
        (check_marks, "release.yml", "if: vars.GRAFANA_URL != ''", "if: always()", "where no Grafana is named"),
        (check_marks, "rollback.yml", "ref: main #", "path: main #", "expected main's"),
    ],
)
def test_a_planted_violation_is_found(
    rule: Callable[[Workflow], Iterator[str]],
    name: str,
    old: str,
    new: str,
    told: str,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    found = list(rule(plant(name, old, new, tmp_path_factory)))
    assert len(found) >= 1
    assert told in found[0]


def test_our_own_actions_are_pinned_and_run_no_command() -> None:
    actions = read_actions()
    used = {action.name: len(list(list_uses(action))) for action in actions}
    assert (
        used == {action.name: len(action.content["runs"]["steps"]) for action in actions} == {"cloud": 3, "log-in": 5}
    )
    assert [found for action in actions for found in check_actions(action)] == []


@pytest.mark.parametrize("tag", [f"main-{'a' * 40}", "edge", "latest"])
def test_no_overlay_may_name_what_main_pushes(tag: str) -> None:
    """With a digest beside it, too: which code that is stands in no tag of Git."""
    text = f"images:\n  - name: predictor\n    newName: {IMAGE}\n    newTag: {tag}\n    digest: sha256:{'b' * 64}\n"
    with pytest.raises(InputError, match="expected a version as v1"):
        parse_images(text, "test/kustomization.yaml")


def test_main_pushes_its_commit_and_the_moving_tag_and_no_version() -> None:
    job = read_workflow(FOLDER / "main.yml").jobs["image"]
    (given,) = (step["env"] for step in job["steps"] if "env" in step)
    assert given["IMAGE"].endswith("-predictor:main-${{ github.sha }}")
    assert given["EDGE"].endswith("-predictor:edge")
    assert set(given) == {"IMAGE", "EDGE", "GITHUB_TOKEN"}


def test_no_overlay_names_what_main_pushes() -> None:
    texts = [path.read_text(encoding="utf-8") for path in (ROOT / "gitops" / "overlays").glob("*/kustomization.yaml")]
    assert len(texts) >= 4
    assert [text for text in texts if ":main-" in text or "newTag: main-" in text or "newTag: edge" in text] == []
