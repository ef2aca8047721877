"""The settings of GitHub's client at a person's clone: from its remote's address and from `gh`."""

import os
import re
import shutil
import subprocess
from collections.abc import Mapping

# the address of a clone's remote at github.com or at an enterprise's own GitHub
WEB = re.compile(
    r"(?:https://(?:[^@/]+@)?|git@|ssh://git@)(?P<host>github\.[^/:]+)[/:](?P<name>[^/]+/[^/]+?)(?:\.git)?/?"
)
GH_SECONDS = 20


def fill_environment(address: str, environment: Mapping[str, str] = os.environ) -> dict[str, str]:
    """A person's settings at a clone whose remote is at `address`; what is not set comes from there and from `gh`."""
    filled = dict(environment)
    if match := WEB.fullmatch(address):
        filled.setdefault("GITHUB_REPOSITORY", match["name"])
        if match["host"] != "github.com":
            filled.setdefault("GITHUB_API_URL", f"https://{match['host']}/api/v3")
        if not filled.get("GITHUB_TOKEN") and (token := ask_gh(match["host"])):
            filled["GITHUB_TOKEN"] = token
    return filled


def ask_gh(host: str) -> str | None:
    """The token of the person who is logged in with GitHub's own command line."""
    program = shutil.which("gh")
    if program is None:
        return None
    command = [program, "auth", "token", "--hostname", host]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=GH_SECONDS, check=False)  # noqa: S603 - no shell, our own arguments
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip() if done.returncode == 0 else None
