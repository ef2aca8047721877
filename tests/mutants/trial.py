"""Tries mutants one by one and notes each result at once, so that an interrupted run goes on where it was."""

import hashlib
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec

from tests.mutants.beside import find_tests
from tests.mutants.mutations import Mutant, plant_mutant
from tests.mutants.workspace import Runner, Workspace

FAST, SLOW = "not slow", "slow"
FEWEST_SECONDS, LONGEST_SECONDS = 30, 120  # of processor time for one mutant's tests
TIMES_LONGER = 5  # than the same tests take without a mutant
PASSED, NO_TESTS = 0, 5  # pytest's exit codes


class MutantTrial(msgspec.Struct, frozen=True):
    """`killer` is the test that failed, empty if all passed; `digest` is of the module and of the tests beside it."""

    name: str
    digest: str
    killer: str
    is_slow: bool
    seconds: float


class Book:
    """The trials so far, a line of JSON each."""

    def __init__(self, path: Path) -> None:
        self._path = path
        path.parent.mkdir(parents=True, exist_ok=True)
        lines = path.read_bytes().splitlines() if path.exists() else []
        trials = [msgspec.json.decode(line, type=MutantTrial) for line in lines if line.endswith(b"}")]
        self._known = {(trial.name, trial.digest): trial for trial in trials}

    def find(self, name: str, digest: str) -> MutantTrial | None:
        return self._known.get((name, digest))

    def add(self, trial: MutantTrial) -> None:
        self._known[trial.name, trial.digest] = trial
        with self._path.open("ab") as stream:
            stream.write(msgspec.json.encode(trial) + b"\n")


def try_mutants(
    root: Path, workspace: Workspace, runner: Runner, mutants: Sequence[Mutant], book: Book
) -> Iterator[tuple[Mutant, MutantTrial]]:
    """Every mutant with its trial, of the book where its module and tests are still the same.

    Raises: RuntimeError if the tests beside a module fail without any mutant.
    """

    for mutant in mutants:
        digest = digest_inputs(root, mutant.path)
        trial = book.find(mutant.name, digest)
        if trial is None:
            trial = _try_one(root, workspace, runner, mutant, _measure_limit(root, runner, mutant.path, book))
            book.add(trial)
        yield mutant, trial


def _measure_limit(root: Path, runner: Runner, path: str, book: Book) -> float:
    digest = digest_inputs(root, path)
    trial = book.find(path, digest)
    if trial is None:
        found = runner.run(find_tests(root, path), FAST, LONGEST_SECONDS)
        if found["code"] not in (PASSED, NO_TESTS):
            raise RuntimeError(f"{found['failed']} fails without a mutant in {path}: make the tests pass first")
        trial = MutantTrial(path, digest, "", False, float(found["seconds"]))
        book.add(trial)
    return min(max(FEWEST_SECONDS, TIMES_LONGER * trial.seconds), LONGEST_SECONDS)


def digest_inputs(root: Path, path: str) -> str:
    found = hashlib.sha256()
    for name in (path, *find_tests(root, path)):
        found.update((root / name).read_bytes())
    return found.hexdigest()[:16]


def _try_one(root: Path, workspace: Workspace, runner: Runner, mutant: Mutant, limit: float) -> MutantTrial:
    source, tests = (root / mutant.path).read_text(encoding="utf-8"), find_tests(root, mutant.path)
    digest, seconds = digest_inputs(root, mutant.path), 0.0
    with workspace.change(mutant.path, plant_mutant(source, mutant)):
        for marks in (FAST, SLOW):
            found = runner.run(tests, marks, limit if marks == FAST else LONGEST_SECONDS)
            seconds += float(found["seconds"])
            if found["code"] not in (PASSED, NO_TESTS):
                killer = str(found["failed"]) or "its import"
                return MutantTrial(mutant.name, digest, killer, marks == SLOW, seconds)
    return MutantTrial(mutant.name, digest, "", False, seconds)
