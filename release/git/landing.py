"""One commit onto the shared branch, however many others push at the same time."""

import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from cli import console
from cli.errors import OutsideError
from release.git.remote import RacedError, Remote

ATTEMPTS = 12
LONGEST_WAIT_SECONDS = 2.0


@dataclass(frozen=True)
class Draft:
    """A commit to be: new texts of files, the message, and one line for the person who waits."""

    changes: Mapping[str, str]
    message: str
    text: str


def land_commit(remote: Remote, compose: Callable[[str], Draft | None]) -> str | None:
    """Asks `compose` on the newest commit, commits, pushes; from the start if somebody was faster. None: nothing to do.

    Raises: OutsideError, and what `compose` raises.
    """
    reason = ""
    for attempt in range(ATTEMPTS):
        parent = remote.fetch()
        draft = compose(parent)
        if draft is None:
            return None
        commit = remote.commit(parent, draft.changes, draft.message)
        try:
            remote.push(commit, lease=parent)
        except RacedError as error:
            reason = str(error)
            time.sleep(random.uniform(0, min(LONGEST_WAIT_SECONDS, 0.1 * 2**attempt)))  # noqa: S311 - no secret
        else:
            console.print_done(f"{draft.text}; commit {commit[:10]} is on {remote.branch} of {remote.name}")
            return commit
    raise OutsideError(f"{ATTEMPTS} times somebody was faster, nothing was changed; run it again. Last: {reason}")


def preview_commit(remote: Remote, compose: Callable[[str], Draft | None]) -> tuple[str, str] | None:
    """The newest commit and the one that would follow it, which stays here. None: nothing to do."""
    parent = remote.fetch()
    draft = compose(parent)
    return (parent, remote.commit(parent, draft.changes, draft.message)) if draft else None
