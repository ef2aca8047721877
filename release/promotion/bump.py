"""Forward: a verified release into one environment, as one commit that changes two lines of its overlay."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from cli import console
from release.git.landing import Draft, land_commit, preview_commit
from release.git.remote import DeclinedError, Remote
from release.history.precedence import MoveOutcome, judge_move
from release.history.trailers import compose_run
from release.manifests.environments import locate_overlay
from release.manifests.image_lines import change_images
from release.manifests.rendered_change import print_difference

if TYPE_CHECKING:
    from release.registry.published import PublishedImage


@dataclass(frozen=True)
class Bump:
    """What is to run where; `image` is what the registry has, None without a look at it."""

    environment: str
    version: str
    digest: str
    image: "PublishedImage | None" = None
    again: str | None = None

    def compose(self, remote: Remote, parent: str) -> Draft | None:
        """The commit on top of `parent`, or None, with a word on why, if nothing is to be done.

        Raises: RefusedError, InputError.
        """
        decision = judge_move(remote, parent, self.environment, self.version, self.digest, self.again)
        if decision.outcome is not MoveOutcome.MOVE:
            console.print_done(decision.text)
            return None
        text = change_images(decision.overlay, tag=self.version, digest=self.digest)
        message = compose_run(self.environment, decision.old, self.version, self.digest, self.image, self.again)
        return Draft({locate_overlay(self.environment): text}, message, decision.text)


def bump_environment(remote: Remote, bump: Bump, *, dry_run: bool = False) -> str | None:
    """The commit that was pushed; None if there was nothing to do, or nothing was to be done.

    Raises: RefusedError, DeclinedError if this person may not push, InputError, OutsideError.
    """
    if dry_run:
        if commits := preview_commit(remote, lambda parent: bump.compose(remote, parent)):
            print_difference(remote.clone.folder, bump.environment, *commits)
        return None
    try:
        return land_commit(remote, lambda parent: bump.compose(remote, parent))
    except DeclinedError as error:
        raise DeclinedError(
            f"{error}; only the App writes there: `gh workflow run release.yml --ref {bump.version}` runs it in test, "
            "and `make promote` proposes it for production"
        ) from error
