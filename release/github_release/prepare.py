"""Before a release: its changelog and its version as one commit on a branch of its own; people merge and tag it."""

import shlex
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

import tomlkit
from semver import Version
from tomlkit.exceptions import ParseError

from cli import console
from cli.errors import InputError, OutsideError, RefusedError
from release.git.clone import Clone
from release.git.clone_settings import WEB
from release.git.remote import Remote
from release.github_release import changelog
from release.github_release.commits import list_commits, propose_version
from release.history.moves import read_all_moves
from release.history.released import list_released
from release.versions import is_version, parse_version

PROJECT, LOCK = "pyproject.toml", "uv.lock"
PACKAGE = "lathe"


@dataclass(frozen=True)
class Prepared:
    """`commit` is on a branch that waits for its merge, or on main already (`is_merged`) and waits for its tag."""

    version: str
    commit: str
    is_merged: bool

    @property
    def branch(self) -> str:
        return name_branch(self.version)


def name_branch(version: str) -> str:
    return f"release/{version}"


def prepare_version(remote: Remote, wanted: str | None) -> Prepared:
    """Without a version, an error says which one the commits ask for.

    Raises: InputError, RefusedError, OutsideError.
    """
    head = check_ground(remote)
    released = list_released(remote.clone, read_all_moves(remote.clone, head))
    former = max(released, key=parse_version, default=None)
    mistyped = {*filter(is_version, remote.clone.ask("tag", "--list", "v*").split())} - released
    version = check_wanted(remote, wanted, former, mistyped)
    text = remote.read(head, changelog.NAME)
    title = version.removeprefix("v")
    if read_version(remote.read(head, PROJECT)) == title and changelog.find_section(text, title):
        return Prepared(version, find_release(remote.clone, head, title), True)
    changes = compose_changes(remote, head, version, former, text, mistyped)
    commit = remote.commit(head, changes, f"Release {version}\n\n{changelog.NAME}, {PROJECT} and {LOCK} name it.\n")
    return Prepared(version, keep_branch(remote.clone, name_branch(version), commit), False)


def find_release(clone: Clone, head: str, title: str) -> str:
    """The commit of main that brought the version."""
    commit = clone.ask("log", "-1", "--first-parent", "--format=%H", f'-Sversion = "{title}"', head, "--", PROJECT)
    return commit or head


def check_ground(remote: Remote) -> str:
    """The newest commit of main, which is checked out with no file changed.

    Raises: InputError.
    """
    clone = remote.clone
    head = remote.fetch()
    clone.check_depth()
    tags = clone.run("fetch", "--quiet", "--no-write-fetch-head", remote.name, "refs/tags/v*:refs/tags/v*")
    if tags.code:
        raise OutsideError(f"the tags of {remote.name} cannot be fetched: {tags.stderr}")
    if changed := clone.ask("status", "--porcelain", "--untracked-files=no").splitlines():
        raise InputError(
            f"{len(changed)} files are changed, such as {changed[0].split()[-1]}: commit or stash them first"
        )
    here = clone.ask("rev-parse", "HEAD")
    if here != head:
        raise InputError(
            f"the checkout is at {here[:10]}, {remote.branch} of {remote.name} at {head[:10]}: "
            f"run `git switch {remote.branch} && git pull`"
        )
    return head


def check_wanted(remote: Remote, wanted: str | None, former: str | None, mistyped: Collection[str]) -> str:
    """The version as a tag.

    Raises: InputError, RefusedError if it is not higher than every former one.
    """
    if not wanted:
        newest = f"the newest is {former}" if former else "there is none yet"
        proposed = propose_version(remote.clone.folder, mistyped)
        raise InputError(
            f"say which version: {newest}, and by its commits the next one is {proposed}: "
            f"`make release VERSION={proposed.removeprefix('v')}`"
        )
    version = f"v{wanted.removeprefix('v')}"
    parsed = parse_version(version)
    if former and parsed <= parse_version(former):
        raise RefusedError(f"{version} is not higher than {former}, which is released: choose a higher version")
    if version in mistyped:
        commit = remote.clone.ask("rev-parse", "--short=10", f"refs/tags/{version}^{{commit}}")
        raise RefusedError(f"tag {version} is there already, on {commit}, and no tag moves: choose another version")
    return version


def read_version(text: str) -> str:
    """The package's version.

    Raises: InputError.
    """
    try:
        return str(tomlkit.parse(text)["project"]["version"])
    except (ParseError, KeyError, TypeError) as error:
        raise InputError(f"{PROJECT} has no version below [project]: {error}") from error


def compose_changes(
    remote: Remote, head: str, version: str, former: str | None, text: str, mistyped: Collection[str] = ()
) -> Mapping[str, str]:
    """The new texts of the three files.

    Raises: RefusedError if there is nothing to release, InputError, OutsideError.
    """
    title = version.removeprefix("v")
    project = remote.read(head, PROJECT)
    if Version.parse(title) < Version.parse(read_version(project)):
        raise RefusedError(f"{version} is lower than {read_version(project)} in {PROJECT}: choose a higher version")
    held = changelog.find_section(text, changelog.UNRELEASED)
    commits = list_commits(remote.clone.folder, former, head, mistyped) if former or not held else ""
    if not held and not commits:
        raise RefusedError(f"there is nothing to release: no commit since {former}, and nothing below `## Unreleased`")
    heading = f"### Commits since {former}" if former else "### Commits"
    listed = f"{heading}\n\n{commits}" if commits else ""
    today = datetime.now(UTC).date().isoformat()
    return {
        changelog.NAME: changelog.close_unreleased(text, title, today, listed),
        PROJECT: set_version(project, title, PROJECT),
        LOCK: set_version(remote.read(head, LOCK), title, LOCK),
    }


def set_version(text: str, title: str, name: str) -> str:
    """The file with our package's version, and nothing else changed.

    Raises: InputError.
    """
    try:
        document = tomlkit.parse(text)
        tables = [document["project"]] if name == PROJECT else document["package"].unwrap()
        places = [number for number, table in enumerate(tables) if table.get("name") == PACKAGE]
        if len(places) != 1:
            raise InputError(f"{name} names the package {PACKAGE} {len(places)} times, expected once")
        table = document["project"] if name == PROJECT else document["package"][places[0]]
        table["version"] = title
    except (ParseError, KeyError, TypeError) as error:
        raise InputError(f"{name} cannot be read: {error}") from error
    return tomlkit.dumps(document)


def keep_branch(clone: Clone, branch: str, commit: str) -> str:
    """A new local branch at the commit; one that is there already with the same content stays as it is.

    Raises: RefusedError if it holds something else.
    """
    kept = clone.run("rev-parse", "--verify", "--quiet", f"refs/heads/{branch}").text.strip()
    if not kept:
        clone.ask("update-ref", f"refs/heads/{branch}", commit, "0" * len(commit))
        return commit
    form = ("log", "-1", "--format=%T %P")
    if clone.ask(*form, kept) == clone.ask(*form, commit):
        return kept
    raise RefusedError(f"branch {branch} is there with something else: look at it, or `git branch -D {branch}`")


def print_next(prepared: Prepared, remote: Remote) -> None:
    """What the person types now, word for word."""
    version, branch = prepared.version, prepared.branch
    if prepared.is_merged:
        console.print_done(
            f"{version} is prepared on {remote.branch} since {prepared.commit[:10]}; it waits for its tag:"
        )
        print_tag(version, prepared.commit, remote)
        return
    console.print_done(f"{branch} is at {prepared.commit[:10]}: {changelog.NAME}, {PROJECT}, {LOCK}; look at it, then:")
    console.out.print(f"\n  git push {remote.name} {branch}", markup=False, soft_wrap=True)
    console.out.print(f"  {describe_opening(remote, version)}", markup=False, soft_wrap=True)
    console.out.print(f"\nWhen it is merged, once {remote.branch} is pulled:", markup=False)
    console.out.print(
        f"\n  make release VERSION={version.removeprefix('v')}   # says which commit to tag", markup=False
    )
    print_tag(version, "COMMIT", remote)


def print_tag(version: str, commit: str, remote: Remote) -> None:
    tag = f"git tag -a {version} -m {shlex.quote(f'Lathe {version}')} {commit}"
    console.out.print(f"  {tag} && git push {remote.name} {version}", markup=False, soft_wrap=True)


def describe_opening(remote: Remote, version: str) -> str:
    """How to open the pull request: its page where the remote is GitHub's, else gh's command."""
    address = remote.clone.run("remote", "get-url", remote.name).text.strip()
    if match := WEB.fullmatch(address):
        return f"https://{match['host']}/{match['name']}/compare/{name_branch(version)}?expand=1"
    return f"gh pr create --head {name_branch(version)} --title 'Release {version}' --body ''"
