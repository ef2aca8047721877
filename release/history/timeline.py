"""The history as a person reads it: a table for each environment, newest first, or one for a day."""

import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime

from cli import console
from release.git.remote import Remote
from release.history.history import (
    AllFacts,
    Stay,
    choose_head,
    describe_move,
    describe_stay,
    explain_absence,
    list_stays,
    parse_window,
    show_time,
)
from release.history.moves import Move, find_facts, read_all_facts, read_all_moves
from release.history.tracks import check_known
from release.manifests.environments import LOCAL, list_environments
from release.manifests.overlays import ImageLine

SHOWN_DIGITS = 12
SHOWN_MOVES = 20  # of each environment, the newest
MOVE_HEADERS = ("When (UTC)", "Version", "How", "Digest, bundle", "At the gate", "Commit")
STAY_HEADERS = ("Environment", "Version", "From (UTC)", "Until (UTC)", "Digest, bundle", "At the gate", "Commit")


def show_history(
    remote: Remote,
    environment: str | None,
    on: str | None,
    *,
    fetch: bool = False,
    as_json: bool = False,
    is_whole: bool = False,
) -> None:
    """Prints what moved in an environment, or in each; with `on` only what ran then.

    Raises: InputError, RefusedError, OutsideError.
    """
    window = parse_window(on, datetime.now(UTC)) if on else None
    head, source = choose_head(remote, fetch=fetch)
    known = read_all_moves(remote.clone, head)
    names = choose_environments(remote, head, environment, known)
    moves = {name: known.get(name, []) for name in names}
    facts = read_all_facts(remote.clone, head)
    stays = {name: list_stays(found) for name, found in moves.items()}
    met = {name: [stay for stay in found if not window or window.meets(stay)] for name, found in stays.items()}
    if as_json:
        described = (
            [describe_stay(stay, facts) for found in met.values() for stay in found]
            if window
            else [describe_move(move, facts) for found in moves.values() for move in found]
        )
        sys.stdout.write(json.dumps(described, indent=2, ensure_ascii=False) + "\n")
        return
    if window:
        print_stays(f"What ran {window.text}", [stay for found in met.values() for stay in found], facts)
        for name in names:
            if not met[name]:
                console.out.print(explain_absence(name, stays[name], window), soft_wrap=True, markup=False)
    else:
        for name in names:
            print_moves(name, moves[name], facts, len(moves[name]) if is_whole else SHOWN_MOVES)
    console.out.print(f"from {source}, commit {head[:10]}", soft_wrap=True, markup=False)


def choose_environments(
    remote: Remote, head: str, environment: str | None, moves: Mapping[str, Sequence[Move]]
) -> list[str]:
    """Those that are there and, behind them, those that ran a release before their overlay went.

    Raises: InputError, RefusedError for one that never was.
    """
    if environment and (environment in LOCAL or not moves.get(environment)):
        check_known(remote.clone, head, environment)
    if environment:
        return [environment]
    names = list_environments(remote.clone, head)
    return [
        *names,
        *(name for name, own_moves in moves.items() if own_moves and name not in {*names, *LOCAL}),
    ]


def print_moves(environment: str, moves: Sequence[Move], facts: AllFacts, shown: int) -> None:
    """Newest first, at most `shown`."""
    if not moves:
        console.out.print(f"{environment} has had no release yet", soft_wrap=True, markup=False)
        return
    rows = [
        (
            show_time(move.commit.when),
            show_version(move),
            show_cause(move, environment),
            *show_line(move.new, facts),
            move.commit.name[:10],
        )
        for move in reversed(moves[-shown:])
    ]
    console.print_grid(environment, MOVE_HEADERS, rows, lines=True)
    if len(moves) > shown:
        older = f"{len(moves) - shown} older moves of {environment} are not shown: --all, or --json"
        console.out.print(older, soft_wrap=True, markup=False)


def show_version(move: Move) -> str:
    """The new one above the old one."""
    if move.new is None:
        return "unreadable"
    new = move.new.tag if move.new.is_released else "none"
    return f"{new}\nwas {move.old.tag}" if move.old and move.old.is_released else new


def show_cause(move: Move, environment: str) -> str:
    """What made the commit, who, why, and which name the environment then had."""
    if move.new is None:
        return f"by {move.commit.by}\n{move.problem}; what ran before went on"
    former = f"as {move.environment}" if move.environment != environment else ""
    return "\n".join(filter(None, [f"{move.kind}, {move.commit.by}", move.why, former]))


def show_line(line: ImageLine | None, facts: AllFacts) -> tuple[str, str]:
    """Digest above bundle, and the gate's measures."""
    if line is None or not line.is_released:
        return "", ""
    known = find_facts(dict(facts), line)
    digest = str(line.digest).removeprefix("sha256:")[:SHOWN_DIGITS]
    return f"{digest}\n{known.bundle[:SHOWN_DIGITS] or 'not said'}", "\n".join(known.brief) or "not said"


def print_stays(title: str, stays: Iterable[Stay], facts: AllFacts) -> None:
    rows = [
        (
            stay.move.environment,
            stay.line.tag,
            show_time(stay.start),
            show_time(stay.end),
            *show_line(stay.line, facts),
            stay.move.commit.name[:10],
        )
        for stay in stays
    ]
    if rows:
        console.print_grid(title, STAY_HEADERS, rows, lines=True)
