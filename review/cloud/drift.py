"""One issue on what differs from main: opened, updated while it lasts, closed when it is over."""

import os
from collections.abc import Sequence

from contract.cloud_plan import CloudPlan
from review.cloud.text import DRIFT, render_drift
from review.comment.posting import ACTIONS_BOT
from review.github.client import GitHub
from review.github.types import Issue

TITLE = "What runs in the clouds differs from main"
OVER = "Nothing differs any more: the last scheduled plan of every environment was empty."


def report_drift(github: GitHub, plans: Sequence[CloudPlan], run_url: str | None) -> str:
    """What was done, in a sentence. Without a plan nothing is known, so nothing is closed.

    Raises: OutsideError.
    """
    if not plans:
        return "no environment was planned: the issue stays as it is"
    found = find_issue(github)
    if any(plan.changes for plan in plans):
        return write_drift(github, found, render_drift(plans, run_url))
    if found is None:
        return "nothing differs from main"
    github.patch(f"/issues/{found.number}", {"state": "closed", "body": f"{DRIFT}\n\n{OVER}\n"}, Issue)
    return f"nothing differs any more: closed {found.html_url}"


def write_drift(github: GitHub, found: Issue | None, body: str) -> str:
    if found is None:
        created = github.post("/issues", {"title": TITLE, "body": body}, Issue)
        return f"opened {created.html_url}"
    if (found.body or "").rstrip() != body.rstrip():
        github.patch(f"/issues/{found.number}", {"body": body}, Issue)
        return f"updated {found.html_url}"
    return f"{found.html_url} says it already"


def find_issue(github: GitHub) -> Issue | None:
    """The oldest open one of ours; GitHub lists pull requests among issues."""
    author = os.environ.get("LATHE_BOT_LOGIN") or ACTIONS_BOT
    pages = github.pages("/issues", list[Issue], state="open", creator=author, sort="created", direction="asc")
    issues = (one for page in pages for one in page if one.pull_request is None)
    return next((one for one in issues if (one.body or "").startswith(DRIFT)), None)
