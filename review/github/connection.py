"""One open client of GitHub's API for a whole command."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from review.github.client import GitHub
from review.github.settings import read_settings


@contextmanager
def open_github(environment: Mapping[str, str] = os.environ) -> Iterator[GitHub]:
    """A client for GITHUB_REPOSITORY with GITHUB_TOKEN.

    Raises: InputError.
    """
    github = GitHub(read_settings(environment))
    try:
        yield github
    finally:
        github.close()
