"""From the release history and GitHub's pull requests to marks in time, in the form of Grafana's annotations."""

from datetime import datetime
from pathlib import Path
from typing import TypeVar

import msgspec

from cli.console import clean_text
from cli.errors import InputError
from cli.files import read_file

RELEASE_TAG, RETRAINING_TAG = "lathe-release", "lathe-retraining"
RETRAINING_BRANCH = "retrain/"
NAMESPACE = "lathe-{}"  # of an environment, which is the value of the dashboards' variable
MAX_BYTES = 64 * 1024 * 1024
SHOWN_DIGITS = 10
MAX_TEXT = 300


class EventMark(msgspec.Struct, frozen=True, rename="camel"):
    """`time` and `time_end` in milliseconds; the last tag tells one mark from every other."""

    time: int
    time_end: int
    text: str
    tags: list[str]
    id: int = 0


class ReleaseMove(msgspec.Struct, frozen=True, rename={"old": "from", "new": "to"}):
    """Of `release history --json`: what a commit changed in one environment."""

    environment: str
    when: datetime
    kind: str
    by: str
    commit: str
    old: str | None = None
    new: str | None = None
    why: str | None = None


class _Branch(msgspec.Struct, frozen=True):
    ref: str


class RetrainingPull(msgspec.Struct, frozen=True):
    """Of GitHub's `/repos/OWNER/NAME/pulls?state=all`."""

    number: int
    title: str
    head: _Branch
    created_at: datetime
    closed_at: datetime | None = None
    merged_at: datetime | None = None

    @property
    def state(self) -> str:
        if self.merged_at:
            return "merged"
        return "closed" if self.closed_at else "open"


Entry = TypeVar("Entry", ReleaseMove, RetrainingPull)


def read_moves(path: Path) -> list[ReleaseMove]:
    """Raises: InputError if it is not what `release history --json` prints."""
    return _read(path, list[ReleaseMove], "what `release history --json` prints")


def read_pulls(path: Path) -> list[RetrainingPull]:
    """Raises: InputError if it is not what GitHub answers."""
    return _read(path, list[RetrainingPull], "GitHub's answer to /pulls?state=all")


def _read(path: Path, kind: type[list[Entry]], expected: str) -> list[Entry]:
    try:
        return msgspec.json.decode(read_file(path, MAX_BYTES), type=kind)
    except msgspec.DecodeError as error:
        raise InputError(f"{path} is not {expected}: {error}") from error


def mark_moves(moves: list[ReleaseMove]) -> list[EventMark]:
    """One mark for each move that a version came by; an environment that lost its version is marked too."""
    return [_mark_move(move) for move in moves if move.old or move.new]


def _mark_move(move: ReleaseMove) -> EventMark:
    version = move.new or "no release"
    text = f"{version}: {move.kind} from {move.old}" if move.old else f"{version}: {move.kind}"
    text += f", by {move.by}" + (f". {move.why}" if move.why else "")
    tags = [RELEASE_TAG, NAMESPACE.format(move.environment), version, move.commit[:SHOWN_DIGITS]]
    return _make_mark(move.when, move.when, text, tags)


def mark_pulls(pulls: list[RetrainingPull]) -> list[EventMark]:
    """One mark for each retraining's pull request, from its opening to its end."""
    ours = [pull for pull in pulls if pull.head.ref.startswith(RETRAINING_BRANCH)]
    return [
        _make_mark(
            pull.created_at,
            pull.merged_at or pull.closed_at or pull.created_at,
            f"#{pull.number} {pull.state}: {pull.title}",
            [RETRAINING_TAG, pull.state, f"#{pull.number}"],
        )
        for pull in ours
    ]


def _make_mark(start: datetime, end: datetime, text: str, tags: list[str]) -> EventMark:
    return EventMark(_in_milliseconds(start), _in_milliseconds(end), clean_text(text, MAX_TEXT), tags)


def _in_milliseconds(when: datetime) -> int:
    return int(when.timestamp() * 1000)


def find_marks(
    marks: list[EventMark],
    tags: list[str],
    limit: int,
    start: int | None = None,
    end: int | None = None,
    *,
    any_tag: bool,
) -> list[EventMark]:
    """As Grafana's `GET /api/annotations` answers: newest first, those that touch the time from `start` to `end`."""
    meets = any if any_tag else all
    found = [
        mark
        for mark in marks
        if meets(tag in mark.tags for tag in tags)
        and (start is None or mark.time_end >= start)
        and (end is None or mark.time <= end)
    ]
    return sorted(found, key=lambda mark: mark.time, reverse=True)[:limit]
