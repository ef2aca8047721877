"""The ruleset of main at a bare repository, as GitHub enforces it: a push there is refused to all but the App."""

from pathlib import Path

APP_TOKEN = "token-of-the-app"
BUTTON = "the-button-that-merges"  # GitHub's own, of a pull request whose checks are green
# a push to a file:// address runs the server's side as its own child, so that the hook sees who pushes
HOOK = """#!/bin/sh
while read -r old new reference; do
    [ "$reference" = refs/heads/main ] || continue
    case "${GITHUB_TOKEN:-nobody}" in __TOKENS__) continue ;; esac
    echo 'error: GH013: Repository rule violations found for refs/heads/main.' >&2
    echo 'error: - Changes must be made through a pull request.' >&2
    exit 1
done
"""


def enforce_ruleset(bare: Path, *others: str) -> None:
    """`others` are tokens that may push as well, as that of the button that merges."""
    hook = bare / "hooks" / "pre-receive"
    hook.write_text(HOOK.replace("__TOKENS__", "|".join((APP_TOKEN, *others))), encoding="utf-8")
    hook.chmod(0o755)
