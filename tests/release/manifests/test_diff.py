"""Differences as a person wants to read them: moves of fields and versions, no noise of hashes and namespaces."""

from pathlib import Path

import pytest

from cli.errors import InputError
from release.manifests.compared_sides import Comparison, compare_sides, read_side
from release.manifests.diff import Change, Field, compare_renderings, compare_values
from release.manifests.render import render_overlay
from release.manifests.summary import print_comparisons
from tests.release.manifests.test_render import run_release
from tests.release.repository import DIGEST, OTHER_DIGEST, Repository

IMAGE = "spec.template.spec.containers[predictor].image"


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return Repository(tmp_path / "repository")


def compare(repository: Repository, old: str, new: str) -> list[Comparison]:
    return compare_sides(read_side(old, repository.root), read_side(new, repository.root), repository.root)


def test_a_release_is_a_move_of_the_version_and_nothing_else(repository: Repository) -> None:
    repository.edit_image("test", newTag="v0.1.0", digest=DIGEST)
    repository.commit("v0.1.0")
    repository.edit_image("test", newTag="v0.2.0", digest=OTHER_DIGEST)
    repository.commit("v0.2.0")
    (found,) = [comparison for comparison in compare(repository, "v0.1.0", "v0.2.0") if comparison.changes]
    moved = Field(IMAGE, "v0.1.0 (sha256:1f1f1f1f1f1f)", "v0.2.0 (sha256:2e2e2e2e2e2e)")
    assert found == Comparison("test", [Change("changed", "Deployment predictor", (moved,))])


@pytest.mark.slow
def test_a_rollback_leaves_no_difference(repository: Repository) -> None:
    repository.edit_image("test", newTag="v0.1.0", digest=DIGEST)
    repository.commit("bump")
    repository.git("revert", "--no-edit", "bump")
    assert [comparison.changes for comparison in compare(repository, "first", ".")] == [[]] * 4


def test_a_changed_setting_is_shown_once_without_the_hash_of_its_map(repository: Repository) -> None:
    repository.replace("base/settings.env", "LATHE_GRACE_SECONDS=5", "LATHE_GRACE_SECONDS=6")
    for comparison in compare(repository, "first", "."):
        moved = Field("data.LATHE_GRACE_SECONDS", "5", "6")
        assert comparison.changes == [Change("changed", "ConfigMap predictor-settings", (moved,))]


def test_two_environments_differ_only_in_what_they_say(repository: Repository) -> None:
    assert compare(repository, "prod-eks", "prod-gke") == [Comparison("prod-eks → prod-gke", [])]
    (found,) = compare(repository, "test", "prod-eks")
    assert found.changes
    paths = {field.path for change in found.changes for field in change.fields}
    assert "spec.minReplicas" in paths
    assert not [path for path in paths if "namespace" in path or "instance" in path]


def test_an_object_comes_and_goes(repository: Repository) -> None:
    repository.replace("base/kustomization.yaml", "  - poddisruptionbudget.yaml\n", "")
    budget = "PodDisruptionBudget predictor"
    there, gone = compare(repository, "test@first", "test"), compare(repository, "test", "test@first")
    assert [comparison.changes for comparison in there] == [[Change("removed", budget)]]
    assert [comparison.changes for comparison in gone] == [[Change("added", budget)]]


def test_a_planted_change_of_every_object_is_found(repository: Repository) -> None:
    old = render_overlay("test", repository.root)
    repository.replace("overlays/test/kustomization.yaml", "instance: test", "instance: another")
    changes = compare_renderings(old, render_overlay("test", repository.root))
    assert len(changes) == len(old.objects)


def test_an_overlay_that_is_new_is_named(repository: Repository) -> None:
    repository.git("rm", "-r", "--quiet", "gitops/overlays/prod-gke")
    repository.commit("fewer")
    assert Comparison("prod-gke: only in first", None) in compare(repository, "first", "fewer")


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ({"a": 1}, {"a": 1}, []),
        ({"a": True}, {"a": False}, [Field("a", "true", "false")]),
        ({"a": {"b": 1}}, {"a": {}}, [Field("a.b", "1", None)]),
        ({"a": [{"name": "x", "v": 1}]}, {"a": [{"name": "y", "v": 1}, {"name": "x", "v": 2}]}, ["a[x].v", "a[y]"]),
        ({"a": ["p", "q"]}, {"a": ["p", "r"]}, [Field("a[1]", "q", "r")]),
        ({"image": "r/x:v1"}, {"image": "r/x:v2"}, [Field("image", "v1", "v2")]),
        ({"image": "r/x:v1"}, {"image": "s/x:v1"}, [Field("image", "r/x:v1", "s/x:v1")]),
        ({"image": f"r/x:v1@{DIGEST}"}, {"image": "r/x:v1"}, [Field("image", "v1 (sha256:1f1f1f1f1f1f)", "v1")]),
    ],
)
def test_each_leaf_that_moved_is_one_field(old: object, new: object, expected: list[Field | str]) -> None:
    found = list(compare_values(old, new))
    assert len(found) == len(expected)
    for field, wanted in zip(sorted(found, key=lambda field: field.path), expected, strict=True):
        assert wanted in (field, field.path)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("nothing", ".", "'nothing' is neither an overlay .* nor a revision that Git knows"),
        ("test@nothing", "test", "'nothing' is neither"),
        ("--help", ".", "'--help' is neither"),
        ("test", "first", "test and first are an overlay and a revision"),
    ],
)
def test_sides_that_cannot_be_compared_are_refused(repository: Repository, old: str, new: str, said: str) -> None:
    with pytest.raises(InputError, match=said):
        compare(repository, old, new)


def test_what_is_printed_names_the_overlay_the_object_and_the_move(capsys: pytest.CaptureFixture[str]) -> None:
    moved = Change("changed", "Service predictor", (Field("spec.ports[http].port", "80", None),))
    assert print_comparisons([Comparison("test", [moved]), Comparison("minikube", [])])
    printed = capsys.readouterr().out
    assert printed.splitlines() == [
        "test",
        "  ~ Service predictor",
        "      spec.ports[http].port: 80 → (absent)",
    ]


@pytest.mark.slow
def test_the_command_line_ends_with_1_where_there_is_a_difference_and_0_where_there_is_none() -> None:
    same, other = run_release("diff", "prod-eks", "prod-gke"), run_release("diff", "test", "prod-eks")
    assert (same.returncode, same.stdout) == (0, "✓ no difference\n")
    assert other.returncode == 1
    assert "spec.minReplicas: 2 → 3" in other.stdout
    assert run_release("diff", "test", "nothing").returncode == 2
