"""The model to beat: the bundle of the latest release, taken only if every digest agrees."""

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

from cli.errors import InputError, RefusedError
from cli.files import write_folder
from contract.bundle import FILE_NAMES, MAX_BYTES
from review.archive import ArchiveLimits, read_tar
from review.bundle import VerifiedBundle, verify_bundle
from review.github.client import GitHub
from review.github.types import GitHubAsset, Release, Repository

ASSET = "bundle.tar.gz"
CHECKSUM = f"{ASSET}.sha256"
MAX_PACKED_BYTES = MAX_BYTES + 1024 * 1024  # a model need not shrink
MAX_CHECKSUM_BYTES = 1024
LIMITS = ArchiveLimits(names=FILE_NAMES, total_bytes=MAX_BYTES + 1024 * 1024)
STATED = re.compile(r"^\W*bundle digest\W+([0-9a-f]{64})\W*$", re.IGNORECASE | re.MULTILINE)
SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class Champion:
    release: str
    bundle: VerifiedBundle


def fetch_champion(github: GitHub, folder: Path) -> Champion | None:
    """Writes the latest release's bundle into `folder`; None if nothing was ever released.

    Raises: RefusedError if the release does not say what it holds or holds something else; InputError, OutsideError.
    """
    release = find_release(github)
    if release is None:
        if folder.exists():
            raise InputError(f"{folder} is there, though nothing was released yet; remove what an earlier run left")
        return None
    content = download_asset(github, release)
    what = f"{ASSET} of release {release.tag_name[:80]!r}"
    bundle = verify_bundle(read_tar(content, what, LIMITS), what)
    if bundle.digest != (stated := read_stated_digest(release)):
        raise RefusedError(f"{what} holds bundle {bundle.digest[:12]}, the release says {stated[:12]}")
    write_folder(folder, bundle.files)
    return Champion(release.tag_name, bundle)


def find_release(github: GitHub) -> Release | None:
    """The latest release, drafts and pre-releases left out by GitHub; None if there is none.

    Raises: OutsideError, also where the repository itself cannot be seen.
    """
    release = github.find("/releases/latest", Release)
    if release is None:
        github.get("", Repository)  # GitHub answers 404 too where the token may not look
    return release


def download_asset(github: GitHub, release: Release) -> bytes:
    """Raises: RefusedError, OutsideError."""
    asset = find_asset(release, ASSET)
    if asset is None:
        raise RefusedError(f"release {release.tag_name!r} has no {ASSET}; it must carry the bundle that it serves")
    if asset.size > MAX_PACKED_BYTES:
        raise RefusedError(f"{ASSET} of {release.tag_name!r} has {asset.size:,} bytes, expected {MAX_PACKED_BYTES:,}")
    expected = list_checksums(github, release, asset)
    content = github.download(f"/releases/assets/{asset.id}", MAX_PACKED_BYTES)
    digest = hashlib.sha256(content).hexdigest()
    for source, checksum in expected.items():
        if checksum != digest:
            raise RefusedError(
                f"{ASSET} of {release.tag_name!r} has SHA-256 {digest[:12]}, {source} says {checksum[:12]}"
            )
    return content


def list_checksums(github: GitHub, release: Release, asset: GitHubAsset) -> dict[str, str]:
    """SHA-256 of the asset by who says so: GitHub, the file beside it, or both.

    Raises: RefusedError if nobody does.
    """
    checksums = {}
    if asset.digest is not None:
        checksums["GitHub"] = asset.digest.removeprefix("sha256:")
    if beside := find_asset(release, CHECKSUM):
        content = github.download(f"/releases/assets/{beside.id}", MAX_CHECKSUM_BYTES)
        checksums[CHECKSUM] = content.decode("ascii", errors="replace").split(maxsplit=1)[0] if content.split() else ""
    if not checksums:
        raise RefusedError(f"release {release.tag_name!r} has no checksum of {ASSET}: add {CHECKSUM}")
    for source, checksum in checksums.items():
        if not SHA256.fullmatch(checksum):
            raise RefusedError(f"{source} says {checksum[:80]!r} of {ASSET}, expected a SHA-256")
    return checksums


def find_asset(release: Release, name: str) -> GitHubAsset | None:
    return next((asset for asset in release.assets if asset.name == name and asset.state == "uploaded"), None)


def read_stated_digest(release: Release) -> str:
    """The line `VerifiedBundle digest: …` of the release's text.

    Raises: RefusedError unless there is exactly one.
    """
    stated = set(STATED.findall(release.body or ""))
    if len(stated) != 1:
        raise RefusedError(f"release {release.tag_name!r} states {len(stated)} bundle digests, expected one line of it")
    return str(stated.pop())


def refuse_source(source: str) -> None:
    """Raises: InputError for a champion that does not come from a release."""
    if source == "mlflow":
        raise InputError("--source mlflow is `python -m training`'s: the registry needs MLflow, and this verb has none")
    if source != "release":
        raise InputError(f"--source {source!r} is unknown, expected release")
