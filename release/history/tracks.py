"""One overlay through all its names: an environment whose folder is renamed or moved is the same environment."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from cli.errors import InputError
from release.git.clone import Clone
from release.history.commits import Commit, read_changes
from release.manifests.environments import check_environment
from release.manifests.overlays import KUSTOMIZATIONS, OVERLAYS

EVERYWHERE = tuple(f":(glob)**/{name}" for name in KUSTOMIZATIONS)  # an overlay may come from any folder
FILES = "|".join(map(re.escape, KUSTOMIZATIONS))
OVERLAY = re.compile(rf"{re.escape(OVERLAYS.as_posix())}/(?P<name>[^/]+)/(?:{FILES})")


@dataclass(frozen=True)
class State:
    """What a commit left of an overlay: its text's blob, None where it took it away; `name` is its folder's."""

    commit: Commit
    path: str
    name: str
    blob: str | None


@dataclass
class Track:
    """Every state of one kustomization, oldest first; the last folder below overlays names the environment."""

    states: list[State] = field(default_factory=list)
    name: str = ""

    def add(self, commit: Commit, path: str, blob: str | None) -> None:
        """Outside of overlays it is no environment: before it came it is read all the same, afterwards it is gone."""
        match = OVERLAY.fullmatch(path)
        if match:
            self.name = match["name"]
        self.states.append(State(commit, path, self.name, blob if match or not self.name else None))


def read_tracks(clone: Clone, head: str) -> dict[str, list[Track]]:
    """Of each environment, also of one that is gone: what had its name last, one after the other.

    Raises: InputError in a shallow clone.
    """
    tracks: dict[str, list[Track]] = {}
    for track in follow_renames(read_changes(clone, head, *EVERYWHERE)):
        if track.name:
            tracks.setdefault(track.name, []).append(track)
    return tracks


def follow_renames(commits: Iterable[Commit]) -> list[Track]:
    """As Git itself pairs what one commit took away with what it added; ended ones first."""
    ended: list[Track] = []
    current: dict[str, Track] = {}
    for commit in commits:
        moved = {new: current.pop(old, Track()) for new, old in commit.renames.items()}
        ended += [current[new] for new in moved if new in current]  # another one had that name, and was gone
        current |= moved
        for path, blob in commit.blobs.items():
            current.setdefault(path, Track()).add(commit, path, blob)
    return [*ended, *current.values()]


def check_known(clone: Clone, head: str, environment: str) -> None:
    """Raises: RefusedError for an overlay that no release goes to; InputError for one that is not there, with its new
    name if it has one.
    """
    try:
        check_environment(clone, head, environment)
    except InputError as error:
        hint = next(list_new_names(read_tracks(clone, head), environment), "")
        raise InputError(f"{error}{hint}") from error


def list_new_names(tracks: dict[str, list[Track]], environment: str) -> Iterator[str]:
    for name, own_tracks in tracks.items():
        for track in own_tracks:
            if name != environment and (commit := find_renaming(track.states, environment)):
                yield f"; it is called {name} since {commit.when:%Y-%m-%d} (commit {commit.name[:10]})"


def find_renaming(states: Sequence[State], former: str) -> Commit | None:
    """The commit that took the name away."""
    names = [state.name for state in states]
    if former not in names or names[-1] == former:
        return None
    last = len(names) - 1 - names[::-1].index(former)
    return states[last + 1].commit
