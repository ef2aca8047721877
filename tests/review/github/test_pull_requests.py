"""The pull request of a run is what GitHub says it is, for branches of ours and of forks."""

from typing import Any

import pytest

from cli.errors import RefusedError
from review.github.pull_requests import find_pull, read_run
from tests.review.conftest import Serve
from tests.review.worlds import FORK, HEAD, OURS, from_fork, make_pull, make_run

FORK_RUN = make_run(head_repository=FORK)


def find(serve: Serve, pulls: list[dict[str, Any]], run: dict[str, Any], listed: list[int] | None = None) -> int | None:
    github, _ = serve({"pulls": pulls, "runs": [run], "commits": {HEAD: {"tree": "c" * 40, "pulls": listed or []}}})
    pull = find_pull(github, read_run(github, run["id"]))
    return pull.number if pull else None


def test_a_branch_of_ours_is_found(serve: Serve) -> None:
    assert find(serve, [make_pull(3, head={**make_pull()["head"], "ref": "other"}), make_pull(7)], make_run()) == 7


def test_a_forks_branch_is_found_though_the_run_names_no_pull_request(serve: Serve) -> None:
    assert FORK_RUN["pull_requests"] == []
    assert find(serve, [make_pull(7), from_fork(make_pull(8))], FORK_RUN) == 8


def test_a_fork_whose_owner_changed_its_name_is_found_by_the_commit(serve: Serve) -> None:
    renamed = from_fork(make_pull(8))
    renamed["head"]["repo"] = {**FORK, "full_name": "newname/lathe"}
    assert find(serve, [renamed], FORK_RUN, listed=[8]) == 8


@pytest.mark.parametrize(
    "pull",
    [
        make_pull(head={**make_pull()["head"], "sha": "f" * 40}),  # it has moved on
        make_pull(state="closed"),
        make_pull(head={**make_pull()["head"], "repo": None}),  # its fork was deleted
        from_fork(make_pull()),  # the same commit, offered by a stranger
        make_pull(head={**make_pull()["head"], "ref": "other"}),
        make_pull(base={**make_pull()["base"], "repo": FORK}),
    ],
)
def test_another_pull_request_with_that_commit_is_not_taken(serve: Serve, pull: dict[str, Any]) -> None:
    assert find(serve, [pull], make_run(), listed=[7]) is None


def test_two_that_share_a_head_are_refused(serve: Serve) -> None:
    pulls = [make_pull(7), make_pull(9, base={**make_pull()["base"], "ref": "next"})]
    with pytest.raises(RefusedError, match="could be of #7, #9"):
        find(serve, pulls, make_run())


@pytest.mark.parametrize(
    ("run", "reason"),
    [
        (make_run(repository=FORK), "belongs to 'stranger/lathe', expected lathe-ml/lathe"),
        (make_run(path=".github/workflows/evil.yml"), "is of workflow 'evil.yml', expected model.yml"),
        (make_run(path=".github/workflows/x/model.yml"), "is of workflow 'x/model.yml'"),
        (make_run(event="workflow_dispatch"), "was started by 'workflow_dispatch', expected a pull_request"),
        (make_run(event="pull_request_target"), "was started by 'pull_request_target'"),
        (make_run(head_sha="../../../x"), "expected a commit's 40 hexadecimal digits"),
    ],
)
def test_a_run_of_another_kind_is_refused(serve: Serve, run: dict[str, Any], reason: str) -> None:
    github, _ = serve({"runs": [run]})
    with pytest.raises(RefusedError, match=reason):
        read_run(github, 500)


def test_a_workflow_named_with_its_branch_is_the_same(serve: Serve) -> None:
    github, _ = serve({"runs": [make_run(path=".github/workflows/model.yml@refs/heads/main")]})
    assert read_run(github, 500).repository.full_name == OURS["full_name"]
