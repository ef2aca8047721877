"""Who may let a candidate pass, and that nobody else can: a verdict, a label, a person, a commit."""

from typing import Any

import pytest

from cli.errors import OutsideError
from review.approval.decision import decide
from review.approval.label import LABEL
from review.report import read_report
from tests.review.conftest import Serve
from tests.review.worlds import DATA, FORK, HEAD, OURS, from_fork, make_pull, make_run

BEFORE, FIRST, AFTER = "2026-11-21T09:00:00Z", "2026-11-21T10:00:00Z", "2026-11-21T11:00:00Z"
UNCERTAIN = read_report(DATA / "report-uncertain.json")[0]


def event(
    kind: str = "labeled", actor: str | None = "reviewer", time: str = AFTER, label: str = LABEL
) -> dict[str, Any]:
    found = {"event": kind, "actor": {"login": actor} if actor else None, "created_at": time}
    return {**found, "label": {"name": label}} if kind in {"labeled", "unlabeled"} else found


def world(*events: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """A pull request with the label, judged first at ten o'clock."""
    known = {
        "pulls": [make_pull(labels=[{"name": "model"}, {"name": LABEL}])],
        "runs": [make_run(status="in_progress", conclusion=None, created_at=FIRST)],
        "timelines": {"7": list(events or [event()])},
        "permissions": {"reviewer": "write", "owner": "admin", "ghost": "nobody"},
    }
    return {**known, **changes}


def test_a_pass_goes_on_without_asking_anybody() -> None:
    decision = decide(read_report(DATA / "report-good.json")[0], None, None)
    assert (decision.exit_code, decision.accepted_by) == (0, None)


def test_a_fail_stops_whoever_accepted_it(serve: Serve) -> None:
    github, state = serve(world())
    decision = decide(read_report(DATA / "report-bad.json")[0], github, 7)
    assert decision.exit_code == 1
    assert decision.text.endswith("No approval changes that.")
    assert state.requests == []


def test_without_a_pull_request_nobody_can_accept() -> None:
    decision = decide(UNCERTAIN, None, None)
    assert decision.exit_code == 3
    assert "--number" in decision.text


@pytest.mark.parametrize("login", ["reviewer", "owner"])
def test_a_reviewer_accepts_by_name(serve: Serve, login: str) -> None:
    github, _ = serve(world(event(actor=login)))
    decision = decide(UNCERTAIN, github, 7)
    assert (decision.exit_code, decision.accepted_by) == (0, login)
    assert f"Accepted by {login} with the label" in decision.text


def test_a_forks_pull_request_is_accepted_the_same_way(serve: Serve) -> None:
    pull = from_fork(make_pull(labels=[{"name": LABEL}]))
    github, _ = serve(world(pulls=[pull], runs=[make_run(head_repository=FORK)]))
    assert decide(UNCERTAIN, github, 7).accepted_by == "reviewer"


def test_the_label_is_found_behind_pages_of_talk(serve: Serve) -> None:
    talk = [event("commented") for _ in range(250)]
    github, _ = serve(world(*talk, event(), *talk))
    assert decide(UNCERTAIN, github, 7).accepted_by == "reviewer"


def test_who_set_it_last_counts(serve: Serve) -> None:
    github, _ = serve(world(event(actor="author"), event("unlabeled"), event(actor="reviewer")))
    assert decide(UNCERTAIN, github, 7).accepted_by == "reviewer"


REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "no label": (world(pulls=[make_pull()]), "is not set; a reviewer with write permission may set it"),
    "another label": (world(event(label="looks-good"), pulls=[make_pull(labels=[{"name": "x"}])]), "is not set"),
    "no event": (world(event("commented")), "set by nobody that GitHub names"),
    "an event of a deleted account": (world(event(actor=None)), "set by nobody that GitHub names"),
    "by the author": (world(event(actor="author")), "set by author, the author; it takes another person"),
    "by the author in other letters": (world(event(actor="Author")), "the author; it takes another person"),
    "by the author after a reviewer": (world(event(), event(actor="author")), "set by author, the author"),
    "by somebody who may read": (world(event(actor="passer-by")), "set by passer-by, who has no write permission"),
    "by somebody who may triage": (
        world(event(actor="helper"), permissions={"helper": "triage"}),
        "who has no write permission",
    ),
    "by an unknown account": (world(event(actor="ghost")), "who has no write permission"),
    "by a bot": (world(event(actor="github-actions[bot]")), "who has no write permission"),
    "by a path": (world(event(actor="reviewer/../../x")), "who has no write permission"),
    "for an earlier commit": (world(event(time=BEFORE)), f"set for another commit than {HEAD[:12]}"),
    "before a forced push": (world(event(), event("head_ref_force_pushed")), "or before a forced push"),
    "for a commit that never ran": (world(runs=[]), "workflow model.yml never ran on commit"),
    "for a commit that ran in a fork": (world(runs=[make_run(head_repository=FORK)]), "never ran on commit"),
    "for a commit that ran on another branch": (world(runs=[make_run(head_branch="x")]), "never ran on commit"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_nobody_else_can(serve: Serve, case: str) -> None:
    given, reason = REFUSED[case]
    github, _ = serve(given)
    decision = decide(UNCERTAIN, github, 7)
    assert (decision.exit_code, decision.accepted_by) == (3, None)
    assert reason in decision.text


def test_a_commit_that_was_pushed_after_the_label_needs_a_new_one(serve: Serve) -> None:
    later = make_run(501, head_sha="f" * 40, created_at="2026-11-21T12:00:00Z")
    head = {"sha": "f" * 40, "ref": "better", "repo": OURS}
    github, state = serve(world(pulls=[make_pull(labels=[{"name": LABEL}], head=head)], runs=[make_run(), later]))
    assert decide(UNCERTAIN, github, 7).exit_code == 3
    state.data["timelines"]["7"] += [event("unlabeled"), event(time="2026-11-21T13:00:00Z")]
    assert decide(UNCERTAIN, github, 7).exit_code == 0


def test_a_github_that_does_not_answer_is_no_refusal(serve: Serve) -> None:
    github, state = serve(world())
    state.plant("GET", "collaborators", times=9, status=500)
    with pytest.raises(OutsideError, match="collaborators/reviewer/permission answered 500"):
        decide(UNCERTAIN, github, 7)
