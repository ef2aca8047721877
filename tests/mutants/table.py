"""What a run of mutants found: counts by part, and every survivor with its line and its change."""

import difflib
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec
from ruamel.yaml import YAML

from tests.mutants.mutations import Mutant, plant_mutant
from tests.mutants.trial import MutantTrial

ACCEPTED = Path(__file__).with_name("accepted.yaml")
MOST_SURVIVORS = 0.05

Result = tuple[Mutant, MutantTrial]
Changes = tuple[str, str]  # the lines that went and those that came, without their indentation


class AcceptedMutant(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A mutant that may survive, by its change rather than by its line, which moves; `reason` says why."""

    path: str
    old: str
    new: str
    reason: str


def read_accepted(path: Path = ACCEPTED) -> dict[tuple[str, str, str], str]:
    """The reason of each accepted change. Raises: msgspec.ValidationError if an entry is not whole."""
    entries = msgspec.convert(YAML(typ="safe").load(path) or [], list[AcceptedMutant])
    return {(entry.path, entry.old, entry.new): entry.reason for entry in entries}


def describe_change(root: Path, mutant: Mutant) -> Changes:
    source = (root / mutant.path).read_text(encoding="utf-8")
    lines = list(difflib.ndiff(source.splitlines(), plant_mutant(source, mutant).splitlines()))
    old, new = ("\n".join(line[2:].strip() for line in lines if line.startswith(sign)) for sign in ("- ", "+ "))
    return old, new


def list_survivors(root: Path, results: Sequence[Result]) -> Iterator[tuple[Mutant, Changes, str]]:
    """Each survivor with its change and the reason why it is accepted, empty if it is not."""
    accepted = read_accepted()
    for mutant, trial in sorted(results, key=lambda result: result[0]):
        if not trial.killer:
            change = describe_change(root, mutant)
            yield mutant, change, accepted.get((mutant.path, *change), "")


def render_table(root: Path, results: Sequence[Result], total: int, seed: int) -> Iterator[str]:
    yield f"{len(results):,} of {total:,} mutants tried, drawn with seed {seed}\n"
    yield f"{'part':<22}{'mutants':>8}{'killed':>8}{'slow':>6}{'survived':>10}"
    parts: dict[str, list[MutantTrial]] = {}
    for mutant, trial in results:
        parts.setdefault("/".join(mutant.path.split("/")[:2]).removesuffix(".py"), []).append(trial)
    for name, trials in [*sorted(parts.items()), ("all", [trial for _, trial in results])]:
        killed, slow = sum(bool(trial.killer) for trial in trials), sum(trial.is_slow for trial in trials)
        yield f"{name:<22}{len(trials):>8}{killed:>8}{slow:>6}{len(trials) - killed:>10}"
    for mutant, (old, new), reason in list_survivors(root, results):
        yield f"\n{mutant.path}:{mutant.line} survived" + (f", accepted: {reason}" if reason else "")
        yield from (f"  - {line}" for line in old.splitlines())
        yield from (f"  + {line}" for line in new.splitlines())


def is_good(root: Path, results: Sequence[Result]) -> bool:
    """Whether at most MOST_SURVIVORS of the mutants survived, each with a reason."""
    survivors = list(list_survivors(root, results))
    return all(reason for _, _, reason in survivors) and len(survivors) <= MOST_SURVIVORS * len(results)
