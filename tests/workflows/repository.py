"""A clean clone with a small training, an origin that serves it, and pull requests as real branches and merges."""

from dataclasses import dataclass
from pathlib import Path

from tests.harness.checkout import copy_checkout, run_git
from tests.release.unreleased import forget_releases
from tests.workflows.files import ROOT


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


def clone_checkout(work: Path) -> Repository:
    """A clone of this checkout on main, with what is not committed yet as one more commit, and nothing released."""
    folder, origin = work / "repository", work / "origin.git"
    run_git(work, "clone", "--quiet", "--no-hardlinks", str(ROOT), str(folder))
    run_git(folder, "checkout", "--quiet", "-B", "main")
    for name in run_git(folder, "ls-files").splitlines():
        (folder / name).unlink()
    copy_checkout(ROOT, folder)
    forget_releases(folder)
    if tags := run_git(folder, "tag").split():
        run_git(folder, "tag", "--delete", *tags)
    run_git(work, "init", "--quiet", "--bare", "--initial-branch=main", str(origin))
    run_git(origin, "config", "uploadpack.allowAnySHA1InWant", "true")
    run_git(folder, "remote", "set-url", "origin", f"file://{origin}")
    return Repository(folder, origin)
