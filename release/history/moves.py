"""What moved in an environment, when and by whom: read from the first-parent history of main, and from nothing else."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from release.errors import InputError
from release.git.clone import Clone
from release.history.trailers import Facts, read_facts, read_trailers, read_why
from release.manifests.environments import is_production, locate_overlay, read_line
from release.manifests.overlays import ImageLine
from release.versions import is_lower

FORMAT = "%H%n%ct%n%an%n%B"  # a message may hold anything, the three lines before it no line break
MISSING = "the overlay is not there"


@dataclass(frozen=True)
class Commit:
    """One commit of main; `when` is when it came there, in UTC."""

    name: str
    when: datetime
    by: str
    message: str

    @property
    def trailers(self) -> dict[str, str]:
        return read_trailers(self.message)


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
    clone.check_depth()
    path = locate_overlay(environment)
    commits = straighten_times(read_commits(clone, "--first-parent", head, "--", path))
    texts = read_texts(clone, [f"{commit.name}:{path}" for commit in commits])
    return list(compare_states(environment, commits, texts))


def compare_states(environment: str, commits: Sequence[Commit], texts: Sequence[str | None]) -> Iterator[Move]:
    """The commits after which another image is named; while a state cannot be read, what ran before goes on."""
    line: ImageLine | None = None
    problem = MISSING
    for commit, text in zip(commits, texts, strict=True):
        former = problem
        try:
            new, problem = (None, MISSING) if text is None else (read_line(text, "it"), "")
        except InputError as error:
            new, problem = None, str(error)
        if new is None:
            if problem != former:
                yield Move(environment, commit, line, None, problem=problem)
            continue
        if line is None and not new.is_released:
            line = new
        if line is None or (new.tag, new.digest) != (line.tag, line.digest):
            yield Move(environment, commit, line, new, is_production(text or ""))
        line = new


def read_commits(clone: Clone, *selection: str) -> list[Commit]:
    """The commits that git selects, oldest first."""
    text = clone.ask("log", "-z", "--reverse", f"--format={FORMAT}", *selection)
    return [parse_commit(part) for part in text.split("\0") if part]


def parse_commit(text: str) -> Commit:
    name, seconds, by, message = text.split("\n", 3)
    return Commit(name, datetime.fromtimestamp(int(seconds), UTC), by, message)


def straighten_times(commits: Sequence[Commit]) -> list[Commit]:
    """No commit came to main after its successor did: where a clock was ahead, the successor's time stands."""
    straight: list[Commit] = []
    for commit in reversed(commits):
        straight.append(replace(commit, when=min(commit.when, straight[-1].when)) if straight else commit)
    return straight[::-1]


def read_texts(clone: Clone, names: Sequence[str]) -> list[str | None]:
    """The text of each `commit:path`, None where it is not there; one call of git for all."""
    stream = clone.run("cat-file", "--batch", stdin="".join(f"{name}\n" for name in names).encode()).out
    texts: list[str | None] = []
    while stream:
        header, _, stream = stream.partition(b"\n")
        if header.endswith((b" missing", b" ambiguous")):
            texts.append(None)
            continue
        size = int(header.rsplit(b" ", 1)[1])
        texts.append(stream[:size].decode("utf-8", errors="replace"))
        stream = stream[size + 1 :]
    return texts


def read_all_facts(clone: Clone, head: str) -> dict[tuple[str, str], Facts]:
    """What trailers say of each version and digest, by any commit below `head`, as a squash merge may drop some."""
    found: dict[tuple[str, str], Facts] = {}
    for commit in read_commits(clone, "--grep=^Lathe-Digest: ", head):
        trailers = commit.trailers
        key = (trailers.get("Version", ""), trailers.get("Digest", ""))
        if (facts := read_facts(trailers)).bundle:
            found[key] = facts
    return found


def find_facts(facts: dict[tuple[str, str], Facts], line: ImageLine | None) -> Facts:
    return facts.get((line.tag, line.digest or ""), Facts()) if line else Facts()
