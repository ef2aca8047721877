"""Where GitHub is and who asks: the environment that every job has."""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from cli.errors import InputError

DEFAULT_API = "https://api.github.com"
REPOSITORY = re.compile(r"[A-Za-z0-9-]{1,39}/[A-Za-z0-9._-]{1,100}")


@dataclass(frozen=True)
class GitHubSettings:
    """The token stays out of every text that is made of this object."""

    token: str = field(repr=False)
    repository: str
    api: str = DEFAULT_API
    max_wait_seconds: int = 120  # for a rate limit; a job that waits an hour helps nobody

    @property
    def owner(self) -> str:
        return self.repository.partition("/")[0]


def read_settings(environment: Mapping[str, str] = os.environ) -> GitHubSettings:
    """From GITHUB_TOKEN, GITHUB_REPOSITORY, GITHUB_API_URL and LATHE_MAX_WAIT_SECONDS.

    Raises: InputError that names the variable.
    """
    token = environment.get("GITHUB_TOKEN", "")
    if not token or not token.isascii() or not token.isprintable():
        raise InputError("GITHUB_TOKEN is not set or no token; give the step `env: GITHUB_TOKEN: ${{ github.token }}`")
    repository = environment.get("GITHUB_REPOSITORY", "")
    if not REPOSITORY.fullmatch(repository):
        raise InputError(f"GITHUB_REPOSITORY is {repository!r}, expected OWNER/NAME")
    api = (environment.get("GITHUB_API_URL") or DEFAULT_API).rstrip("/")
    if not is_safe_address(api):
        raise InputError(f"GITHUB_API_URL is {api!r}, expected https://… (http only on the own machine)")
    wait = environment.get("LATHE_MAX_WAIT_SECONDS") or "120"
    if not re.fullmatch(r"\d{1,4}", wait):
        raise InputError(f"LATHE_MAX_WAIT_SECONDS is {wait!r}, expected whole seconds up to 9999")
    return GitHubSettings(token, repository, api, int(wait))


def is_safe_address(url: str) -> bool:
    parts = urlsplit(url)
    return bool(parts.hostname) and (parts.scheme == "https" or (parts.scheme == "http" and is_local(parts.hostname)))


def is_local(host: str | None) -> bool:
    return host in {"127.0.0.1", "::1", "localhost"}


def find_run_url() -> str | None:
    """The page of the workflow run that this process is part of."""
    server, repository, run = (os.environ.get(f"GITHUB_{name}") for name in ("SERVER_URL", "REPOSITORY", "RUN_ID"))
    return f"{server}/{repository}/actions/runs/{run}" if server and repository and run else None


def find_run_id() -> int | None:
    run = os.environ.get("GITHUB_RUN_ID", "")
    return int(run) if re.fullmatch(r"\d{1,19}", run) else None
