"""Whether a change touches what a model is made from: `python3 -m review.model_changed`, on the system's Python.

The project's own version stands in two of these files; a release changes nothing else there, and trains nothing.
"""

import argparse
import os
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

MODEL_PATHS = ("contract", "training", "pyproject.toml", "uv.lock")
VERSIONED = ("pyproject.toml", "uv.lock")
GIT_SECONDS = 60


class TouchedError(Exception):
    """Git could not be run; one line."""


def touches_model(old: str, new: str, folder: Path) -> bool:
    """Whether the commits `old` and `new` differ in anything that decides what a model becomes.

    Raises: TouchedError.
    """
    listed = ask_git(folder, "diff", "--name-only", "-z", "--no-renames", old, new, "--", *MODEL_PATHS)
    names = [name for name in listed.split("\0") if name]
    return any(
        name not in VERSIONED or read_unversioned(old, name, folder) != read_unversioned(new, name, folder)
        for name in names
    )


def read_unversioned(commit: str, name: str, folder: Path) -> dict[str, Any]:
    """The file without the project's own version; one that cannot be read equals no other."""
    try:
        document = tomllib.loads(ask_git(folder, "show", f"{commit}:{name}"))
    except (TouchedError, tomllib.TOMLDecodeError):
        return {"unreadable": object()}
    document.get("project", {}).pop("version", None)
    for package in document.get("package", []):
        if package.get("source") == {"virtual": "."}:
            package.pop("version", None)
    return document


def find_last(commit: str, folder: Path) -> str:
    """The newest commit of main up to `commit` that touches the model.

    Raises: TouchedError.
    """
    if ask_git(folder, "rev-parse", "--is-shallow-repository").strip() == "true":
        raise TouchedError("this clone's history is cut off; run `git fetch --unshallow`, or check out with depth 0")
    for changed, parent in list_touching(commit, folder):
        if parent is None or touches_model(parent, changed, folder):
            return changed
    raise TouchedError(f"no commit up to {commit} touches {', '.join(MODEL_PATHS)}")


def list_touching(commit: str, folder: Path) -> Iterator[tuple[str, str | None]]:
    """Each commit of the first parents' line that changes a path of the model, with its first parent."""
    paths = ("--first-parent", "--parents", "--end-of-options", commit, "--", *MODEL_PATHS)
    for line in ask_git(folder, "rev-list", *paths).splitlines():
        touching = line.split()[0]
        parents = ask_git(folder, "rev-list", "--parents", "--max-count=1", touching).split()[1:]
        yield touching, parents[0] if parents else None


def ask_git(folder: Path, *arguments: str) -> str:
    command = ["git", *arguments]
    try:
        done = subprocess.run(command, cwd=folder, capture_output=True, timeout=GIT_SECONDS, check=False)  # noqa: S603 - no shell, our own arguments
    except (OSError, subprocess.SubprocessError) as error:
        raise TouchedError(f"git could not be run: {error}") from error
    if done.returncode:
        stderr = done.stderr.decode(errors="replace").strip().splitlines() or ["it says nothing"]
        raise TouchedError(f"`{' '.join(command)[:120]}`: {stderr[-1]}")
    return done.stdout.decode(errors="replace")


def main(arguments: list[str] | None = None) -> int:
    """Prints `model=true` or `model=false`, or with --last a commit; 2 if Git cannot say."""
    parser = argparse.ArgumentParser(prog="python3 -m review.model_changed", description=__doc__)
    parser.add_argument("--last", metavar="COMMIT", help="print the newest commit up to COMMIT that touches the model")
    parser.add_argument("--old", default="HEAD^1", help="before; a pull request's merge has main as its first parent")
    parser.add_argument("--new", default="HEAD", help="after")
    options = parser.parse_args(arguments)
    folder = Path.cwd()
    try:
        if options.last:
            print(find_last(options.last, folder))
            return 0
        line = f"model={str(touches_model(options.old, options.new, folder)).lower()}"
    except TouchedError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    print(line)
    if output := os.environ.get("GITHUB_OUTPUT"):
        with Path(output).open("a", encoding="utf-8") as file:
            file.write(f"{line}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
