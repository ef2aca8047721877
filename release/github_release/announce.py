"""The GitHub release of a published image: a draft, its files, and last of all the publication."""

import hashlib
import time
from collections.abc import Sequence

from cli import console
from cli.errors import OutsideError, RefusedError
from release.github_release.assets import MAX_BYTES, File
from release.versions import is_lower, is_version, parse_version
from review.github.client import GitHub
from review.github.types import GitHubAsset, Reference, Release

ATTEMPTS = 3
TAKEN = 422


def announce_release(github: GitHub, version: str, commit: str, text: str, files: Sequence[File]) -> Release:
    """Publishes the release, whatever an earlier run left of it; what is published already must be the same.

    Raises: RefusedError, also review's; review's OutsideError.
    """
    check_tag(github, version, commit)
    known = list_releases(github)
    existing = choose_release(known, version)
    if existing is not None and not existing.draft:
        check_published(github, existing, text, files)
        console.print_done(f"{version} is announced already, with the same files: {existing.html_url}")
        return existing
    draft = take_draft(github, existing, version, text)
    for file in files:
        put_file(github, draft, file)
    drop_strangers(github, draft, files)
    latest = is_latest(known, version)
    body = {"draft": False, "body": text, "make_latest": "true" if latest else "false"}
    done = github.patch(f"/releases/{draft.id}", body, Release)
    console.print_done(f"{version} is announced{', the latest release' if latest else ''}: {done.html_url}")
    return done


def check_tag(github: GitHub, version: str, commit: str) -> None:
    """GitHub would make a tag that is not there, at the head of main.

    Raises: RefusedError unless the tag is annotated and names the commit.
    """
    reference = github.find(f"/git/ref/tags/{version}", Reference)
    if reference is None:
        raise RefusedError(
            f"{github.settings.repository} has no tag {version}: push it with `git push origin {version}`"
        )
    if reference.object.type != "tag":
        raise RefusedError(f"tag {version} is a light one, expected an annotated: `git tag -a`, under a new version")
    tagged = github.get(f"/git/tags/{reference.object.sha}", Reference).object.sha
    if tagged != commit:
        raise RefusedError(f"tag {version} names commit {tagged[:12]}, the image was built from {commit[:12]}")


def list_releases(github: GitHub) -> list[Release]:
    """Drafts too: no other list has them."""
    return [release for page in github.pages("/releases", list[Release]) for release in page]


def choose_release(known: Sequence[Release], version: str) -> Release | None:
    """The published one, or else the one draft.

    Raises: RefusedError if there are several drafts.
    """
    ours = [release for release in known if release.tag_name == version]
    published = [release for release in ours if not release.draft]
    if len(published or ours) > 1:
        places = " and ".join(release.html_url for release in ours)
        raise RefusedError(f"{version} has {len(ours)} drafts, expected at most one: delete all but one of {places}")
    return next(iter(published or ours), None)


def find_former(known: Sequence[Release], version: str) -> str | None:
    """The highest published version below this one."""
    return max((name for name in list_published(known) if is_lower(name, version)), key=parse_version, default=None)


def is_latest(known: Sequence[Release], version: str) -> bool:
    """Whether no higher version is published: a patch of an older line must not become everybody's champion."""
    return not any(is_lower(version, name) for name in list_published(known))


def list_published(known: Sequence[Release]) -> list[str]:
    """The versions; another tag is none of ours."""
    seen = [release.tag_name for release in known if not release.draft and not release.prerelease]
    return [name for name in seen if is_version(name)]


def take_draft(github: GitHub, existing: Release | None, version: str, text: str) -> Release:
    if existing is not None:
        console.print_done(f"goes on with the draft that an earlier run left: {existing.html_url}")
        return existing
    return github.post("/releases", {"tag_name": version, "name": version, "body": text, "draft": True}, Release)


def put_file(github: GitHub, draft: Release, file: File) -> None:
    """Uploads a file unless it is there; what is there half or otherwise goes first."""
    problem: OutsideError | None = None
    for attempt in range(ATTEMPTS):
        uploaded = next((asset for asset in list_assets(github, draft.id) if asset.name == file.name), None)
        if uploaded is not None and is_same(github, uploaded, file):
            console.print_done(f"{file.name} is there ({len(file.content):,} bytes)")
            return
        if uploaded is not None:
            github.delete(f"/releases/assets/{uploaded.id}")
        if problem is not None:
            time.sleep(attempt)
        problem = try_upload(github, draft, file)
        if problem is None:
            console.print_done(f"{file.name} is uploaded ({len(file.content):,} bytes)")
            return
    if problem is not None:
        raise problem


def try_upload(github: GitHub, draft: Release, file: File) -> OutsideError | None:
    """What failed, if it may pass: a server's error, or another run that was faster."""
    try:
        asset = github.upload(draft.upload_url, file.name, file.content, GitHubAsset)
    except OutsideError as error:
        if error.status is not None and error.status < 500 and error.status != TAKEN:
            raise
        return error
    return None if is_same(github, asset, file) else OutsideError(f"GitHub stored {file.name} as another file")


def is_same(github: GitHub, asset: GitHubAsset, file: File) -> bool:
    """By GitHub's own digest, or by the bytes where it tells none."""
    if asset.state != "uploaded" or asset.size != len(file.content):
        return False
    if asset.digest is not None:
        return asset.digest == f"sha256:{file.sha256}"
    content = github.download(f"/releases/assets/{asset.id}", MAX_BYTES)
    return hashlib.sha256(content).hexdigest() == file.sha256


def list_assets(github: GitHub, release_id: int) -> list[GitHubAsset]:
    """With those that were uploaded half, which the release itself does not show."""
    return [asset for page in github.pages(f"/releases/{release_id}/assets", list[GitHubAsset]) for asset in page]


def drop_strangers(github: GitHub, draft: Release, files: Sequence[File]) -> None:
    """A draft may hold what an earlier run meant to carry, or what a person tried."""
    names = {file.name for file in files}
    for asset in list_assets(github, draft.id):
        if asset.name not in names:
            github.delete(f"/releases/assets/{asset.id}")
            console.print_warning(f"{asset.name} was in the draft and belongs to no release: deleted")


def check_published(github: GitHub, release: Release, text: str, files: Sequence[File]) -> None:
    """A published release never changes; what carries the time of its making may differ from a second run's.

    Raises: RefusedError.
    """
    for line in (line for line in text.splitlines() if line.startswith("Image: ")):
        if line not in (release.body or ""):
            raise RefusedError(
                f"{release.tag_name} is published with another image than {line.removeprefix('Image: ')}"
            )
    assets = {asset.name: asset for asset in list_assets(github, release.id)}
    for file in files:
        if file.name not in assets:
            raise RefusedError(f"{release.tag_name} is published without {file.name}: release a new version")
        if file.is_fixed and not is_same(github, assets[file.name], file):
            raise RefusedError(
                f"{release.tag_name} is published with another {file.name}, and a release never changes: "
                f"release a new version ({release.html_url})"
            )
