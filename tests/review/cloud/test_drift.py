"""One issue: opened, updated, left as it is, closed; and the comment beside the gate's, against the local GitHub."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import msgspec
import pytest

from cli.errors import InputError
from contract.cloud_plan import CHANGE, CloudChange, CloudPlan
from review.cloud.drift import TITLE, report_drift
from review.cloud.reading import read_costs, read_plans
from review.cloud.text import PLANS, render_plans
from review.comment.posting import post_comment
from review.github.client import GitHub
from review.github.settings import GitHubSettings
from tests.review.github_server import Server, run_server
from tests.review.github_state import State
from tests.review.worlds import make_pull

CLEAN = CloudPlan("eks", "test", "a" * 40, "b" * 64, [])
DRIFTED = msgspec.structs.replace(CLEAN, changes=[CloudChange("aws_s3_bucket.this", CHANGE, ["versioning"])])
WORSE = msgspec.structs.replace(CLEAN, changes=[*DRIFTED.changes, CloudChange("aws_vpc.this", CHANGE, ["tags"])])


@pytest.fixture
def served() -> Iterator[tuple[Server, State]]:
    with run_server({"pulls": [make_pull(7)]}) as served:
        yield served


@pytest.fixture
def github(served: tuple[Server, State]) -> Iterator[GitHub]:
    settings = GitHubSettings("token-that-writes", "lathe-ml/lathe", served[0].address)
    with closing(GitHub(settings)) as opened:
        yield opened


def test_an_issue_is_opened_updated_and_closed_and_there_is_never_a_second(
    github: GitHub, served: tuple[Server, State]
) -> None:
    said = [report_drift(github, [plan], None).split()[0] for plan in (CLEAN, DRIFTED, DRIFTED, WORSE, CLEAN, CLEAN)]
    assert said[1] == "opened"
    assert said[3] == "updated"
    assert [said[index] for index in (0, 4, 5)] == ["nothing"] * 3
    (issue,) = served[1].data["issues"]
    assert (issue["title"], issue["state"]) == (TITLE, "closed")
    assert [write["method"] for write in served[1].writes] == ["POST", "PATCH", "PATCH"]
    assert served[1].violations == []


def test_after_it_was_closed_new_drift_opens_another(github: GitHub, served: tuple[Server, State]) -> None:
    for plan in (DRIFTED, CLEAN, WORSE):
        report_drift(github, [plan], None)
    assert [issue["state"] for issue in served[1].data["issues"]] == ["closed", "open"]


def test_without_a_plan_nothing_is_known_and_nothing_is_closed(github: GitHub, served: tuple[Server, State]) -> None:
    report_drift(github, [DRIFTED], None)
    assert "stays as it is" in report_drift(github, [], None)
    assert served[1].data["issues"][0]["state"] == "open"


def test_another_persons_issue_and_a_pull_request_with_the_marker_are_left_alone(
    github: GitHub, served: tuple[Server, State]
) -> None:
    stranger = {"number": 3, "title": "x", "body": "<!-- lathe-cloud-drift -->", "state": "open", "html_url": "u"}
    served[1].data["issues"].append({**stranger, "user": {"login": "stranger"}})
    served[1].data["pulls"][0] |= {"body": stranger["body"], "user": {"login": "github-actions[bot]"}}
    assert report_drift(github, [DRIFTED], None).startswith("opened")
    assert len(served[1].data["issues"]) == 2


def test_the_comment_on_plans_is_updated_beside_the_gates(github: GitHub, served: tuple[Server, State]) -> None:
    post_comment(github, 7, "<!-- lathe-gate -->\nthe gate's")
    for plan in (DRIFTED, WORSE):
        post_comment(github, 7, render_plans([plan], None), PLANS)
    bodies = [str(comment["body"]) for comment in served[1].list_comments(7)]
    assert len(bodies) == 2
    assert "2 to change" in bodies[1]


def test_plans_and_costs_that_are_none_are_named(tmp_path: Path) -> None:
    assert read_plans(tmp_path) == []
    assert read_costs(tmp_path) is None
    (tmp_path / "eks-test.plan.json").write_text('{"cloud": 1}', encoding="utf-8")
    with pytest.raises(InputError, match=r"eks-test\.plan\.json: is not what `make cloud-plan`"):
        read_plans(tmp_path)
    (tmp_path / "costs.json").write_text(" " * 5_000_001, encoding="utf-8")
    with pytest.raises(InputError, match=r"costs\.json: 5,000,001 bytes, expected at most"):
        read_costs(tmp_path)
