"""One branch of the repository that everybody shares: read it fresh, commit on top of it, push if it has not moved.

All by Git's plumbing: no work tree, index or branch of this clone is touched, and a kill leaves loose objects at worst.

pygit2 does not sign where `commit.gpgsign` says so and has no lease: its forced push takes others' commits away
(docs/decisions/0015-where-a-library-was-tried.md).
"""

import os
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath

from cli.errors import InputError, OutsideError, RefusedError
from release.git.clone import NETWORK_SECONDS, Clone
from release.tools import ToolResult

FETCHES = 3
FETCHED = "lathe-fetched"  # its time is when the remote was last fetched, also where nothing new came
FILE, FOLDER = "100644", "040000"
REMOTE_WORDS = "remote:"
# what a server says while another push holds the branch, or has just moved it
BUSY = ("cannot lock ref", "failed to update ref", "incorrect old value", "reference already exists")


# what it says where its rules let this person push nothing there, today or at any time
DECLINED = (
    "GH006", "GH013", "protected branch", "repository rule violations", "pre-receive hook declined", "denied to",
    "Write access to repository not granted", "not allowed to push", "URL returned error: 403",
)  # fmt: skip # a table


class RacedError(OutsideError):
    """Somebody else was faster: fetch, judge again, and push again."""


class DeclinedError(RefusedError):
    """The remote's own rules do not let this person push there: trying again is of no use."""


class Remote:
    """`branch` of the remote `name`, as seen from the clone in `folder`."""

    def __init__(self, folder: Path, name: str = "origin", branch: str = "main") -> None:
        self.clone = Clone(folder)
        self.name = name
        self.branch = branch

    def fetch(self) -> str:
        """The newest commit of the branch, which this clone then holds.

        Raises: InputError without such a remote or branch, OutsideError if the remote cannot be reached.
        """
        for _ in range(FETCHES):
            head = self.find_head(self.branch)
            if not head:
                raise InputError(f"{self.name} has no branch {self.branch}")
            if not self.clone.has(head):
                # into no ref, not even FETCH_HEAD: two of us in one clone would stand in each other's way
                self._talk(
                    "fetch", "--quiet", "--no-tags", "--no-write-fetch-head", "--refmap=", f"refs/heads/{self.branch}"
                )
            if self.clone.has(head):
                self._note(head)
                return head
        raise OutsideError(f"{self.branch} of {self.name} moved while it was fetched, {FETCHES} times; run it again")

    def find_head(self, branch: str) -> str | None:
        """The commit that a branch is at on the remote, now; None without such a branch.

        Raises: InputError without such a remote, OutsideError if it cannot be reached.
        """
        return self._talk("ls-remote", f"refs/heads/{branch}").text.partition("\t")[0] or None

    def find_fetch_time(self) -> datetime | None:
        """When this clone last heard of the remote's branches; None if nothing says so."""
        logs = f"logs/refs/remotes/{self.name}"  # that of HEAD is written by the clone itself
        paths = [self.clone.locate(name) for name in (FETCHED, "FETCH_HEAD", f"{logs}/{self.branch}", f"{logs}/HEAD")]
        times = [path.stat().st_mtime for path in paths if path.is_file()]
        return datetime.fromtimestamp(max(times), UTC) if times else None

    def read(self, commit: str, path: str) -> str:
        """A file's text at a commit, to the byte.

        Raises: InputError.
        """
        answer = self.clone.run("cat-file", "blob", f"{commit}:{path}")
        if answer.code:
            raise InputError(f"{path} is not in commit {commit[:10]}: {answer.stderr}")
        try:
            return answer.stdout.decode("utf-8")
        except UnicodeDecodeError as error:
            raise InputError(f"{path} in commit {commit[:10]} is not text in UTF-8: {error.reason}") from error

    def commit(self, parent: str, changes: Mapping[str, str], message: str) -> str:
        """A commit on top of `parent` with these files' new texts; nothing names it until it is pushed.

        Raises: InputError if Git does not know who commits.
        """
        blobs = {PurePosixPath(path).parts: self._write_blob(text) for path, text in changes.items()}
        tree = self._write_tree(f"{parent}^{{tree}}", blobs)
        signed = (
            ["--gpg-sign"] if self.clone.run("config", "--type=bool", "commit.gpgsign").text.strip() == "true" else []
        )
        command = (*find_identity(self.clone), "commit-tree", tree, "-p", parent, *signed, "-F", "-")
        return self.clone.ask(*command, stdin=message.encode())

    def push(self, commit: str, *, branch: str | None = None, lease: str | None = None, force: bool = False) -> None:
        """Moves the branch to `commit`: forward only, unless `force`; only from `lease`, "" being a branch that is new.

        Raises: RacedError if the branch is elsewhere by now, DeclinedError or OutsideError with the remote's own words.
        """
        branch = branch or self.branch
        if lease and not force and not self.clone.is_ancestor(lease, commit):
            raise InputError(f"{commit[:10]} does not follow {lease[:10]}, and would take commits from {branch}")
        options = [f"--force-with-lease=refs/heads/{branch}:{lease}"] if lease is not None else ["--force"] * force
        # a hook of this clone judges its work tree, which is not what is pushed; the remote's hooks decide
        arguments = ("push", "--porcelain", "--no-verify", *options, self.name, f"{commit}:refs/heads/{branch}")
        answer = self.clone.run(*arguments, seconds=NETWORK_SECONDS)
        if answer.code:
            self._explain(answer, commit, branch, lease)

    def _explain(self, answer: ToolResult, commit: str, branch: str, lease: str | None) -> None:
        """Asks the remote what came of a push that failed: its answer may be all that was lost."""
        reason = describe_rejection(answer)
        head = self.find_head(branch)
        if head == commit:
            return
        is_elsewhere = head != (lease or None) if lease is not None else "[rejected]" in answer.text
        if is_elsewhere or any(words in reason for words in BUSY):
            raise RacedError(f"{branch} of {self.name} moved meanwhile: {reason}")
        kind = DeclinedError if any(words in reason for words in DECLINED) else OutsideError
        raise kind(f"{self.name} does not take the commit on {branch}: {reason}")

    def _write_blob(self, text: str) -> str:
        return self.clone.ask("hash-object", "-w", "--stdin", stdin=text.encode())

    def _write_tree(self, tree: str, blobs: Mapping[tuple[str, ...], str]) -> str:
        """The tree with some files replaced or added, folder by folder."""
        entries = self._list_tree(tree) if tree else {}
        for name in {parts[0] for parts in blobs}:
            mode, former = entries.get(name, ("", ""))
            if file := blobs.get((name,)):
                entries[name] = (mode or FILE, file)
            else:
                inner = {parts[1:]: blob for parts, blob in blobs.items() if parts[0] == name}
                entries[name] = (FOLDER, self._write_tree(former, inner))
        kinds = {FOLDER: "tree", "160000": "commit"}
        lines = [f"{mode} {kinds.get(mode, 'blob')} {entry}\t{name}" for name, (mode, entry) in entries.items()]
        return self.clone.ask("mktree", "-z", "--missing", stdin="".join(f"{line}\0" for line in lines).encode())

    def _list_tree(self, tree: str) -> dict[str, tuple[str, str]]:
        """Mode and object of each entry."""
        listed = {}
        for line in self.clone.ask("ls-tree", "-z", tree).split("\0"):
            facts, _, name = line.partition("\t")
            if name:
                mode, _, entry = facts.split()
                listed[name] = (mode, entry)
        return listed

    def _note(self, head: str) -> None:
        """Lets this clone remember where the branch is; if another git holds that note, it is no harm."""
        self.clone.run("update-ref", f"refs/remotes/{self.name}/{self.branch}", head)
        with suppress(OSError):
            self.clone.locate(FETCHED).touch()

    def _talk(self, verb: str, *arguments: str) -> ToolResult:
        options, refs = arguments[:-1], arguments[-1:]
        if self.name not in self.clone.ask("remote").split():
            raise InputError(
                f"{self.clone.folder} has no remote {self.name!r}; add it with `git remote add {self.name} URL`"
            )
        answer = self.clone.run(verb, *options, self.name, *refs, seconds=NETWORK_SECONDS)
        if answer.code:
            raise OutsideError(f"{self.name} does not answer: {answer.stderr or f'exit code {answer.code}'}")
        return answer


def find_identity(clone: Clone) -> tuple[str, ...]:
    """Options for git that say who commits: nothing where Git knows it, whoever started the job on a GitHub runner.

    Raises: InputError where nobody is known: the history has to say by whom.
    """
    if clone.run("-c", "user.useConfigOnly=true", "var", "GIT_COMMITTER_IDENT").code == 0:
        return ()
    actor = os.environ.get("GITHUB_ACTOR")
    if not actor:
        raise InputError("Git does not know who you are; run `git config --global user.name …` and `… user.email …`")
    number = os.environ.get("GITHUB_ACTOR_ID")
    address = f"{number}+{actor}" if number else actor
    return ("-c", f"user.name={actor}", "-c", f"user.email={address}@users.noreply.github.com")


def describe_rejection(answer: ToolResult) -> str:
    """The remote's own words before Git's."""
    own = [part.strip() for part in answer.stderr.split(REMOTE_WORDS)[1:]]
    own = [part.partition(" To ")[0].partition(" error: failed to push")[0] for part in own]
    reasons = [line.split("\t")[-1] for line in answer.text.splitlines() if line.startswith("!")]
    return " ".join(filter(None, [*own, *reasons])) or answer.stderr or f"exit code {answer.code}"
