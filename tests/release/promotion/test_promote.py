"""A promotion is one branch and one pull request an environment, and a person has the last word."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from cli.errors import RefusedError
from release.promotion.promote import Promotion, find_refused
from release.promotion.rollback import Rollback, roll_back
from review.github.types import Head, Pull, User
from tests.release.origin import ask_git, open_remote, push_file
from tests.release.promotions import BRANCH, TO_EKS, Place


def test_a_promotion_is_a_branch_of_two_lines_and_a_pull_request(place: Place) -> None:
    main = place.origin.head
    pull = place.promote()
    assert pull is not None
    assert (pull.title, pull.head.ref, pull.base.ref) == ("Run v1.2.3 in prod-eks", BRANCH, "main")
    assert place.origin.head == main
    changed = place.origin.git("diff", "--numstat", "main", BRANCH).split()
    assert changed == ["2", "1", "gitops/overlays/prod-eks/kustomization.yaml"]
    assert place.origin.git("rev-list", "--count", f"main..{BRANCH}") == "1"
    assert "digest: sha256:" in place.origin.read("prod-eks", BRANCH)


@pytest.mark.slow
def test_the_text_says_what_moves_why_and_how_to_go_back(place: Place) -> None:
    place.promote()
    text = place.pulls[0]["body"]
    for expected in (
        "**prod-eks moves from nothing that was released to v1.2.3.**",
        "A person merges this. Nothing reaches prod-eks by that alone: somebody syncs it by hand in Argo CD",
        "v1.2.3 has run there for **less than a minute**, since ",
        "Live metrics: not queried, `LATHE_PROMETHEUS_URL` is not set.",
        "| PR-AUC ↑ |",
        "Approved by maintainer and ops in pull request #7.",
        "python -m release rollback --env prod-eks --reason",
        "```diff\n  Deployment predictor\n",
        "v1.2.3 (sha256:",
    ):
        assert expected in text, expected
    assert "Close and reopen" not in text


@pytest.mark.slow
def test_again_changes_nothing_and_repeats_no_push(place: Place) -> None:
    first = place.promote()
    tip = place.origin.git("rev-parse", BRANCH)
    second = place.promote()
    assert first is not None
    assert second is not None
    assert first.number == second.number
    assert len(place.pulls) == 1
    assert place.origin.git("rev-parse", BRANCH) == tip


@pytest.mark.slow
def test_another_clone_leaves_the_branch_alone_too(place: Place) -> None:
    place.promote()
    tip = place.origin.git("rev-parse", BRANCH)
    place.clone = place.origin.clone("bot2")
    ask_git(place.clone, "config", "user.name", "bot")
    place.promote()
    assert place.origin.git("rev-parse", BRANCH) == tip


@pytest.mark.slow
def test_when_main_moves_the_branch_moves_onto_it(place: Place) -> None:
    place.promote()
    main = push_file(place.origin.clone("other"), "docs/word.md", "text\n", "another change")
    place.promote()
    assert place.origin.git("rev-parse", f"{BRANCH}^") == main
    assert len(place.pulls) == 1


@pytest.mark.slow
def test_a_newer_version_takes_over_the_same_pull_request(place: Place) -> None:
    place.promote()
    place.run_in_test("v1.3.0")
    place.promote()
    assert [pull["title"] for pull in place.pulls] == ["Run v1.3.0 in prod-eks"]
    assert "moves from nothing that was released to v1.3.0" in place.pulls[0]["body"]
    assert "newTag: v1.3.0" in place.origin.read("prod-eks", BRANCH)


@pytest.mark.slow
def test_each_production_has_a_pull_request_of_its_own(place: Place) -> None:
    place.promote()
    place.promote(Promotion("test", "prod-gke"))
    assert [pull["head"]["ref"] for pull in place.pulls] == [BRANCH, "promote/prod-gke"]


@pytest.mark.slow
def test_after_the_merge_there_is_nothing_to_propose(place: Place, capsys: pytest.CaptureFixture[str]) -> None:
    place.promote()
    place.merge()
    assert place.promote() is None
    assert "prod-eks has v1.2.3 already" in capsys.readouterr().out
    place.run_in_test("v1.3.0")
    assert place.promote() is not None
    assert "prod-eks moves from v1.2.3 to v1.3.0" in place.pulls[-1]["body"]


@pytest.mark.slow
def test_what_a_person_closed_stays_closed(place: Place, capsys: pytest.CaptureFixture[str]) -> None:
    place.promote()
    place.close()
    tip = place.origin.git("rev-parse", BRANCH)
    assert place.promote() is None
    assert "was proposed for prod-eks and closed without a merge (https://" in capsys.readouterr().out
    assert len(place.pulls) == 1
    assert place.origin.git("rev-parse", BRANCH) == tip


@pytest.mark.slow
def test_a_reason_proposes_it_again_and_stands_in_the_text(place: Place) -> None:
    place.promote()
    place.close()
    assert place.promote(replace(TO_EKS, again="the | _other_ cause was found")) is not None
    assert len(place.pulls) == 2
    assert r"proposed again: the \| \_other\_ cause was found" in place.pulls[1]["body"]


@pytest.mark.slow
def test_another_version_than_the_closed_one_is_proposed(place: Place) -> None:
    place.promote()
    place.close()
    place.run_in_test("v1.3.0")
    assert place.promote() is not None


@pytest.mark.slow
def test_a_forks_closed_pull_request_is_nobodys_word(place: Place) -> None:
    place.promote()
    place.close()
    place.pulls[0]["head"]["repo"] = {"id": 2, "full_name": "lathe-ml/fork", "default_branch": "main"}
    assert place.promote() is not None


@pytest.mark.slow
def test_what_was_withdrawn_is_not_proposed_without_a_reason(place: Place) -> None:
    place.promote()
    place.merge()
    place.run_in_test("v1.3.0")
    place.promote()
    place.merge()
    roll_back(open_remote(place.clone), Rollback("prod-eks", "too many alarms", None, False))
    for target in ("prod-eks", "prod-gke"):
        with pytest.raises(RefusedError, match=r"v1\.3\.0 was taken back from prod-eks by bot on .*too many alarms"):
            place.promote(Promotion("test", target))
    assert place.promote(replace(TO_EKS, again="it was the network")) is not None


TITLE, OTHER = "Run v1.2.3 in prod-eks", "Run v1.3.0 in prod-eks"


@pytest.mark.parametrize(
    ("listed", "refused"),
    [
        ([], None),
        ([("closed", TITLE)], 1),
        ([("merged", TITLE)], None),
        ([("open", TITLE)], None),
        ([("closed", OTHER)], None),
        ([("closed", TITLE), ("merged", OTHER)], 1),
        ([("closed", TITLE), ("open", OTHER)], None),  # the open one is updated
        ([("merged", TITLE), ("open", OTHER)], None),
        ([("closed", TITLE), ("merged", TITLE)], None),  # it was proposed anew, and taken
        ([("merged", TITLE), ("closed", TITLE)], 2),  # taken, rolled back, proposed anew, and closed
        ([("merged", TITLE), ("closed", TITLE), ("open", OTHER)], None),
    ],
)
def test_a_version_is_refused_by_its_last_closed_pull_request_unless_one_is_open(
    listed: list[tuple[str, str]], refused: int | None
) -> None:
    moment = datetime(2026, 11, 28, tzinfo=UTC)
    pulls = [
        make_pull(number, title, "open" if end == "open" else "closed", moment if end == "merged" else None)
        for number, (end, title) in enumerate(listed, start=1)
    ]
    found = find_refused(pulls[::-1], TITLE)
    assert (found.number if found else None) == refused


def make_pull(number: int, title: str, state: str, merged_at: datetime | None) -> Pull:
    head = Head("a" * 40, "promote/prod-eks")
    user = User("lathe")
    return Pull(number, state, user, head, head, f"https://github.com/x/y/pull/{number}", title, merged_at=merged_at)
