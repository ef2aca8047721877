"""Where each environment stands by Git: what it is to run, since when, how good the gate found it, what is newer."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from cli.errors import CommandError
from release.git.clone import Clone
from release.history.history import show_time
from release.history.moves import Move, find_facts, read_all_facts, read_all_moves
from release.history.released import list_released
from release.history.trailers import Facts
from release.history.withdrawal import find_withdrawn, list_deciding
from release.manifests.environments import LOCAL, is_production, locate_overlay, read_line
from release.manifests.overlays import SHOWN_DIGITS, ImageLine
from release.versions import find_place, is_lower

HEADERS = ("Environment", "Version", "Digest, bundle", "At the gate", "Since (UTC)", "Released")
UNKNOWN = "?"  # it could not be read
NOTHING = "-"  # there is none


@dataclass
class Standing:
    """One environment; `released` says how it stands to what is released."""

    environment: str
    line: ImageLine
    is_production: bool
    facts: Facts | None = None
    since: datetime | None = None
    released: str = UNKNOWN

    @property
    def cells(self) -> tuple[str, ...]:
        """The table's; where nothing is released there is nothing to say."""
        if not self.line.is_released:
            return (self.environment, self.line.version, *[NOTHING] * 3, self.released)
        known = self.facts or Facts()
        missing = UNKNOWN if self.facts is None else "not said"
        return (
            self.environment,
            self.line.tag,
            f"{str(self.line.digest).removeprefix('sha256:')[:SHOWN_DIGITS]}\n{known.bundle[:SHOWN_DIGITS] or missing}",
            "\n".join(known.brief) or missing,
            show_time(self.since) if self.since else UNKNOWN,
            self.released,
        )


def read_standings(texts: Mapping[str, str]) -> list[Standing]:
    """By the text of each overlay's kustomization alone.

    Raises: InputError.
    """
    return [
        Standing(name, read_line(text, f"{name}/kustomization.yaml"), is_production(text))
        for name, text in texts.items()
    ]


def fill_standings(standings: Sequence[Standing], clone: Clone, head: str) -> str:
    """Adds what the history knows up to `head`; returns why it could not, or nothing."""
    try:
        moves = read_all_moves(clone, head)
        facts = read_all_facts(clone, head, *(one.line.digest for one in standings if one.line.digest))
        versions = list_released(clone, moves)
    except CommandError as error:
        return f"Git's history was not read: {error}"
    withdrawn = {name: find_withdrawn(own_moves) for name, own_moves in moves.items()}
    current = {one.environment: one.is_production for one in standings}
    for one in standings:
        one.facts = find_facts(facts, one.line)
        one.since = find_start(moves.get(one.environment, []), one.line)
        deciding = list_deciding(one.environment, current, moves)
        one.released = describe_release(one, versions, {name: withdrawn.get(name, {}) for name in deciding})
    return ""


def find_start(moves: Sequence[Move], line: ImageLine) -> datetime | None:
    """When the version came; None where the file says something that is not committed."""
    last = next((move for move in reversed(moves) if move.new), None)
    return last.commit.when if last and last.new and last.new.is_same(line) else None


def describe_release(one: Standing, versions: Collection[str], withdrawn: Mapping[str, Mapping[str, Move]]) -> str:
    """`latest`, `2 behind v1.4.0`, or that somebody took it back elsewhere."""
    if one.environment in LOCAL:
        return NOTHING
    if places := [name for name, withdrawn_here in withdrawn.items() if one.line.tag in withdrawn_here]:
        return f"withdrawn in {', '.join(places)}"
    gone = {version for withdrawn_here in withdrawn.values() for version in withdrawn_here}
    newer = [version for version in versions if is_lower(one.line.tag, version)]
    open_to = [version for version in newer if version not in gone]
    if open_to:
        return f"{len(open_to)} behind {max(open_to, key=find_place)}"
    if not one.line.is_released:
        return NOTHING
    return "\n".join(["latest", *(f"{version} withdrawn" for version in sorted(newer, key=find_place))])


def read_texts(clone: Clone, environments: Iterable[str], head: str) -> dict[str, str]:
    """Each overlay's kustomization at a commit.

    Raises: InputError.
    """
    return {name: clone.ask("cat-file", "blob", f"{head}:{locate_overlay(name)}") for name in environments}
