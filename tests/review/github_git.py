"""Branches and tags: those of a real bare repository where the state names one, else the state's own lists."""

import subprocess
from typing import Any

from tests.review.github_answers import Answer, Request, not_found
from tests.review.github_state import State


def ask_git(state: State, *arguments: str) -> str | None:
    """What Git says in the repository, None where it says no."""
    command = ["git", "--git-dir", state.data["git"], *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.stdout.strip() if done.returncode == 0 else None


def find_branch(state: State, name: str, default: str) -> str | None:
    """The branch's commit; `default` where only names are known."""
    if state.data["git"]:
        return ask_git(state, "rev-parse", "--verify", "--quiet", f"refs/heads/{name}")
    return default if name in state.data["branches"] else None


def find_tag(state: State, name: str) -> dict[str, str] | None:
    """`tag` is the annotated tag's own object, missing for a light one; `commit` what it names."""
    if not state.data["git"]:
        found: dict[str, str] | None = state.data["tags"].get(name)
        return found
    sha = ask_git(state, "rev-parse", "--verify", "--quiet", f"refs/tags/{name}")
    if sha is None:
        return None
    commit = ask_git(state, "rev-parse", f"{sha}^{{commit}}") or ""
    return {"commit": commit} if commit == sha else {"commit": commit, "tag": sha}


def get_tag_reference(state: State, request: Request) -> Answer:
    found = find_tag(state, request.found[0])
    if found is None:
        return not_found()
    kind = "tag" if "tag" in found else "commit"
    return Answer(200, {"ref": f"refs/tags/{request.found[0]}", "object": {"type": kind, "sha": found[kind]}})


def get_tag_object(state: State, request: Request) -> Answer:
    for name in list_tags(state):
        found = find_tag(state, name) or {}
        if found.get("tag") == request.found[0]:
            target: dict[str, Any] = {"type": "commit", "sha": found["commit"]}
            return Answer(200, {"sha": found["tag"], "tag": name, "object": target})
    return not_found()


def list_tags(state: State) -> list[str]:
    return (ask_git(state, "tag", "--list") or "").split() if state.data["git"] else list(state.data["tags"])
