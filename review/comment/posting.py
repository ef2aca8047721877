"""One comment on a pull request, updated and not repeated, whoever else posts at the same moment."""

import os
import re

from cli.errors import OutsideError
from review.comment.text import MARKER
from review.github.client import GitHub
from review.github.types import Comment

ACTIONS_BOT = "github-actions[bot]"
RUN = re.compile(r"<!-- run (\d{1,19}) -->")
GONE = 404


def post_comment(github: GitHub, number: int, body: str, marker: str = MARKER) -> str:
    """Creates or updates our comment and deletes what a racing run left twice; gives the comment's address.

    A comment of a newer run stays as it is: the jobs may end in another order than they began.

    Raises: OutsideError.
    """
    author = os.environ.get("LATHE_BOT_LOGIN") or ACTIONS_BOT  # a job's token may not ask who it is
    own = list_own(github, number, author, marker)
    if not own:
        created = github.post(f"/issues/{number}/comments", {"body": body}, Comment)
        own = list_own(github, number, created.user.login if created.user else author, marker) or [created]
    return settle(github, own, body)


def list_own(github: GitHub, number: int, author: str, marker: str = MARKER) -> list[Comment]:
    """Ours begin with the marker and are by the token's own user; oldest first."""
    comments = [comment for page in github.pages(f"/issues/{number}/comments", list[Comment]) for comment in page]
    own = [one for one in comments if one.user and one.user.login == author and (one.body or "").startswith(marker)]
    return sorted(own, key=lambda comment: comment.id)


def settle(github: GitHub, own: list[Comment], body: str) -> str:
    """Every racing run keeps the oldest comment and gives it the newest run's text, so all end with the same one."""
    kept = own[0]
    newest = max([*(comment.body or "" for comment in own), body], key=read_run)
    wanted = body if read_run(newest) <= read_run(body) else newest
    if (kept.body or "").rstrip() != wanted.rstrip():
        kept = github.patch(f"/issues/comments/{kept.id}", {"body": wanted}, Comment)
    for duplicate in own[1:]:
        delete_comment(github, duplicate.id)
    return kept.html_url


def read_run(body: str) -> int:
    """The number of the run that wrote a comment; 0 if it does not say."""
    match = RUN.search(body[:200])
    return int(match.group(1)) if match else 0


def delete_comment(github: GitHub, comment_id: int) -> None:
    try:
        github.delete(f"/issues/comments/{comment_id}")
    except OutsideError as error:
        if error.status != GONE:  # another run was faster
            raise
