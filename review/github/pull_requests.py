"""Which pull request a workflow run belongs to, from what GitHub knows and never from what the run says."""

import re

from cli.errors import RefusedError
from review.github.client import GitHub
from review.github.types import Pull, Run

WORKFLOW = "model.yml"
SHA = re.compile(r"[0-9a-f]{40}")


def read_run(github: GitHub, run_id: int) -> Run:
    """A run of this repository's model workflow.

    Raises: RefusedError if it is another repository's, another workflow's or of another event.
    """
    run = github.get(f"/actions/runs/{run_id}", Run)
    check_run(github, run)
    return run


def check_run(github: GitHub, run: Run) -> None:
    """Raises: RefusedError."""
    expected = github.settings.repository
    if run.repository.full_name.lower() != expected.lower():
        raise RefusedError(f"run {run.id} belongs to {run.repository.full_name!r}, expected {expected}")
    if run.workflow != WORKFLOW:
        raise RefusedError(f"run {run.id} is of workflow {run.workflow!r}, expected {WORKFLOW}")
    if run.event != "pull_request":
        raise RefusedError(f"run {run.id} was started by {run.event!r}, expected a pull_request")
    if not SHA.fullmatch(run.head_sha):
        raise RefusedError(f"run {run.id} has head {run.head_sha!r}, expected a commit's 40 hexadecimal digits")


def find_pull(github: GitHub, run: Run) -> Pull | None:
    """The open pull request whose head is the run's own; None if it has moved on or is closed.

    A fork's is listed by its branch; a commit's own list is read too, since a branch may have been renamed.

    Raises: RefusedError if two pull requests have this head.
    """
    pulls = {pull.number: pull for pull in list_by_branch(github, run) if is_head(pull, run)}
    if not pulls:
        pulls = {pull.number: pull for pull in list_by_commit(github, run.head_sha) if is_head(pull, run)}
    if len(pulls) > 1:
        numbers = ", ".join(f"#{number}" for number in sorted(pulls))
        raise RefusedError(f"run {run.id} could be of {numbers}, which share a head; close all but one")
    return next(iter(pulls.values()), None)


def list_by_branch(github: GitHub, run: Run) -> list[Pull]:
    if run.head_repository is None or run.head_branch is None:
        return []
    head = f"{run.head_repository.full_name.partition('/')[0]}:{run.head_branch}"
    return [pull for page in github.pages("/pulls", list[Pull], state="open", head=head) for pull in page]


def list_by_commit(github: GitHub, sha: str) -> list[Pull]:
    return [pull for page in github.pages(f"/commits/{sha}/pulls", list[Pull]) for pull in page]


def is_head(pull: Pull, run: Run) -> bool:
    """Open, of the very commit, and from the repository and branch that the run came from."""
    is_ours = pull.base.repo is not None and pull.base.repo.id == run.repository.id
    return is_ours and pull.state == "open" and pull.head.sha == run.head_sha and is_branch(pull, run)


def is_branch(pull: Pull, run: Run) -> bool:
    """A deleted fork is nobody's branch."""
    if pull.head.repo is None or run.head_repository is None:
        return False
    return pull.head.repo.id == run.head_repository.id and pull.head.ref == run.head_branch
