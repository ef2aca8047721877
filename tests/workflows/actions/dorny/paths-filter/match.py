"""What the stand-in of paths-filter does: one output a list, true if a changed file matches one of its patterns."""

import json
import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

from ruamel.yaml import YAML


def list_changed() -> list[str]:
    """The files of the pull request, or of the push, from the local origin."""
    event = json.loads(Path(os.environ["GITHUB_EVENT_PATH"]).read_bytes())
    pull = event.get("pull_request")
    base, head = (pull["base"]["sha"], pull["head"]["sha"]) if pull else (event["before"], event["after"])
    command = ["git", "-C", os.environ["LATHE_ORIGIN"].removeprefix("file://"), "diff", "--name-only", base, head]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()


def flatten(patterns: object) -> Iterator[str]:
    if isinstance(patterns, str):
        yield patterns
    elif isinstance(patterns, list):
        for one in patterns:
            yield from flatten(one)


def matches(path: str, pattern: str) -> bool:
    parts = (
        ".*" if part == "**" else "[^/]*" if part == "*" else re.escape(part)
        for part in re.split(r"(\*\*|\*)", pattern)
    )
    return re.fullmatch("".join(parts), path) is not None


def main() -> None:
    changed = list_changed()
    filters = YAML(typ="safe").load(Path(os.environ["FILTERS"]).read_text(encoding="utf-8"))
    with Path(os.environ["GITHUB_OUTPUT"]).open("a", encoding="utf-8") as outputs:
        for name, patterns in filters.items():
            found = any(matches(path, pattern) for path in changed for pattern in flatten(patterns))
            print(f"{name}={str(found).lower()}")
            outputs.write(f"{name}={str(found).lower()}\n")
    print(f"{len(changed)} changed files")


if __name__ == "__main__":
    main()
