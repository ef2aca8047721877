"""Every pull request that changes what an overlay runs is judged as a promotion is, whoever has written it."""

from collections.abc import Callable

import pytest

from cli.errors import OutsideError, RefusedError
from release.checks.findings import Findings, Mark
from release.manifests.environments import locate_overlay
from release.manifests.image_lines import change_images
from release.manifests.overlays import ImageLine
from release.promotion.bump import Bump, bump_environment
from release.promotion.closing import close_pulls
from release.promotion.promote import Promotion
from release.promotion.pull_request import check_pull, open_pull_request
from release.promotion.rollback import Rollback, roll_back
from release.registry.published import PublishedImage
from tests.release.origin import ask_git, make_digest, open_remote, run_release
from tests.release.promotions import Place

pytestmark = pytest.mark.slow  # each drives real repositories and servers

REASON = "too many false alarms"
EKS, GKE = "prod-eks", "prod-gke"


def check(place: Place, head: str, verify: Callable[[ImageLine], PublishedImage] | None = None) -> list[Findings]:
    remote = open_remote(place.clone)
    ask_git(place.clone, "fetch", "--quiet", "origin", "+refs/heads/*:refs/remotes/origin/*")
    return check_pull(
        open_pull_request(remote, head), place.github, verify or (lambda line: place.make_image(line.tag))
    )


def list_failed(found: list[Findings]) -> dict[str, str]:
    return {
        f"{one.subject} {finding.name}": finding.text
        for one in found
        for finding in one.all
        if finding.mark is Mark.FAILS
    }


def run(place: Place, environment: str, version: str) -> None:
    image = place.make_image(version)
    bump_environment(open_remote(place.clone), Bump(environment, version, image.digest, image))


def propose(place: Place, name: str, changes: dict[str, str], message: str = "By hand") -> str:
    """Somebody's own branch on top of main, pushed; its name at the remote."""
    clone = place.clone
    ask_git(clone, "fetch", "--quiet", "origin")
    ask_git(clone, "switch", "--quiet", "--force-create", name, "origin/main")
    for path, text in changes.items():
        (clone / path).parent.mkdir(parents=True, exist_ok=True)
        (clone / path).write_bytes(text.encode())
    ask_git(clone, "add", "--all")
    ask_git(clone, "commit", "--quiet", "--message", message)
    ask_git(clone, "push", "--quiet", "--force", "origin", f"HEAD:refs/heads/{name}")
    return f"origin/{name}"


def move(place: Place, environment: str, version: str, digest: str | None = None) -> dict[str, str]:
    text = place.origin.read(environment)
    return {locate_overlay(environment): change_images(text, tag=version, digest=digest or make_digest(version))}


def open_two_and_take_the_first_back(place: Place) -> None:
    """v1.3.0 is proposed for both productions; one merges it and takes it back, the other's is still open."""
    for environment in (EKS, GKE):
        run(place, environment, "v1.2.3")
    place.run_in_test("v1.3.0")
    for environment in (EKS, GKE):
        assert place.promote(Promotion("test", environment)) is not None
    run(place, EKS, "v1.3.0")
    roll_back(open_remote(place.clone), Rollback(EKS, REASON))


def test_a_promotion_passes_and_says_what_was_found(place: Place) -> None:
    assert place.promote() is not None
    found = check(place, "origin/promote/prod-eks")
    assert [one.exit_code for one in found] == [0, 0]
    said = {finding.name: finding.text for one in found for finding in one.all}
    assert said["order"].startswith("prod-eks: not released yet → v1.2.3")
    assert said["tested"].startswith("test has run it since 20")
    assert said["release"] == "v1.2.3 is public, approved by maintainer and ops"
    assert said["images"] == "each of minikube, prod-eks, prod-gke, test runs what its lines name"


def test_a_version_that_the_first_of_two_has_taken_back_is_refused_in_the_second(place: Place) -> None:
    open_two_and_take_the_first_back(place)
    failed = list_failed(check(place, "origin/promote/prod-gke"))
    assert list(failed) == ["prod-gke order"]
    assert "v1.3.0 was taken back from prod-eks by bot on 20" in failed["prod-gke order"]
    assert f"{REASON}" in failed["prod-gke order"]
    assert "a commit with the trailer `Lathe-Again: v1.3.0`" in failed["prod-gke order"]


def test_a_persons_reason_in_the_commit_brings_it_back(place: Place) -> None:
    open_two_and_take_the_first_back(place)
    assert place.promote(Promotion("test", GKE, again="it was the sensor")) is not None
    found = check(place, "origin/promote/prod-gke")
    assert list_failed(found) == {}
    assert found[0].all[1].text.endswith("again: it was the sensor")


def test_the_rollback_closes_the_promotion_and_tells_a_persons_own(place: Place) -> None:
    open_two_and_take_the_first_back(place)
    propose(place, "ada/hurry", move(place, GKE, "v1.3.0"))
    place.github.post("/pulls", {"title": "Hurry", "head": "ada/hurry", "base": "main", "body": ""}, dict)
    propose(place, "ada/words", {"notes.txt": "hello"})
    place.github.post("/pulls", {"title": "Words", "head": "ada/words", "base": "main", "body": ""}, dict)
    remote = open_remote(place.clone)
    close_pulls(remote, place.github, EKS, "v1.3.0", remote.fetch())
    states = {pull["head"]["ref"]: pull["state"] for pull in place.pulls}
    assert states == {
        "promote/prod-eks": "closed",
        "promote/prod-gke": "closed",
        "ada/hurry": "open",
        "ada/words": "open",
    }
    told = {int(one["number"]): str(one["body"]) for one in place.state.data["comments"]}
    assert len(told) == 3
    assert all("v1.3.0 was taken back from prod-eks by bot" in text for text in told.values())
    hurry = next(pull["number"] for pull in place.pulls if pull["title"] == "Hurry")
    assert "Its required checks refuse it from now on" in told[hurry]


@pytest.mark.parametrize("environment", [EKS, GKE])
def test_what_nobody_tested_is_refused_to_production(place: Place, environment: str) -> None:
    head = propose(place, "ada/hurry", move(place, environment, "v1.3.0"))
    failed = list_failed(check(place, head))
    assert failed == {f"{environment} tested": "no environment before production runs v1.3.0 with this digest"}


def test_what_test_took_back_is_refused_to_production(place: Place) -> None:
    place.run_in_test("v1.3.0")
    roll_back(open_remote(place.clone), Rollback("test", REASON))
    head = propose(place, "ada/hurry", move(place, EKS, "v1.3.0"))
    said = list_failed(check(place, head))["prod-eks tested"]
    assert "; v1.3.0 was taken back from test by bot" in said


def test_a_version_without_a_public_release_is_refused(place: Place) -> None:
    place.run_in_test("v1.4.0")
    head = propose(place, "ada/hurry", move(place, EKS, "v1.4.0"))
    assert list_failed(check(place, head)) == {"prod-eks release": "GitHub has no release v1.4.0"}


def test_an_image_that_is_not_verified_is_refused_and_one_that_is_unknown_is_never_green(place: Place) -> None:
    def refuse(_line: ImageLine) -> PublishedImage:
        raise RefusedError("the signature does not hold")

    def fail(_line: ImageLine) -> PublishedImage:
        raise OutsideError("the registry does not answer")

    head = propose(place, "ada/hurry", move(place, EKS, "v1.2.3"))
    assert list_failed(check(place, head, refuse)) == {"prod-eks image": "the signature does not hold"}
    assert [one.exit_code for one in check(place, head, fail)] == [4, 0]


def test_another_digest_of_the_version_that_runs_is_refused(place: Place) -> None:
    run(place, EKS, "v1.2.3")
    head = propose(place, "ada/swap", move(place, EKS, "v1.2.3", make_digest("v6.6.6")))
    assert "find out who pushed the other image" in list_failed(check(place, head))["prod-eks order"]


def test_the_way_back_by_a_pull_request_leads_only_to_what_ran_there(place: Place) -> None:
    run(place, EKS, "v1.2.3")
    place.run_in_test("v1.3.0")
    run(place, EKS, "v1.3.0")
    found = check(place, propose(place, "ada/back", move(place, EKS, "v1.2.3")))
    assert list_failed(found) == {}
    assert found[0].all[1].text == "back from v1.3.0, which is withdrawn by that, to v1.2.3, which ran there before"
    failed = list_failed(check(place, propose(place, "ada/low", move(place, EKS, "v1.1.0"))))
    assert failed["prod-eks order"] == "prod-eks runs v1.3.0 and never ran v1.1.0 with this digest"


def test_a_version_that_never_ran_there_needs_a_persons_word(place: Place) -> None:
    run(place, EKS, "v1.3.0")
    changes = move(place, EKS, "v1.2.3", place.make_image("v1.2.3").digest)
    assert "prod-eks order" in list_failed(check(place, propose(place, "ada/silent", changes)))
    words = "Back\n\nWhy: it ran in the folder's copy\n\nLathe-Again: v1.2.3\n"
    found = check(place, propose(place, "ada/word", changes, words))
    assert list_failed(found) == {}
    assert found[0].all[1].text.endswith("never ran there, by a person's word: it ran in the folder's copy")


@pytest.mark.parametrize("name", ["kustomization.yml", "Kustomization"])
def test_a_file_that_kustomize_reads_and_a_release_does_not_is_refused(name: str, place: Place) -> None:
    path = locate_overlay(EKS)
    changes = {path.replace("kustomization.yaml", name): move(place, EKS, "v6.6.6")[path]}
    words = f"gitops/overlays/prod-eks has a {name}, expected kustomization.yaml"
    beside = list_failed(check(place, propose(place, "ada/beside", changes)))
    assert words in beside["prod-eks overlay"]
    ask_git(place.clone, "rm", "--quiet", path)
    ask_git(place.clone, "commit", "--quiet", "--message", "In its place")
    ask_git(place.clone, "push", "--quiet", "--force", "origin", "HEAD:refs/heads/ada/beside")
    instead = list_failed(check(place, "origin/ada/beside"))
    assert words in instead["prod-eks overlay"]
    assert words in instead["what the overlays render images"]


def test_an_overlay_that_drops_productions_component_is_still_judged_as_production(place: Place) -> None:
    changes = move(place, EKS, "v1.3.0")
    path = locate_overlay(EKS)
    changes[path] = changes[path].replace("components:\n  - ../../components/production\n", "")
    assert "prod-eks tested" in list_failed(check(place, propose(place, "ada/plain", changes)))


PATCH = """patches:
  - target: {kind: Deployment, name: predictor}
    patch: |
      - {op: replace, path: /spec/template/spec/containers/0/image, value: "example.org/other:v6.6.6"}
images:
"""


def test_a_patch_that_runs_another_image_is_found_in_what_is_rendered(place: Place) -> None:
    path = locate_overlay("test")
    head = propose(place, "ada/patch", {path: place.origin.read("test").replace("images:\n", PATCH)})
    said = list_failed(check(place, head))["what the overlays render images"]
    assert said.startswith("test would run example.org/other:v6.6.6, its lines name ghcr.io/lathe-ml/lathe-predictor:")


def test_minikube_gets_no_release(place: Place) -> None:
    head = propose(place, "ada/kube", move(place, "minikube", "v1.2.3"))
    assert list_failed(check(place, head))["minikube release"].startswith("no release goes to minikube")


def test_a_broken_overlay_is_one_line(place: Place) -> None:
    head = propose(place, "ada/broken", {locate_overlay("test"): "images: {"})
    assert "is not YAML" in list_failed(check(place, head))["test overlay"]


def test_what_moves_nothing_is_not_judged(place: Place) -> None:
    assert check(place, propose(place, "ada/words", {"notes.txt": "hello"})) == []
    path = locate_overlay(EKS)
    head = propose(place, "ada/remark", {path: f"# a word\n{place.origin.read(EKS)}"})
    assert [one.subject for one in check(place, head)] == ["what the overlays render"]


def test_the_verb_ends_with_one_and_the_reason(place: Place) -> None:
    head = propose(place, "ada/hurry", move(place, EKS, "v1.3.0"))
    code, said = run_release(
        place.clone,
        "check-pull",
        "--head",
        head,
        GITHUB_API_URL=place.github.settings.api,
        LATHE_REGISTRY_MIRROR="127.0.0.1:9",
        GITHUB_TOKEN="token-that-reads",
        GITHUB_REPOSITORY="lathe-ml/lathe",
    )
    assert code == 1
    assert "✗ tested" in said
    assert "? image" in said
