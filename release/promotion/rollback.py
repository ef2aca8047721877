"""Back: an environment to a version that it ran before, from Git alone, and the one it leaves is withdrawn."""

import os
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from cli import console
from cli.errors import InputError, RefusedError
from release.git.clone import Clone
from release.git.landing import Draft, land_commit, preview_commit
from release.git.remote import Remote
from release.history.commits import read_commits
from release.history.moves import Move, find_facts, read_all_facts, read_moves
from release.history.tracks import check_known
from release.history.trailers import compose_rollback
from release.history.withdrawal import Former, describe_withdrawal, find_former, find_withdrawn
from release.manifests.environments import is_production, locate_overlay, read_line
from release.manifests.image_lines import change_images
from release.manifests.overlays import DIGEST, ImageLine
from release.manifests.rendered_change import print_difference, prove_return
from release.versions import is_lower, parse_version

PAUSE = timedelta(minutes=30)  # a second one within it was rather meant to be the first


@dataclass
class Rollback:
    """One rollback, through as many attempts as it takes; `former` is what it goes back to."""

    environment: str
    reason: str
    to: str | None = None
    again: bool = False
    run: str | None = None  # of the workflow that asks: started again it must not go back once more
    start: str | None = None  # the version that is to be left, as the person saw it
    former: Former | None = None
    withdrawn: str = ""  # the version that it leaves
    target: str = ""  # and the one that it goes to
    is_production: bool = False
    _left: ImageLine | None = field(default=None, init=False)

    def compose(self, remote: Remote, parent: str) -> Draft | None:
        """The commit on top of `parent`, or None, with a word on why, if nothing is to be done.

        Raises: RefusedError, InputError.
        """
        clone = remote.clone
        check_known(clone, parent, self.environment)
        moves = read_moves(clone, parent, self.environment)
        path = locate_overlay(self.environment)
        overlay = remote.read(parent, path)
        current = self.read_current(clone, parent, overlay)
        if self.is_done(current, moves):
            return None
        self.check_start(current)
        self.former = self.choose_target(current, moves)
        target = self.former.line
        self.withdrawn, self.target = current.tag, target.tag
        self.is_production = is_production(overlay)
        text = change_images(overlay, tag=target.tag, digest=str(target.digest))
        facts = find_facts(read_all_facts(clone, parent, str(target.digest)), target)
        message = compose_rollback(self.environment, current, target, self.reason, facts, self.run)
        return Draft({path: text}, message, f"{self.environment}: {current.version} → {target.version}")

    def read_current(self, clone: Clone, parent: str, overlay: str) -> ImageLine:
        """Raises: InputError for a broken overlay, with the commit that changed it last."""
        path = locate_overlay(self.environment)
        try:
            return read_line(overlay, f"the overlay of {self.environment}")
        except InputError as error:
            last = read_commits(clone, "--first-parent", "-1", parent, "--", path)
            hint = f"; {last[0].by} left it so: `git revert {last[0].name[:10]}` and push" if last else ""
            raise InputError(f"{error}{hint}") from error

    def check_start(self, current: ImageLine) -> None:
        """Raises: RefusedError if another version runs than the one that is to be left."""
        if self.start:
            parse_version(self.start)
        if self.start and current.is_released and current.tag != self.start:
            raise RefusedError(
                f"{self.environment} runs {current.tag}, and {self.start} was to be left (--from): nothing was changed"
            )

    def is_done(self, current: ImageLine, moves: list[Move]) -> bool:
        """Whether it runs the requested version, or somebody else took the same version back meanwhile.

        Raises: RefusedError if it went elsewhere meanwhile: the request was meant for another version.
        """
        if current.tag == self.to:
            console.print_done(f"{self.environment} has {self.to} already")
            return True
        if done := [move for move in moves if self.run and move.commit.trailers.get("Run") == self.run]:
            console.print_done(f"run {self.run} took {self.environment} back already, by {done[-1].commit.name[:10]}")
            return True
        if self._left in (None, current):
            self._left = current
            return False
        left = self._left.tag if self._left else ""
        if not is_lower(current.tag, left):
            raise RefusedError(f"{self.environment} went from {left} to {current.tag} meanwhile; look again")
        console.print_done(f"meanwhile {describe_withdrawal(left, find_withdrawn(moves)[left])}")
        return True

    def choose_target(self, current: ImageLine, moves: list[Move]) -> Former:
        """The version to go back to.

        Raises: RefusedError, InputError.
        """
        if not current.is_released:
            raise RefusedError(f"{self.environment} runs no release, there is nothing to take back")
        if self.to:
            self.check_target(self.to, current, moves)
        else:
            self.check_pause(current, moves)
        if target := find_former(moves, current, self.to):
            return self.check_former(target, current)
        former = ", ".join(list_former(moves, current)) or "nothing"
        ran = f"besides {current.tag} it ran {former}{explain_start(moves)}"
        if self.to:
            raise RefusedError(f"{self.environment} never ran {self.to}; {ran}")
        raise RefusedError(f"{self.environment} has nothing lower than {current.tag} to go back to; {ran}")

    def check_target(self, version: str, current: ImageLine, moves: list[Move]) -> None:
        """Raises: RefusedError, InputError."""
        parse_version(version)
        if not is_lower(version, current.tag):
            raise RefusedError(
                f"{version} is higher than {current.tag}, which runs: that way lead `promote` and `bump`"
            )
        withdrawn = find_withdrawn(moves)
        if version in withdrawn and not self.again:
            raise RefusedError(f"{describe_withdrawal(version, withdrawn[version])}; give --again to go there")

    def check_pause(self, current: ImageLine, moves: list[Move]) -> None:
        """The same command given twice would leave the good version, too, and withdraw it.

        Raises: RefusedError.
        """
        last = next((move for move in reversed(moves) if move.new), None)
        if last is None or last.old is None or not last.is_down:
            return
        age = datetime.now(UTC) - last.commit.when
        if age < PAUSE:
            minutes = max(int(age.total_seconds()) // 60, 0)
            ran = ", ".join(list_former(moves, current))
            raise RefusedError(
                f"{last.commit.by} took {self.environment} back from {last.old.tag} to {current.tag} {minutes} minutes "
                f"ago (commit {last.commit.name[:10]}): another rollback would leave {current.tag} and withdraw it. "
                f"If that is meant, say where to with --to; it ran {ran}"
            )

    def check_former(self, former: Former, current: ImageLine) -> Former:
        """The rules for what is written today; what was recorded then may not keep them.

        Raises: RefusedError.
        """
        target = former.line
        if target.digest is None or not DIGEST.fullmatch(target.digest):
            raise RefusedError(
                f"{self.environment} ran {target.tag} with digest {target.digest}, expected sha256: and 64 hexadecimal "
                "digits: it cannot be written again; name another version with --to"
            )
        if target.repository != current.repository:
            console.print_warning(
                f"{target.tag} came from {target.repository} then, and {self.environment} pulls from "
                f"{current.repository} now: its digest stays, `make verify` says whether the image is there"
            )
        if former.path != locate_overlay(self.environment):
            console.print_warning(
                f"{target.tag} ran from {former.path}, which is {locate_overlay(self.environment)} now"
            )
        return former


def explain_start(moves: list[Move]) -> str:
    """Where the first commit brought a release along, the folder may be another one's copy: Git does not say."""
    first = next((move for move in moves if move.new), None)
    if first is None or first.old is not None or first.new is None:
        return ""
    commit, version = first.commit, first.new.tag
    return (
        f"; its overlay came with commit {commit.name[:10]} by {commit.by}, at {version} from the start. If it is "
        "another environment's under a new name, `make history` shows what that one ran, and a pull request brings it "
        "back: with its version and digest, and a commit with the trailer `Lathe-Again: VERSION` and a paragraph "
        "`Why: …`"
    )


def find_run() -> str | None:
    """The run of a workflow that this is a step of, whatever attempt it is."""
    return os.environ.get("GITHUB_RUN_ID") or None


def list_former(moves: list[Move], current: ImageLine) -> list[str]:
    """Every other version that ran, newest first; withdrawn ones are marked."""
    withdrawn = find_withdrawn(moves)
    tags = dict.fromkeys(move.old.tag for move in reversed(moves) if move.old and move.old.is_released)
    return [f"{tag} (withdrawn)" if tag in withdrawn else tag for tag in tags if tag != current.tag]


def roll_back(remote: Remote, rollback: Rollback, *, dry_run: bool = False) -> str | None:
    """The commit that was pushed; None if there was nothing to do, or nothing was to be done.

    Raises: RefusedError, DeclinedError if this person may not push, InputError, OutsideError.
    """
    if not rollback.reason.strip():
        raise InputError("--reason is empty, expected why: whoever reads the history has nothing else")
    if dry_run:
        if commits := preview_commit(remote, lambda parent: rollback.compose(remote, parent)):
            print_difference(remote.clone.folder, rollback.environment, *commits)
        return None
    return land_commit(remote, lambda parent: rollback.compose(remote, parent))


def print_rollback(remote: Remote, rollback: Rollback, commit: str) -> None:
    """What the commit came to, and what is left to do."""
    environment = rollback.environment
    console.print_done(f"{rollback.withdrawn} is left and withdrawn: no bump and no promotion brings it back")
    if rollback.former:
        prove_return(remote.clone.folder, environment, rollback.former.commit, commit, rollback.former.path)
    if rollback.is_production:
        console.out.print(f"  then: argocd app sync lathe-{environment} --prune --async", soft_wrap=True, markup=False)
