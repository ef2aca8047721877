"""What ran where and when, as Git tells it: every move of an environment, or what ran on one day or at one moment."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Any

from cli.errors import InputError
from release.git.remote import Remote
from release.history.moves import Move, find_facts
from release.history.trailers import Facts
from release.manifests.overlays import ImageLine

NOW = "now"

AllFacts = Mapping[tuple[str, str], Facts]


@dataclass(frozen=True)
class Stay:
    """One version in one environment from a move to the next; `end` is None while it runs."""

    move: Move
    line: ImageLine
    end: datetime | None

    @property
    def start(self) -> datetime:
        return self.move.commit.when


@dataclass(frozen=True)
class Window:
    """From the first to the last moment of the requested time, in UTC; both are equal for one moment."""

    first: datetime
    last: datetime

    @property
    def text(self) -> str:
        is_day = self.last > self.first
        return f"on {self.first:%Y-%m-%d} (UTC)" if is_day else f"at {self.first:%Y-%m-%d %H:%M} UTC"

    def meets(self, stay: Stay) -> bool:
        return stay.start <= self.last and (stay.end is None or stay.end > self.first)


def choose_head(remote: Remote, *, fetch: bool) -> tuple[str, str]:
    """The commit to read from, and where it is from: the remote's newest, the one last fetched, or the checkout's.

    Raises: InputError, OutsideError.
    """
    name = f"{remote.name}/{remote.branch}"
    if fetch:
        return remote.fetch(), f"{name}, fetched just now"
    tracked = f"refs/remotes/{name}"
    if remote.clone.has(tracked):
        return remote.clone.ask("rev-parse", tracked), f"{name} as last fetched (--fetch asks again)"
    return remote.clone.ask("rev-parse", "--verify", "HEAD"), f"this checkout: {name} was never fetched"


def parse_window(text: str, now: datetime) -> Window:
    """A day such as 2026-03-03, or a moment such as 2026-03-03T14:00Z; without a zone it is UTC.

    Raises: InputError for anything else, and for what has not been yet.
    """
    try:
        window = parse_day(text) or parse_moment(text)
    except (ValueError, OverflowError) as error:
        raise InputError(
            f"--on {text!r} is no time, expected a day as 2026-03-03 or a moment as 2026-03-03T14:00Z"
        ) from error
    if window.first > now:
        raise InputError(f"--on {text!r} has not been yet: it is {now:%Y-%m-%d %H:%M} UTC")
    return window


def parse_day(text: str) -> Window | None:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return Window(datetime.combine(day, time.min, UTC), datetime.combine(day, time.max, UTC))


def parse_moment(text: str) -> Window:
    moment = datetime.fromisoformat(text)
    moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    return Window(moment, moment)


def list_stays(moves: Sequence[Move]) -> list[Stay]:
    """Each released version's time, oldest first; an overlay that cannot be read ends nothing."""
    readable = [(move, move.new) for move in moves if move.new]
    ends = [move.commit.when for move, _ in readable[1:]]
    pairs = zip(readable, [*ends, None], strict=True) if readable else ()
    return [Stay(move, line, end) for (move, line), end in pairs if line.is_released]


def explain_absence(environment: str, stays: Sequence[Stay], window: Window) -> str:
    """Why nothing ran there then."""
    if not stays:
        return f"{environment} has had no release yet"
    if window.last < stays[0].start:
        first = f"{stays[0].line.tag}, came on {show_time(stays[0].start)} UTC"
        return f"{environment} ran no release {window.text}: its first one, {first}"
    return f"{environment} ran no release {window.text}"


def show_time(when: datetime | None) -> str:
    return f"{when:%Y-%m-%d %H:%M}" if when else NOW


def describe_move(move: Move, facts: AllFacts) -> dict[str, Any]:
    """A move for programs."""
    return {
        "environment": move.environment,
        "when": move.commit.when.isoformat(),
        "kind": move.kind if move.new else "unreadable",
        "from": move.old.tag if move.old and move.old.is_released else None,
        "to": move.new.tag if move.new and move.new.is_released else None,
        **describe_version(move.new, facts),
        "by": move.commit.by,
        "why": move.why,
        "commit": move.commit.name,
        "problem": move.problem,
    }


def describe_stay(stay: Stay, facts: AllFacts) -> dict[str, Any]:
    """A version's time for programs."""
    return {
        "environment": stay.move.environment,
        "version": stay.line.tag,
        "from": stay.start.isoformat(),
        "until": stay.end.isoformat() if stay.end else None,
        **describe_version(stay.line, facts),
        "by": stay.move.commit.by,
        "commit": stay.move.commit.name,
    }


def describe_version(line: ImageLine | None, facts: AllFacts) -> dict[str, Any]:
    """Fields without a trailer are left out."""
    known = find_facts(dict(facts), line)
    return {
        "digest": line.digest if line else None,
        "bundle": known.bundle or None,
        "verdict": known.verdict or None,
        "quality": dict(known.quality),
        "revision": known.revision or None,
    }
