"""Nothing is proposed that makes no sense or is not verified, and what could not be had is said."""

import json
from pathlib import Path

import pytest

from cli.errors import InputError, OutsideError, RefusedError
from release.git.remote import DeclinedError, RacedError
from release.live.prometheus import Prometheus
from release.manifests.overlays import ImageLine
from release.promotion.promote import Promotion, promote, push_branch
from release.registry.published import PublishedImage
from tests.ports import take_free_port
from tests.release.origin import open_remote
from tests.release.promotions import BRANCH, TO_EKS, Place

pytestmark = pytest.mark.slow  # each drives real repositories and servers


@pytest.mark.parametrize(
    ("source", "target", "error", "reason"),
    [
        ("test", "test", RefusedError, "cannot be promoted to itself"),
        ("prod-eks", "test", RefusedError, r"test is not production: `python -m release bump --env test`"),
        ("prod-gke", "prod-eks", RefusedError, "prod-gke runs no release yet"),
        ("minikube", "prod-eks", RefusedError, "no release goes to minikube"),
        ("test", "moon", InputError, "there is no environment 'moon'"),
    ],
)
def test_a_promotion_that_makes_no_sense_is_refused(
    place: Place, source: str, target: str, error: type[Exception], reason: str
) -> None:
    with pytest.raises(error, match=reason):
        place.promote(Promotion(source, target))
    assert place.pulls == []


def test_nothing_is_pushed_unless_it_is_verified(place: Place) -> None:
    def refuse(line: ImageLine) -> PublishedImage | None:
        raise RefusedError(f"{line.tag} is not signed")

    with pytest.raises(RefusedError, match="is not signed"):
        promote(open_remote(place.clone), place.github, TO_EKS, refuse, None)
    assert place.pulls == []
    assert place.origin.git("branch", "--list", BRANCH) == ""


def test_without_a_registry_the_text_warns(place: Place) -> None:
    promote(open_remote(place.clone), place.github, TO_EKS, lambda line: None, None)
    text = place.pulls[0]["body"]
    assert "**The registry was not queried** (`--unverified`)" in text
    assert "Approved by maintainer and ops" in text


def test_a_release_with_another_report_than_the_image_stops_it(place: Place) -> None:
    place.report_sha256 = "0" * 64
    with pytest.raises(RefusedError, match="carries another report than the image"):
        place.promote()
    assert place.origin.git("branch", "--list", BRANCH) == ""


def test_a_release_of_another_bundle_stops_it(place: Place, tmp_path: Path) -> None:
    record = json.loads((tmp_path / "approved/approval.json").read_bytes())
    asset = place.state.data["releases"][0]["assets"][1]
    place.state.data["contents"][f"assets/{asset['id']}"] = {"text": json.dumps({**record, "bundle_digest": "9" * 64})}
    with pytest.raises(RefusedError, match=r"report or record of another bundle: .*999999999999"):
        place.promote()


def test_a_release_that_cannot_be_read_is_said_to_be(place: Place) -> None:
    place.state.data["releases"].clear()
    place.promote()
    text = place.pulls[0]["body"]
    assert r"could not be read: GitHub has no release v1.2.3" in text
    assert "**It may be served**" in text
    assert "| F1 | 0.899" in text


def test_a_prometheus_that_does_not_answer_is_no_good_news(place: Place) -> None:
    place.promote(prometheus=Prometheus(f"http://127.0.0.1:{take_free_port()}"))
    text = place.pulls[0]["body"]
    assert "| Live metrics | not reachable: http" in text
    assert "Requests" not in text


def test_a_remote_that_refuses_the_branch_leaves_no_pull_request(place: Place) -> None:
    place.origin.refuse("nobody pushes today")
    with pytest.raises(DeclinedError, match="nobody pushes today"):
        place.promote()
    assert place.pulls == []


def test_a_crash_between_branch_and_pull_request_is_finished_by_the_next_run(place: Place) -> None:
    place.state.plant("POST", "pulls$", status=500)
    with pytest.raises(OutsideError, match="answered 500"):
        place.promote()
    tip = place.origin.git("rev-parse", BRANCH)
    assert place.promote() is not None
    assert place.origin.git("rev-parse", BRANCH) == tip


def test_two_at_once_end_with_one_pull_request(place: Place) -> None:
    place.promote()
    opened = place.pulls.pop()
    place.state.plant("GET", r"pulls\?.*state=open", status=200, content="[]")
    place.pulls.append(opened)
    assert place.promote() is not None
    assert len(place.pulls) == 1


def test_a_branch_that_moved_meanwhile_is_not_overwritten(place: Place) -> None:
    place.promote()
    remote = open_remote(place.clone)
    mine = remote.commit(place.origin.head, {"docs/mine.md": "x\n"}, "mine")
    real = remote.find_head

    def look(branch: str) -> str | None:
        found = real(branch)
        if branch == BRANCH and place.origin.git("rev-parse", BRANCH) == found:
            place.origin.git("branch", "--force", BRANCH, "main")  # somebody is faster, once
        return found

    remote.find_head = look  # type: ignore[method-assign]
    with pytest.raises(RacedError, match="moved meanwhile"):
        push_branch(remote, mine, BRANCH, place.origin.head)


def test_a_workflows_own_token_is_told_to_reopen(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    place.promote()
    assert "Close and reopen this pull request to start its checks" in place.pulls[0]["body"]
    monkeypatch.setenv("STARTS_CHECKS", "true")
    place.promote()
    assert "Close and reopen" not in place.pulls[0]["body"]
