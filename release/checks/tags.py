"""Whether a tag may become a release: annotated, on main, the package's own version, described, and in order."""

import tomllib
from collections.abc import Collection
from dataclasses import dataclass

from semver import Version

from cli import console
from cli.errors import InputError, OutsideError, RefusedError
from release.git.clone import Clone
from release.git.remote import Remote
from release.github_release.changelog import NAME as CHANGELOG
from release.github_release.changelog import read_section
from release.history.moves import read_all_moves
from release.history.released import PROJECT, list_ran
from release.manifests.overlays import REPOSITORIES, SHOWN_DIGITS
from release.registry.contents import REVISION_LABEL, read_contents
from release.registry.registry import Registry
from release.versions import is_version, parse_version


@dataclass(frozen=True)
class Tag:
    """A tag that may be released."""

    version: str
    commit: str


def check_tag(version: str, remote: Remote, registry: Registry) -> Tag:
    """Raises: RefusedError for a tag that must not be released, InputError, OutsideError."""
    parse_version(version)
    clone = remote.clone
    clone.check_depth()
    if not clone.has(f"refs/tags/{version}"):
        raise InputError(f"there is no tag {version} here; fetch it with `git fetch --tags`, or make it")
    check_annotated(version, remote)
    commit = clone.ask("rev-parse", f"refs/tags/{version}^{{commit}}")
    main = check_branch(version, commit, remote)
    check_package(version, commit, clone)
    read_section(clone.ask("cat-file", "blob", f"{commit}:{CHANGELOG}"), version)
    check_order(version, commit, list_ran(read_all_moves(clone, main)), clone, registry)
    check_unreleased(version, commit, registry)
    return Tag(version, commit)


def check_annotated(version: str, remote: Remote) -> None:
    """A checkout on a runner may hold an annotated tag as a light one, so the remote is queried, too.

    Raises: RefusedError for a light tag: it says neither who made it nor when.
    """
    reference = f"refs/tags/{version}"
    if remote.clone.ask("cat-file", "-t", reference) == "tag":
        return
    answer = remote.clone.run("ls-remote", remote.name, reference, f"{reference}^{{}}")
    if f"{reference}^{{}}" not in answer.text.split():
        raise RefusedError(
            f"tag {version} is light, expected an annotated one: delete it and run `git tag --annotate {version}`"
        )


def check_branch(version: str, commit: str, remote: Remote) -> str:
    """Main's newest commit.

    Raises: RefusedError if main does not hold the tag's.
    """
    try:
        main = remote.fetch()
    except OutsideError as error:
        main = remote.clone.ask("rev-parse", f"refs/remotes/{remote.name}/{remote.branch}")
        console.print_warning(f"{error}; {remote.branch} is taken as it was fetched last, at {main[:SHOWN_DIGITS]}")
    if not remote.clone.is_ancestor(commit, main):
        raise RefusedError(
            f"tag {version} is commit {commit[:SHOWN_DIGITS]}, which is not on {remote.branch} "
            f"(at {main[:SHOWN_DIGITS]}): tag what was merged"
        )
    return main


def check_package(version: str, commit: str, clone: Clone) -> None:
    """Raises: RefusedError if the package has another version at that commit."""
    text = clone.ask("cat-file", "blob", f"{commit}:{PROJECT}")
    try:
        found = tomllib.loads(text)["project"]["version"]
    except (tomllib.TOMLDecodeError, KeyError, TypeError) as error:
        raise InputError(f"{PROJECT} at {commit[:SHOWN_DIGITS]} says no version: {error}") from error
    if f"v{found}" != version:
        raise RefusedError(
            f"tag {version} is on a commit whose {PROJECT} says {found}: "
            f"run `make release VERSION={version.removeprefix('v')}`, and tag the commit that it makes"
        )


def check_order(version: str, commit: str, ran: Collection[str], clone: Clone, registry: Registry) -> None:
    """A version is higher than every one released before it on main, but for the next patch of an older line.

    Raises: RefusedError; OutsideError if a higher tag is there and nobody can say whether it was released.
    """
    number = parse_version(version)
    tags = [name for name in clone.ask("tag", "--list", "v*", "--merged", commit).split() if is_version(name)]
    known = {parse_version(name) for name in tags if name != version}
    known -= find_unreleased({one for one in known if one > number}, ran, registry)
    line = {one for one in known if (one.major, one.minor) == (number.major, number.minor)}
    higher = max((one for one in known if one > number), default=None)
    if higher is None or (line and number.patch > max(one.patch for one in line)):
        return
    hint = f"v{max(known).bump_minor()}, or v{max(line).bump_patch()} for a patch of that line" if line else ""
    raise RefusedError(
        f"tag {version} comes after v{higher} on main: expected {hint or f'v{max(known).bump_minor()}'} or higher"
    )


def find_unreleased(higher: Collection[Version], ran: Collection[str], registry: Registry) -> set[Version]:
    """Those that are tags and nothing else: they ran nowhere, and the registry has no image of them.

    Raises: OutsideError if the registry cannot be queried.
    """
    unreleased = set()
    for one in sorted(higher):
        try:
            is_there = f"v{one}" in ran or registry.find_digest(REPOSITORIES["predictor"], f"v{one}") is not None
        except OutsideError as error:
            raise OutsideError(f"tag v{one} is higher, and whether it was released is not known: {error}") from error
        if not is_there:
            console.print_warning(f"tag v{one} is higher and was never released: it does not count")
            unreleased.add(one)
    return unreleased


def check_unreleased(version: str, commit: str, registry: Registry) -> None:
    """An image of that version must be of that commit; a registry that cannot be queried is no reason to stop yet.

    Raises: RefusedError.
    """
    repository = REPOSITORIES["predictor"]
    try:
        digest = registry.find_digest(repository, version)
        found = read_contents(registry, repository, digest).labels.get(REVISION_LABEL) if digest else commit
    except OutsideError as error:
        console.print_warning(f"whether {version} is released already is not known: {error}")
        return
    if found != commit:
        raise RefusedError(
            f"{repository}:{version} is of commit {str(found)[:SHOWN_DIGITS]}, the tag of {commit[:SHOWN_DIGITS]}: "
            "a released version never moves; release a new one"
        )
