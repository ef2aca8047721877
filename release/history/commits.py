"""Commits of main as `git log` tells them: who, when, the message, and which overlays each one changed."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import cached_property

from release.git.clone import Clone
from release.history.trailers import read_trailers

FORMAT = "%H%n%ct%n%an%n%B"  # a message may hold anything, the three lines before it no line break
# whatever the person's own settings add to a log, or leave out of it
PLAIN = ("-z", "--no-show-signature", "--encoding=UTF-8", "--no-color", "--no-notes", f"--format={FORMAT}")
CHANGES = ("--raw", "--root", "--no-abbrev", "--find-renames", "-l0", "--first-parent", "-m")
NO_BLOB = "0" * 40


@dataclass(frozen=True)
class Commit:
    """One commit of main; `when` is when it came there, in UTC.

    `blobs` is what it left at each path, None being nothing; `renames` the former path of each file that it moved.
    """

    name: str
    when: datetime
    by: str
    message: str
    blobs: Mapping[str, str | None] = field(default_factory=dict)
    renames: Mapping[str, str] = field(default_factory=dict)

    @cached_property
    def trailers(self) -> dict[str, str]:
        return read_trailers(self.message)


def read_commits(clone: Clone, *selection: str) -> list[Commit]:
    """The commits that git selects, oldest first, without what they changed.

    Raises: InputError.
    """
    text = clone.ask("log", "--reverse", *PLAIN, "--no-patch", *selection)
    return [parse_commit(part) for part in text.split("\0") if part]


def read_changes(clone: Clone, head: str, *paths: str) -> list[Commit]:
    """Every commit of the first-parent history that changed one of the paths, oldest first, with the blobs it left.

    Raises: InputError in a shallow clone.
    """
    clone.check_depth()
    text = clone.ask("log", "--reverse", *PLAIN, *CHANGES, head, "--", *paths)
    return list(parse_changes(text.split("\0")))


def parse_changes(parts: Sequence[str]) -> Iterator[Commit]:
    """Each message is followed by `:MODE MODE OLD NEW STATUS` and the path, of a rename the former path before it."""
    place = 0
    while place < len(parts) and parts[place].strip("\n"):
        commit, place = parse_commit(parts[place].lstrip("\n")), place + 1
        blobs: dict[str, str | None] = {}
        renames: dict[str, str] = {}
        while place + 1 < len(parts) and parts[place].lstrip("\n").startswith(":"):
            *_, new, status = parts[place].split()
            former, path = parts[place + 1], parts[place + 1 + status.startswith("R")]
            blobs[path] = None if new.startswith(NO_BLOB) else new
            if former != path:
                renames[path] = former
            place += 2 + status.startswith("R")
        yield replace(commit, blobs=blobs, renames=renames)


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
    """The text behind each name, a blob's or `COMMIT:PATH`, None where there is none; one call of git for all."""
    stream = clone.run("cat-file", "--batch", stdin="".join(f"{name}\n" for name in names).encode()).stdout
    texts: list[str | None] = []
    place = 0
    while place < len(stream):
        end = stream.index(b"\n", place)
        header, place = stream[place:end], end + 1
        if header.endswith((b" missing", b" ambiguous")):
            texts.append(None)
            continue
        size = int(header.rpartition(b" ")[2])
        texts.append(stream[place : place + size].decode("utf-8", errors="replace"))
        place += size + 1
    return texts


def read_blobs(clone: Clone, names: Iterable[str]) -> dict[str, str]:
    """The text of each blob by its name."""
    wanted = list(dict.fromkeys(names))
    texts = zip(wanted, read_texts(clone, wanted), strict=True) if wanted else ()
    return {name: text for name, text in texts if text is not None}
