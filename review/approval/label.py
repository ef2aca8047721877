"""Who accepted that evidence is lacking: a label, set by name, by someone who may, for the commit that was judged."""

import re
from datetime import datetime

from cli.console import clean_text
from cli.errors import RefusedError
from review.github.client import GitHub
from review.github.pull_requests import SHA, WORKFLOW, is_branch
from review.github.types import Permission, Pull, Runs, TimelineEvent

LABEL = "accept-not-enough-evidence"
MAY_WRITE = ("admin", "maintain", "write")
LOGIN = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,38})")


def find_acceptance(github: GitHub, number: int, head: str) -> str:
    """The login of who accepted commit `head` of a pull request by setting the label.

    Raises: RefusedError that says why nobody did; OutsideError.
    """
    pull = github.get(f"/pulls/{number}", Pull)
    what = f"label {LABEL!r} on #{number}"
    if LABEL not in {label.name for label in pull.labels}:
        raise RefusedError(f"{what} is not set; a reviewer with write permission may set it")
    login, time = find_setter(github, number)
    if login is None or time is None:
        raise RefusedError(f"{what} was set by nobody that GitHub names, or before a forced push; set it again")
    if login.lower() == pull.user.login.lower():
        raise RefusedError(f"{what} was set by {login}, the author; it takes another person")
    if not may_write(github, login):
        raise RefusedError(f"{what} was set by {clean_text(login, 40)}, who has no write permission")
    if time < find_first_seen(github, pull, head):
        raise RefusedError(f"{what} was set for another commit than {head[:12]}; take it off and set it again")
    return login


def find_setter(github: GitHub, number: int) -> tuple[str | None, datetime | None]:
    """Who set the label last and when; nobody if it was taken off or other commits were forced in after that."""
    setter: tuple[str | None, datetime | None] = (None, None)
    for page in github.pages(f"/issues/{number}/timeline", list[TimelineEvent]):
        for event in page:
            is_ours = event.label is not None and event.label.name == LABEL
            if event.event == "labeled" and is_ours:
                setter = (event.actor.login if event.actor else None, event.created_at)
            elif event.event == "head_ref_force_pushed" or (event.event == "unlabeled" and is_ours):
                setter = (None, None)
    return setter


def may_write(github: GitHub, login: str) -> bool:
    """An App's login, `name[bot]`, is no person's and accepts nothing."""
    if not LOGIN.fullmatch(login):
        return False
    permission = github.find(f"/collaborators/{login}/permission", Permission)
    return permission is not None and permission.permission in MAY_WRITE


def find_first_seen(github: GitHub, pull: Pull, head: str) -> datetime:
    """When GitHub first ran the model workflow on a commit of this branch: its own clock, unlike the commit's date.

    Raises: RefusedError if it never did.
    """
    if not SHA.fullmatch(head):
        raise RefusedError(f"commit {head!r} is no commit's 40 hexadecimal digits")
    path = f"/actions/workflows/{WORKFLOW}/runs"
    runs = [run for page in github.pages(path, Runs, head_sha=head) for run in page.workflow_runs]
    times = [run.created_at for run in runs if is_branch(pull, run)]
    if not times:
        raise RefusedError(f"workflow {WORKFLOW} never ran on commit {head[:12]}, so nobody can have accepted it")
    return min(times)
