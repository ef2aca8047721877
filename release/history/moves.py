"""What moved in an environment, when and by whom: read from the first-parent history of main, and from nothing else."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache

from release.git.clone import Clone
from release.history.commits import Commit, read_blobs, read_changes, read_commits, straighten_times
from release.history.trailers import Facts, read_facts, read_why
from release.manifests.environments import locate_overlay
from release.manifests.overlays import KUSTOMIZATION, OVERLAYS, ImageLine
from release.manifests.recorded import Recorded, read_recorded
from release.versions import is_lower

EVERY_OVERLAY = f":(glob){locate_overlay('*')}"
MISSING = Recorded(problem="the overlay is not there")


@dataclass(frozen=True)
class Move:
    """One commit that moved an environment's image, or left its overlay unreadable (`problem`, and no `new`)."""

    environment: str
    commit: Commit
    old: ImageLine | None
    new: ImageLine | None
    is_production: bool = False
    problem: str = ""

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
    """Every move up to `head`, oldest first.

    Raises: InputError in a shallow clone.
    """
    return _read_moves(clone, head, locate_overlay(environment)).get(environment, [])


def read_all_moves(clone: Clone, head: str) -> dict[str, list[Move]]:
    """The moves of every environment, also of one whose overlay is gone or has another name by now.

    Raises: InputError in a shallow clone.
    """
    return _read_moves(clone, head, EVERY_OVERLAY)


def _read_moves(clone: Clone, head: str, paths: str) -> dict[str, list[Move]]:
    commits = read_changes(clone, head, paths)
    texts = read_blobs(clone, [blob for commit in commits for blob in commit.blobs.values() if blob])

    @cache
    def read(blob: str | None) -> Recorded:
        return read_recorded(texts[blob]) if blob in texts else MISSING

    changing: dict[str, list[Commit]] = {}
    for commit in commits:
        for path in commit.blobs:
            changing.setdefault(path, []).append(commit)
    found: dict[str, list[Move]] = {}
    for path, ours in changing.items():
        states = [(commit, read(commit.blobs[path])) for commit in straighten_times(ours)]
        name = path.removeprefix(f"{OVERLAYS.as_posix()}/").removesuffix(f"/{KUSTOMIZATION}")
        found[name] = list(compare_states(name, states))
    return found


def compare_states(environment: str, states: Sequence[tuple[Commit, Recorded]]) -> Iterator[Move]:
    """The commits after which another version is named; while a state cannot be read, what ran before goes on."""
    line: ImageLine | None = None
    problem = MISSING.problem
    for commit, state in states:
        former, problem, new = problem, state.problem, state.line
        if new is None:
            if problem != former:
                yield Move(environment, commit, line, None, problem=problem)
            continue
        if line is None and not new.is_released:
            line = new
        if line is None or not new.is_same(line):
            yield Move(environment, commit, line, new, state.is_production)
        line = new


def read_all_facts(clone: Clone, head: str, *digests: str) -> dict[tuple[str, str], Facts]:
    """What trailers say of each version and digest, by any commit below `head`, as a squash merge may drop some.

    With `digests` only of those.
    """
    found: dict[tuple[str, str], Facts] = {}
    wanted = [f"--grep=^Lathe-Digest: {digest}" for digest in digests or ("",)]
    for commit in read_commits(clone, *wanted, head):
        trailers = commit.trailers
        key = (trailers.get("Version", ""), trailers.get("Digest", ""))
        if (facts := read_facts(trailers)).bundle:
            found[key] = facts
    return found


def find_facts(facts: dict[tuple[str, str], Facts], line: ImageLine | None) -> Facts:
    return facts.get((line.tag, line.digest or ""), Facts()) if line else Facts()
