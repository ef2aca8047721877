"""What moved in an environment, when and by whom: read from the first-parent history of main, and from nothing else."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache

from release.git.clone import Clone
from release.history.commits import Commit, read_blobs, read_commits, straighten_times
from release.history.tracks import State, Track, read_tracks
from release.history.trailers import Facts, read_facts, read_why
from release.manifests.overlays import ImageLine
from release.manifests.recorded import Recorded, read_recorded
from release.versions import is_lower

MISSING = Recorded(problem="the overlay is not there")


@dataclass(frozen=True)
class Move:
    """One commit that moved an environment's image, or left its overlay unreadable (`problem`, and no `new`).

    `environment` is its name at that commit, and `former_path` where its overlay was before it.
    """

    environment: str
    commit: Commit
    old: ImageLine | None
    new: ImageLine | None
    is_production: bool = False
    problem: str = ""
    former_path: str = ""

    @property
    def is_down(self) -> bool:
        """Whether a released version gave way to a lower one: then it is withdrawn."""
        old, new = self.old, self.new
        return bool(old and new and old.is_released and is_lower(new.tag, old.tag))

    @property
    def kind(self) -> str:
        """bump, promotion, rollback or by hand: what made the commit, as far as it says so."""
        message = self.commit.message
        if "This reverts commit" in message:
            return "revert"
        if self.is_down:
            return "rollback" if f"Take {self.environment} back to " in message else "by hand"
        version = self.new.tag if self.new else ""
        if f"Run {version} in {self.environment}" in message or f"promote/{self.environment}" in message:
            return "promotion" if self.is_production else "bump"
        return "by hand"

    @property
    def why(self) -> str:
        return read_why(self.commit.message)


def read_moves(clone: Clone, head: str, environment: str) -> list[Move]:
    """Every move up to `head`, oldest first, under whatever name the environment then had.

    Raises: InputError in a shallow clone.
    """
    tracks = read_tracks(clone, head).get(environment, [])
    return _read_moves(clone, {environment: tracks}).get(environment, [])


def read_all_moves(clone: Clone, head: str) -> dict[str, list[Move]]:
    """The moves of every environment by its newest name, also of one whose overlay is gone.

    Raises: InputError in a shallow clone.
    """
    return _read_moves(clone, read_tracks(clone, head))


def _read_moves(clone: Clone, tracks: dict[str, list[Track]]) -> dict[str, list[Move]]:
    states = [state for own_tracks in tracks.values() for track in own_tracks for state in track.states]
    texts = read_blobs(clone, [state.blob for state in states if state.blob])

    @cache
    def read(blob: str | None) -> Recorded:
        return read_recorded(texts[blob]) if blob in texts else MISSING

    def read_track(track: Track) -> Iterator[Move]:
        commits = straighten_times([state.commit for state in track.states])
        recorded = [read(state.blob) for state in track.states]
        return compare_states(track, zip(track.states, commits, recorded, strict=True))

    return {name: [move for track in own_tracks for move in read_track(track)] for name, own_tracks in tracks.items()}


def compare_states(track: Track, states: Iterable[tuple[State, Commit, Recorded]]) -> Iterator[Move]:
    """The commits after which another version is named; while a state cannot be read, what ran before goes on."""
    line: ImageLine | None = None
    problem, path = MISSING.problem, ""
    for state, commit, recorded in states:
        former, problem, new = problem, recorded.problem, recorded.line
        former_path, path = path, state.path
        name = state.name or track.name
        if new is None:
            if problem != former:
                yield Move(name, commit, line, None, problem=problem, former_path=former_path)
            continue
        if line is None and not new.is_released:
            line = new
        if line is None or not new.is_same(line):
            yield Move(name, commit, line, new, recorded.is_production, former_path=former_path)
        line = new


def read_all_facts(clone: Clone, head: str, *digests: str) -> dict[tuple[str, str], Facts]:
    """What trailers say of each version and digest, by any commit below `head`, as a squash merge may drop some.

    With `digests` only of those.
    """
    facts_of: dict[tuple[str, str], Facts] = {}
    wanted = [f"--grep=^Lathe-Digest: {digest}" for digest in digests or ("",)]
    for commit in read_commits(clone, *wanted, head):
        trailers = commit.trailers
        key = (trailers.get("Version", ""), trailers.get("Digest", ""))
        if (facts := read_facts(trailers)).bundle:
            facts_of[key] = facts
    return facts_of


def find_facts(facts: dict[tuple[str, str], Facts], line: ImageLine | None) -> Facts:
    return facts.get((line.tag, line.digest or ""), Facts()) if line else Facts()
