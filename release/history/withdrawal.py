"""Which versions were taken back, by Git's own history: docs/decisions/0009."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from release.history.moves import Move
from release.manifests.overlays import ImageLine
from release.versions import is_lower


def find_withdrawn(moves: Iterable[Move]) -> dict[str, Move]:
    """Each withdrawn version with the move that took it back: it gave way to a lower one, and has not run since."""
    withdrawn: dict[str, Move] = {}
    for move in moves:
        if move.new is None:
            continue
        if move.old and move.is_down:
            withdrawn[move.old.tag] = move
        if version := move.commit.trailers.get("Withdraws"):  # a rollback that was squashed into a later move
            withdrawn[version] = move
        withdrawn.pop(move.new.tag, None)  # a person brought it back
    return withdrawn


def list_deciding(environment: str, current: Mapping[str, bool], moves: Mapping[str, Sequence[Move]]) -> list[str]:
    """The environments whose withdrawals bind this one; `current` says of each that there is whether it is production.

    Every other production binds a production, also one that is gone or has another name by now.
    """
    if not current.get(environment, True):
        return [environment]
    gone = {name for name, own_moves in moves.items() if name not in current and was_production(own_moves)}
    return [environment, *sorted({name for name, is_ in current.items() if is_} - {environment} | gone)]


def was_production(moves: Sequence[Move]) -> bool:
    """By the last state that could be read."""
    return next((move.is_production for move in reversed(moves) if move.new), False)


def describe_withdrawal(version: str, move: Move) -> str:
    """Where, when, by whom and why, in one sentence."""
    why = f": {move.why}" if move.why else ""
    when = f"{move.commit.when:%Y-%m-%d %H:%M} UTC"
    to = f", for {move.new.tag}" if move.new else ""
    return (
        f"{version} was taken back from {move.environment} by {move.commit.by} on {when}{to} "
        f"(commit {move.commit.name[:10]}){why}"
    )


@dataclass(frozen=True)
class Former:
    """What ran before, the last commit at which it did, and where its overlay was then."""

    line: ImageLine
    commit: str
    path: str


def find_former(moves: Sequence[Move], current: ImageLine, to: str | None = None) -> Former | None:
    """The newest that is lower and not withdrawn, or `to`."""
    withdrawn = find_withdrawn(moves)
    for move in reversed(moves):
        old = move.old
        if move.new is None or old is None or not old.is_released:
            continue
        if old.tag == to or (to is None and is_lower(old.tag, current.tag) and old.tag not in withdrawn):
            return Former(old, f"{move.commit.name}^", move.former_path)
    return None
