"""Whether a version may take the place of what runs: the higher wins, what was taken back stays back."""

from dataclasses import dataclass, replace
from enum import Enum

from cli.errors import InputError, RefusedError
from release.git.remote import Remote
from release.history.moves import read_all_moves
from release.history.tracks import check_known
from release.history.withdrawal import describe_withdrawal, find_withdrawn, list_deciding
from release.manifests.environments import (
    is_production,
    list_environments,
    locate_overlay,
    read_line,
)
from release.manifests.overlays import DIGEST, UNRELEASED, ImageLine
from release.versions import is_lower, parse_version


class MoveOutcome(Enum):
    """What is to be done."""

    MOVE = "move"
    ALREADY = "already"  # the same version with the same digest is there
    LOWER = "lower"  # a higher version is there, and stays


@dataclass(frozen=True)
class MoveDecision:
    """`text` says it to a person; `old` is what runs now, and `overlay` the text of its kustomization."""

    outcome: MoveOutcome
    environment: str
    old: ImageLine
    overlay: str
    text: str


def judge_move(
    remote: Remote, commit: str, environment: str, version: str, digest: str, again: str | None = None
) -> MoveDecision:
    """What becomes of a version in an environment as it is at `commit`; `again` is a person's reason to bring one back.

    Raises: RefusedError for a withdrawn version, for another digest of the version that runs, for an overlay that no
    release goes to; InputError for what cannot be read, and in a shallow clone.
    """
    check_known(remote.clone, commit, environment)
    check_wanted(version, digest)
    path = locate_overlay(environment)
    overlay = remote.read(commit, path)
    old = read_line(overlay, path)
    if old.tag == version:
        if old.digest != digest:
            raise RefusedError(
                f"{environment} runs {version} with digest {old.digest}, and {digest} was requested: "
                "a released version never changes; find out who pushed the other image"
            )
        return MoveDecision(MoveOutcome.ALREADY, environment, old, overlay, f"{environment} has {version} already")
    if old.is_released and is_lower(version, old.tag):
        text = f"{environment} has {old.tag}, which is higher than {version}: it stays; to go back, `rollback`"
        return MoveDecision(MoveOutcome.LOWER, environment, old, overlay, text)
    if not again:
        check_withdrawn(remote, commit, environment, version)
    new = replace(old, tag=version, digest=digest)
    return MoveDecision(MoveOutcome.MOVE, environment, old, overlay, f"{environment}: {old.version} → {new.version}")


def check_wanted(version: str, digest: str) -> None:
    """Raises: InputError, RefusedError."""
    parse_version(version)
    if version == UNRELEASED:
        raise InputError(f"version {version} cannot be run: it means that nothing is released")
    if not DIGEST.fullmatch(digest):
        raise RefusedError(f"digest {digest!r} is not usable, expected sha256: and 64 hexadecimal digits")


def check_withdrawn(remote: Remote, commit: str, environment: str, version: str) -> None:
    """What one production took back is refused to every other.

    Raises: RefusedError with when, by whom and why.
    """
    names = list_environments(remote.clone, commit)
    current = {name: is_production(remote.read(commit, locate_overlay(name))) for name in names}
    moves = read_all_moves(remote.clone, commit)
    for name in list_deciding(environment, current, moves):
        if move := find_withdrawn(moves.get(name, [])).get(version):
            raise RefusedError(f"{describe_withdrawal(version, move)}; give --again REASON to run it all the same")
