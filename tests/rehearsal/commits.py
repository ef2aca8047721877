"""Commits as they land on the shared branch: what each one changed, as a person reads it."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.harness.checkout import run_git
from tests.harness.steps import StepDetails

SHOWN_DIGITS = 10
OVERLAYS = "gitops/overlays/"


@dataclass(frozen=True)
class Commit:
    """`lines` are those that were taken away and added, with their sign, without what stands around them."""

    sha: str
    subject: str
    author: str
    files: tuple[str, ...]
    lines: tuple[str, ...]

    @property
    def short(self) -> str:
        return self.sha[:SHOWN_DIGITS]

    @property
    def environments(self) -> tuple[str, ...]:
        """Of the overlays that it changes."""
        return tuple(sorted({name.split("/")[2] for name in self.files if name.startswith(OVERLAYS)}))


def list_commits(origin: Path, since: str, until: str = "main") -> list[Commit]:
    """Oldest first."""
    shas = run_git(origin, "rev-list", "--reverse", "--first-parent", f"{since}..{until}").split()
    return [read_commit(origin, sha) for sha in shas]


def read_commit(origin: Path, sha: str) -> Commit:
    subject, author = run_git(origin, "show", "--no-patch", "--format=%s%n%an", sha).split("\n")
    files = run_git(origin, "diff", "--name-only", f"{sha}^", sha).split("\n")
    patch = run_git(origin, "diff", "--unified=0", "--no-color", f"{sha}^", sha)
    return Commit(sha, subject, author, tuple(filter(None, files)), tuple(list_changed(patch)))


def list_changed(patch: str) -> Iterator[str]:
    for line in patch.splitlines():
        if line[:1] in {"+", "-"} and not line.startswith(("+++ ", "--- ")):
            yield line


def read_head(origin: Path) -> str:
    return run_git(origin, "rev-parse", "main")


def show_commits(step: StepDetails, commits: Iterable[Commit]) -> None:
    """Subject and files; of a commit of one file its lines, too."""
    for commit in commits:
        step.add(f"{commit.short}  {commit.subject}", "bold yellow")
        for name in commit.files:
            step.add(f"            {name}")
        for line in commit.lines if len(commit.files) == 1 else ():
            step.add(f"            {line}", "green" if line.startswith("+") else "red")
