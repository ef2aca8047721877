"""GitHub for a release: review's one client, with its errors as this program's own."""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from release.errors import InputError, OutsideError, RefusedError, ReleaseError
from review import errors as review_errors
from review.github.client import GitHub
from review.github.settings import read_settings

KINDS: dict[type[review_errors.ReviewError], type[ReleaseError]] = {
    review_errors.RefusedError: RefusedError,
    review_errors.OutsideError: OutsideError,
}
# the address of a clone's remote at github.com or at an enterprise's own GitHub
WEB = re.compile(
    r"(?:https://(?:[^@/]+@)?|git@|ssh://git@)(?P<host>github\.[^/:]+)[/:](?P<name>[^/]+/[^/]+?)(?:\.git)?/?"
)
GH_SECONDS = 20


@contextmanager
def open_github(environment: Mapping[str, str] = os.environ) -> Iterator[GitHub]:
    """A client for GITHUB_REPOSITORY with GITHUB_TOKEN.

    Raises: InputError, RefusedError, OutsideError, also for what goes wrong inside of the block.
    """
    with translate_errors():
        github = GitHub(read_settings(environment))
        try:
            yield github
        finally:
            github.close()


@contextmanager
def translate_errors() -> Iterator[None]:
    """Whatever review raises ends this program with the same words and the same exit code."""
    try:
        yield
    except review_errors.ReviewError as error:
        raise KINDS.get(type(error), InputError)(str(error)) from error


def fill_environment(address: str, environment: Mapping[str, str] = os.environ) -> dict[str, str]:
    """A person's settings at a clone whose remote is at `address`; what is not set comes from there and from `gh`."""
    found = dict(environment)
    if match := WEB.fullmatch(address):
        found.setdefault("GITHUB_REPOSITORY", match["name"])
        if match["host"] != "github.com":
            found.setdefault("GITHUB_API_URL", f"https://{match['host']}/api/v3")
        if not found.get("GITHUB_TOKEN") and (token := ask_gh(match["host"])):
            found["GITHUB_TOKEN"] = token
    return found


def ask_gh(host: str) -> str | None:
    """The token of the person who is logged in with GitHub's own command line."""
    program = shutil.which("gh")
    if program is None:
        return None
    command = [program, "auth", "token", "--hostname", host]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=GH_SECONDS, check=False)  # noqa: S603
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip() if done.returncode == 0 else None
