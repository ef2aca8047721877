"""The whole of `rollback`: by a push where this person may, by the workflow where not, and then what is still open."""

from release.git.remote import DeclinedError, Remote
from release.promotion.rollback import Rollback, print_rollback, roll_back


def take_back(remote: Remote, rollback: Rollback, *, dry_run: bool = False) -> str | None:
    """The commit on main; None if there was nothing to do, or nothing was to be done.

    Raises: RefusedError, InputError, OutsideError.
    """
    is_elsewhere = False
    try:
        commit = roll_back(remote, rollback, dry_run=dry_run)
    except DeclinedError as declined:
        # GitHub's client is loaded only where it is needed: a rollback is Git's alone, and has to be quick
        from release.promotion.rollback_workflow import roll_back_elsewhere  # noqa: PLC0415 - GitHub's client

        is_elsewhere = True
        commit = roll_back_elsewhere(remote, rollback, declined)
    if commit:
        print_rollback(remote, rollback, commit)
        if not is_elsewhere:  # the workflow has done it
            from release.promotion.closing import close_open  # noqa: PLC0415 - GitHub's client

            close_open(remote, rollback.environment, rollback.withdrawn, commit)
    return commit
