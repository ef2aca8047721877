"""After a rollback: what is still open and would run the withdrawn version again is closed, or gets a comment."""

from collections.abc import Iterator, Mapping

from cli import console
from cli.errors import CommandError
from release.git.clone_settings import fill_environment
from release.git.remote import Remote
from release.history.moves import read_moves
from release.history.withdrawal import describe_withdrawal, find_withdrawn
from release.manifests.environments import is_production, list_environments, locate_overlay
from release.manifests.recorded import read_recorded
from review.comment.markdown import escape
from review.github.client import GitHub
from review.github.connection import open_github
from review.github.types import Comment, Pull
from review.retrain import is_ours

PROMOTIONS = "promote/"
LONGEST_WAIT_SECONDS = "10"  # the rollback is done, and a person waits


def close_open(remote: Remote, environment: str, version: str, commit: str) -> None:
    """Closes the promotions of `version`, and comments on anybody else's pull request; never ends the command."""
    address = remote.clone.run("remote", "get-url", remote.name).text.strip()
    settings = fill_environment(address)
    if not settings.get("GITHUB_TOKEN") or not settings.get("GITHUB_REPOSITORY"):
        console.out.print(
            f"  no token: open promotions of {version} stay open; `check-pull` refuses them", markup=False
        )
        return
    settings.setdefault("LATHE_MAX_WAIT_SECONDS", LONGEST_WAIT_SECONDS)
    try:
        with open_github(settings) as github:
            close_pulls(remote, github, environment, version, commit)
    except CommandError as error:
        console.print_warning(f"open promotions of {version} were not looked for, `check-pull` refuses them: {error}")


def close_pulls(remote: Remote, github: GitHub, environment: str, version: str, commit: str) -> None:
    """Raises: review's errors, InputError, OutsideError."""
    moves = read_moves(remote.clone, commit, environment)
    withdrawn = find_withdrawn(moves).get(version)
    reason = describe_withdrawal(version, withdrawn) if withdrawn else f"{version} was taken back from {environment}"
    overlays = read_overlays(remote, commit, environment)
    listed = [pull for page in github.pages("/pulls", list[Pull], state="open", base=remote.branch) for pull in page]
    for pull in listed:
        names = list(list_running(remote, pull, version, overlays))
        if not names:
            continue
        is_promotion = pull.head.ref.startswith(PROMOTIONS) and is_ours(pull, github.settings.repository, pull.head.ref)
        what = f"It would run {version} in {' and '.join(names)}."
        way = f"To propose it all the same: `make promote TO={names[0]} AGAIN='why'`."
        end = "It is closed by the rollback." if is_promotion else "Its required checks refuse it from now on."
        github.post(f"/issues/{pull.number}/comments", {"body": f"{escape(reason)}. {what} {end} {way}"}, Comment)
        if is_promotion:
            github.patch(f"/pulls/{pull.number}", {"state": "closed"}, Pull)
        verb = "is closed" if is_promotion else "got a comment, and its checks refuse it"
        console.print_done(f"#{pull.number}, which would run {version} in {' and '.join(names)}, {verb}")


def read_overlays(remote: Remote, commit: str, environment: str) -> dict[str, str]:
    """The overlays that the withdrawal binds, as they are now."""
    texts = {name: remote.read(commit, locate_overlay(name)) for name in list_environments(remote.clone, commit)}
    return {name: text for name, text in texts.items() if name == environment or is_production(text)}


def list_running(remote: Remote, pull: Pull, version: str, overlays: Mapping[str, str]) -> Iterator[str]:
    """The environments in which a pull request would run the version, other than now."""
    head = pull.head.sha
    if not remote.clone.has(head):
        for reference in (f"refs/pull/{pull.number}/head", f"refs/heads/{pull.head.ref}"):
            remote.clone.run("fetch", "--quiet", "--no-tags", "--no-write-fetch-head", remote.name, reference)
    if not remote.clone.has(head):
        console.print_warning(f"#{pull.number} could not be read: look whether it would run {version}")
        return
    for name, text in overlays.items():
        overlay = remote.clone.run("cat-file", "blob", f"{head}:{locate_overlay(name)}")
        line, now = read_recorded(overlay.text).line, read_recorded(text).line
        if overlay.code == 0 and line and line.tag == version and (now is None or now.tag != version):
            yield name
