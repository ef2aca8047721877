"""Settings of every `git` that the tests start: no housekeeping, a process after each commit, fetch and push."""

import os

SETTINGS = {"gc.auto": "0", "maintenance.auto": "false", "receive.autogc": "false"}


def disable_housekeeping() -> None:
    """Adds them to the environment, after what stands there (https://git-scm.com/docs/git-config#ENVIRONMENT)."""
    first = int(os.environ.get("GIT_CONFIG_COUNT") or 0)
    for number, (name, value) in enumerate(SETTINGS.items(), first):
        os.environ[f"GIT_CONFIG_KEY_{number}"], os.environ[f"GIT_CONFIG_VALUE_{number}"] = name, value
    os.environ["GIT_CONFIG_COUNT"] = str(first + len(SETTINGS))
