"""What `status`, `history` and `rollback` cost over a long history of main, at any revision of this project."""

import io
import os
import resource
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.places import ROOT
from bench.reporting.tables import render_table
from cli.errors import CommandError
from release.manifests.environments import locate_overlay

COMMITS, MOVES = 5_000, 1_000
OVERLAYS = ("test", "prod-eks", "prod-gke", "minikube")
START = 1_700_000_000  # seconds; a commit every ten minutes from then on
WORK_TREE = "."
VERBS: dict[str, tuple[str, ...]] = {
    "status": ("status", "--kubectl", "no-such-kubectl"),
    "history": ("history",),
    "history of one": ("history", "--env", "prod-eks"),
    "history --help, which only starts": ("history", "--help"),
    "rollback --dry-run": ("rollback", "--env", "prod-eks", "--reason", "measured", "--dry-run"),
}
FOREIGN = ("GITHUB_", "LATHE_", "PYTHON")  # variables that would change what is measured
BYTECODE = ".git/bytecode"  # where Python keeps it, whatever this machine's own settings
PARTS = ("cli", "contract", "release", "review")  # what a verb is made of, beside the environment


@dataclass(frozen=True)
class Cost:
    """Of one verb at one revision, of itself and every program that it starts."""

    revision: str
    verb: str
    seconds: float


def measure_history(
    revisions: Sequence[str], rounds: int = 3, commits: int = COMMITS, moves: int = MOVES
) -> list[Cost]:
    """Processor seconds, the least of `rounds`.

    Raises: CommandError if a verb fails.
    """
    with tempfile.TemporaryDirectory(prefix="lathe-history-") as folder:
        clone = make_clone(Path(folder), commits, moves)
        costs = []
        for revision in revisions:
            put_code(clone, revision)
            for verb, words in VERBS.items():
                run_verb(clone, *words)  # the first call compiles; a person's next ones find the bytecode
                costs.append(Cost(revision, verb, min(run_verb(clone, *words) for _ in range(rounds))))
        return costs


def make_clone(folder: Path, commits: int, moves: int) -> Path:
    """A clone of a bare origin, whose main moves three environments one after the other, up and now and then back."""
    origin, clone = folder / "origin.git", folder / "clone"
    run_git(folder, "init", "--quiet", "--bare", "--initial-branch=main", str(origin))
    stream = "".join(write_stream(commits, moves)).encode()
    subprocess.run(["git", "fast-import", "--quiet"], cwd=origin, input=stream, check=True)
    run_git(folder, "clone", "--quiet", f"file://{origin}", str(clone))
    run_git(clone, "config", "user.name", "bench")
    run_git(clone, "config", "user.email", "bench@example.org")
    return clone


def write_stream(commits: int, moves: int) -> Iterator[str]:
    """What `git fast-import` reads: gitops as it is here, then a note, or a move with the trailers of a release."""
    paths = [path for path in (ROOT / "gitops").rglob("*") if path.is_file()]
    files = {str(path.relative_to(ROOT)): path.read_text(encoding="utf-8") for path in paths}
    # as it is here, up to what a release changes
    heads = {name: files[locate_overlay(name)].partition("newTag:")[0] for name in OVERLAYS}
    yield write_commit(0, "first")
    for path, text in (files | {locate_overlay(name): f"{heads[name]}newTag: v0.0.0\n" for name in OVERLAYS}).items():
        yield write_file(path, text)
    every, moved = max(commits // moves, 1), 0
    for number in range(1, commits):
        if number % every or moved >= moves:
            yield write_commit(number, f"Note {number}")
            yield write_file("notes.txt", f"{number}\n")
            continue
        name, place = OVERLAYS[moved % 3], moved // 3
        version = f"v1.{place - 2 * (place % 10 == 9)}.0"  # the tenth goes back to the one before
        digest = f"sha256:{int(version.split('.')[1]):064x}"
        message = f"Run {version} in {name}\n\nLathe-Environment: {name}\nLathe-Version: {version}\n"
        yield write_commit(
            number, f"{message}Lathe-Digest: {digest}\nLathe-Bundle: {'b' * 64}\nLathe-Gate: pass; F1 0.9"
        )
        yield write_file(locate_overlay(name), f"{heads[name]}newTag: {version}\n    digest: {digest}\n")
        moved += 1


def write_commit(number: int, message: str) -> str:
    who = f"committer bench <bench@example.org> {START + 600 * number} +0000"
    return f"commit refs/heads/main\n{who}\ndata {len(message.encode())}\n{message}\n"


def write_file(path: str, text: str) -> str:
    return f"M 100644 inline {path}\ndata {len(text.encode())}\n{text}\n"


def put_code(clone: Path, revision: str) -> None:
    """The packages of a revision, or of this work tree, in place of those that were there.

    Raises: CommandError for an unknown revision.
    """
    for name in (*PARTS, BYTECODE):
        subprocess.run(["rm", "-rf", str(clone / name)], check=True)
    if revision == WORK_TREE:
        for name in PARTS:
            subprocess.run(["cp", "-r", str(ROOT / name), str(clone / name)], check=True)
        return
    listed = subprocess.run(
        ["git", "ls-tree", "--name-only", revision, *PARTS], cwd=ROOT, capture_output=True, text=True, check=False
    )  # an older revision lacks some of them
    command = ["git", "archive", "--format=tar", revision, *listed.stdout.split()]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, check=False)
    if done.returncode:
        raise CommandError(f"revision {revision!r} cannot be read: {done.stderr.decode().strip()}")
    with tarfile.open(fileobj=io.BytesIO(done.stdout)) as tar:
        tar.extractall(clone)  # noqa: S202 - Git's own archive of this repository


def run_verb(clone: Path, *words: str) -> float:
    """Raises: CommandError."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(FOREIGN)}
    tools, bytecode = str(ROOT / ".tools" / "bin"), str(clone / BYTECODE)
    environment = {**kept, "LATHE_TOOLS": tools, "KUBECONFIG": os.devnull, "PYTHONPYCACHEPREFIX": bytecode}
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    command = [sys.executable, "-m", "release", *words]
    done = subprocess.run(command, cwd=clone, env=environment, capture_output=True, text=True, check=False)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode:
        raise CommandError(f"`release {' '.join(words)}` ended with {done.returncode}: {done.stderr.strip()}")
    return after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime


def run_git(folder: Path, *arguments: str) -> None:
    subprocess.run(["git", *arguments], cwd=folder, check=True, capture_output=True)


def render_costs(costs: Sequence[Cost]) -> str:
    """A line for each verb, a column for each revision."""
    revisions = list(dict.fromkeys(cost.revision for cost in costs))
    found = {(cost.verb, cost.revision): cost.seconds for cost in costs}
    rows = [[f"`{verb}`", *(f"{found[verb, revision]:.2f} s" for revision in revisions)] for verb in VERBS]
    titles = ["now" if revision == WORK_TREE else f"at {revision}" for revision in revisions]
    return render_table(["processor time", *titles], rows)
