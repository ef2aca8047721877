"""What Git alone says of every move of an environment: how small each commit was, and which images were ever named."""

import re
from pathlib import Path

from tests.harness.checkout import run_git
from tests.harness.errors import ScenarioError
from tests.rehearsal.commits import OVERLAYS, list_commits

LINE = re.compile(r"[-+] +(newTag: v\d+\.\d+\.\d+( # not released yet)?|digest: sha256:[0-9a-f]{64})")
IMAGE = re.compile(r"newName: (?P<name>\S+)\n +newTag: (?P<tag>\S+)[^\n]*\n( +digest: (?P<digest>\S+))?")
UNRELEASED = "v0.0.0"


def check_moves(origin: Path, since: str) -> int:
    """How many moves there were, each one commit of one file that touches the two lines of an image alone.

    Raises: ScenarioError.
    """
    moves = [one for one in list_commits(origin, since) if one.environments]
    for move in moves:
        strange = [line for line in move.lines if not LINE.fullmatch(line)]
        if len(move.files) != 1 or strange:
            raise ScenarioError(
                f"{move.short} {move.subject!r} changes {', '.join(move.files)} and {len(strange)} lines besides "
                f"newTag and digest: {strange[:1]}"
            )
    if not moves:
        raise ScenarioError("no commit moved anything")
    return len(moves)


def list_named(origin: Path, since: str) -> set[str]:
    """Every image that any overlay named at any commit of main since then, as NAME:TAG@DIGEST.

    Raises: ScenarioError if there is none, or one without a digest.
    """
    found = set()
    for commit in [since, *(one.sha for one in list_commits(origin, since))]:
        paths = run_git(origin, "ls-tree", "-r", "--name-only", commit, OVERLAYS).split()
        for path in (path for path in paths if path.endswith("/kustomization.yaml")):
            images = IMAGE.finditer(run_git(origin, "show", f"{commit}:{path}") + "\n")
            found |= {f"{one['name']}:{one['tag']}@{one['digest']}" for one in images if one["tag"] != UNRELEASED}
    if bare := [image for image in sorted(found) if image.endswith("@None")]:
        raise ScenarioError(f"{bare[0].removesuffix('@None')} was named without a digest")
    if not found:
        raise ScenarioError("no overlay named any image")
    return found
