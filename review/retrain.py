"""The one pull request of a retraining: opened or updated, never merged."""

import re
from pathlib import Path

from cli.errors import InputError, OutsideError, RefusedError
from cli.files import read_file
from review.github.client import GitHub
from review.github.types import Pull

BRANCH = re.compile(r"retrain/[A-Za-z0-9](?:[A-Za-z0-9._-]{0,118}[A-Za-z0-9_-])?")  # any name that a dataset may have
MAX_TITLE, MAX_BODY_BYTES = 200, 20_000  # the report needs the rest
ALREADY_THERE = 422


def open_pull(github: GitHub, *, branch: str, base: str, title: str, body: str) -> tuple[Pull, bool]:
    """The branch's pull request with this title and text, and whether it is new.

    Raises: InputError, RefusedError if there are two, OutsideError.
    """
    check_request(branch, base, title)
    pull = find_open(github, branch, base)
    if pull is None:
        try:
            new = {"title": title, "head": branch, "base": base, "body": body, "maintainer_can_modify": False}
            return github.post("/pulls", new, Pull), True
        except OutsideError as error:
            if error.status != ALREADY_THERE:
                raise
            pull = find_open(github, branch, base)  # another run was faster
            if pull is None:
                raise
    return github.patch(f"/pulls/{pull.number}", {"title": title, "body": body}, Pull), False


def find_open(github: GitHub, branch: str, base: str) -> Pull | None:
    """Raises: RefusedError if there is more than one."""
    settings = github.settings
    head = f"{settings.owner}:{branch}"
    listed = [pull for page in github.pages("/pulls", list[Pull], state="open", head=head, base=base) for pull in page]
    ours = [pull for pull in listed if is_ours(pull, settings.repository, branch)]
    if len(ours) > 1:
        raise RefusedError(
            f"branch {branch} has {len(ours)} open pull requests, expected at most one; close the others"
        )
    return ours[0] if ours else None


def is_ours(pull: Pull, repository: str, branch: str) -> bool:
    """Not a fork's branch of the same name."""
    repo = pull.head.repo
    return repo is not None and repo.full_name.lower() == repository.lower() and pull.head.ref == branch


def check_request(branch: str, base: str, title: str) -> None:
    """Raises: InputError."""
    if not BRANCH.fullmatch(branch) or ".." in branch:
        raise InputError(f"branch {branch!r} is not usable, expected retrain/NAME such as retrain/ai4i")
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._/-]{0,99}", base):
        raise InputError(f"base {base!r} is not usable, expected a branch such as main")
    if not title.strip() or not title.isprintable() or len(title) > MAX_TITLE:
        raise InputError(f"the title is {title[:80]!r}, expected one line of at most {MAX_TITLE} characters")


def read_body(path: Path) -> str:
    """Raises: InputError if it is larger than GitHub takes, or not UTF-8."""
    try:
        return read_file(path, MAX_BODY_BYTES).decode()
    except UnicodeDecodeError as error:
        raise InputError(f"{path} is not UTF-8 text") from error
