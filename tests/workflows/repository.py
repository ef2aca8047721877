"""A clean clone with a small training, an origin that serves it, and pull requests as real branches and merges."""

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from tests.patience import LAST_RESORT_SECONDS
from tests.release.unreleased import forget_releases
from tests.repo.sources import list_files
from tests.workflows.errors import UnexpectedError
from tests.workflows.files import ROOT

IDENTITY = ("-c", "user.name=Lathe", "-c", "user.email=lathe@example.invalid", "-c", "commit.gpgsign=false")


@dataclass(frozen=True)
class Pull:
    """Commits of a pull request: `merge` is what its workflows check out."""

    number: int
    branch: str
    base: str
    head: str
    merge: str


@dataclass(frozen=True)
class Repository:
    folder: Path
    origin: Path

    def git(self, *arguments: str) -> str:
        return run_git(self.folder, *arguments)

    def commit(self, message: str) -> str:
        """Everything that has changed; gives the commit."""
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message", message)
        return self.git("rev-parse", "HEAD")

    def publish(self, *references: str) -> None:
        self.git("push", "--quiet", "--force", "origin", *references)

    def read_tree(self, commit: str) -> str:
        return self.git("rev-parse", f"{commit}^{{tree}}")

    def check_out(self, commit: str) -> None:
        """act reads the workflows from the work tree."""
        self.git("checkout", "--quiet", "--force", "--detach", commit)

    def start_branch(self, branch: str) -> None:
        self.git("checkout", "--quiet", "--force", "-B", branch, "main")

    def open_pull(self, number: int, branch: str) -> Pull:
        """Publishes the branch that is checked out and its merge into main, as GitHub keeps it ready."""
        head, base = self.git("rev-parse", branch), self.git("rev-parse", "main")
        self.check_out(base)
        self.git("merge", "--quiet", "--no-ff", "--message", f"Merge {head} into {base}", head)
        merge = self.git("rev-parse", "HEAD")
        self.publish(f"{head}:refs/heads/{branch}", f"{merge}:refs/pull/{number}/merge")
        return Pull(number, branch, base, head, merge)

    def squash(self, pull: Pull, message: str) -> str:
        """Merges by squashing: another commit on main with the tree that was approved."""
        self.git("checkout", "--quiet", "--force", "main")
        self.git("merge", "--quiet", "--squash", pull.head)
        commit = self.commit(message)
        self.publish("main")
        return commit


def run_git(folder: Path, *arguments: str, token: str | None = None) -> str:
    """`token` is whose push it is, where the origin asks for that.

    Raises: UnexpectedError.
    """
    command = ["git", *IDENTITY, *arguments]
    environment = {**os.environ, **({"GITHUB_TOKEN": token} if token else {})}
    done = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, timeout=LAST_RESORT_SECONDS, check=False
    )
    if done.returncode:
        raise UnexpectedError(f"`git {' '.join(arguments)}` failed: {done.stderr.strip()}")
    return done.stdout.strip()


def clone_checkout(work: Path) -> Repository:
    """A clone of this checkout on main, with what is not committed yet as one more commit, and nothing released."""
    folder, origin = work / "repository", work / "origin.git"
    run_git(work, "clone", "--quiet", "--no-hardlinks", str(ROOT), str(folder))
    run_git(folder, "checkout", "--quiet", "-B", "main")
    for name in run_git(folder, "ls-files").splitlines():
        (folder / name).unlink()
    for path in list_files():
        target = folder / path.relative_to(ROOT)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(path, target)
    forget_releases(folder)
    if tags := run_git(folder, "tag").split():
        run_git(folder, "tag", "--delete", *tags)
    run_git(work, "init", "--quiet", "--bare", "--initial-branch=main", str(origin))
    run_git(origin, "config", "uploadpack.allowAnySHA1InWant", "true")
    run_git(folder, "remote", "set-url", "origin", f"file://{origin}")
    return Repository(folder, origin)
