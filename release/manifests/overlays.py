"""Which image an overlay names: its `images:` lines, read and judged. A release edits them, all else reads them."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cli.errors import InputError
from release.manifests.loading import YAMLError, load_once
from release.versions import is_comparable

OVERLAYS = Path("gitops/overlays")
KUSTOMIZATION = "kustomization.yaml"
OTHER_NAMES = ("kustomization.yml", "Kustomization")  # Kustomize reads them, a release writes none of them
KUSTOMIZATIONS = (KUSTOMIZATION, *OTHER_NAMES)
UNRELEASED = "v0.0.0"
NOT_RELEASED = "not released yet"
# an image's name in gitops/base, and the one repository that it may come from
REPOSITORIES = {"predictor": "ghcr.io/lathe-ml/lathe-predictor"}
DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
SHOWN_DIGITS = 12


@dataclass(frozen=True)
class ImageLine:
    """One entry of `images:`; the digest is missing only before the first release."""

    name: str
    repository: str
    tag: str
    digest: str | None

    @property
    def is_released(self) -> bool:
        return self.tag != UNRELEASED

    def is_same(self, other: "ImageLine") -> bool:
        """Whether both are one version with one digest, wherever it is pulled from."""
        return (self.tag, self.digest) == (other.tag, other.digest)

    @property
    def short_name(self) -> str:
        return self.repository.rpartition("/")[2]

    @property
    def version(self) -> str:
        """As a person reads it."""
        digest = f" ({self.digest[: len('sha256:') + SHOWN_DIGITS]})" if self.digest else ""
        return f"{self.tag}{digest}" if self.is_released else NOT_RELEASED


def list_overlays(root: Path) -> list[str]:
    """The name of every overlay.

    Raises: InputError where there is none, and for one that would be left out by the name of its file.
    """
    for path in sorted((root / OVERLAYS).glob("*/*")):
        check_file_name(path.parent.name, path.name)
    names = sorted(path.parent.name for path in (root / OVERLAYS).glob(f"*/{KUSTOMIZATION}"))
    if not names:
        raise InputError(f"{root / OVERLAYS} holds no overlay, expected folders with a {KUSTOMIZATION}")
    return names


def check_file_name(overlay: str, name: str) -> None:
    """Raises: InputError for a kustomization that only Kustomize would see."""
    if name in OTHER_NAMES:
        raise InputError(
            f"{OVERLAYS}/{overlay} has a {name}, expected {KUSTOMIZATION}, which a release reads and writes: "
            f"`git mv {OVERLAYS}/{overlay}/{name} {OVERLAYS}/{overlay}/{KUSTOMIZATION}`"
        )


def read_images(root: Path, overlay: str) -> tuple[ImageLine, ...]:
    """The lines of our images in an overlay, each one usable.

    Raises: InputError.
    """
    path = root / OVERLAYS / overlay / KUSTOMIZATION
    try:
        return parse_images(path.read_text(encoding="utf-8"), f"{overlay}/{KUSTOMIZATION}")
    except FileNotFoundError as error:
        raise InputError(
            f"there is no overlay {overlay!r}, expected one of {', '.join(list_overlays(root))}"
        ) from error
    except UnicodeDecodeError as error:
        raise InputError(f"{overlay}/{KUSTOMIZATION} is not text in UTF-8: {error.reason}") from error


def parse_images(text: str, source: str) -> tuple[ImageLine, ...]:
    """The lines of our images in a kustomization's text; what stands beside them, as a sidecar's, is not judged.

    Raises: InputError; `source` names the file in it.
    """
    try:
        document = load_once(text)
    except YAMLError as error:
        raise InputError(f"{source} is not YAML: {' '.join(str(error).split())}") from error
    entries = document.get("images") if isinstance(document, dict) else None
    if not isinstance(entries, list) or not entries:
        raise InputError(f"{source} has no `images:`, expected name, newName, newTag and digest of each image")
    for entry in entries:
        if not isinstance(entry, dict):
            raise InputError(f"{source}: an entry of `images:` is {entry!r}, expected name, newName, newTag and digest")
    lines = tuple(_read_line(entry, source) for entry in entries if entry.get("name") in REPOSITORIES)
    check_others(entries, lines, source)
    return lines


def check_others(entries: list[dict[str, Any]], lines: tuple[ImageLine, ...], source: str) -> None:
    """Kustomize goes through the entries in their order, so a later one may rename what ours has named.

    Raises: InputError.
    """
    if not lines:
        names = ", ".join(repr(entry.get("name")) for entry in entries)
        raise InputError(f"{source} has images {names}, expected one of the images {', '.join(REPOSITORIES)}")
    ours = {line.repository for line in lines}
    for entry in entries:
        if entry.get("name") in ours:
            raise InputError(
                f"{source}: the entry of image {entry['name']!r} changes what another one names; remove it"
            )


def _read_line(entry: dict[str, Any], source: str) -> ImageLine:
    for field, value in entry.items():
        if not isinstance(value, str):
            raise InputError(f"{source}: {field} of an image is {value!r}, expected a text: put it in quotes")
    line = ImageLine(entry.get("name", ""), entry.get("newName", ""), entry.get("newTag", ""), entry.get("digest"))
    for problem in find_problems(line):
        raise InputError(f"{source}: {problem}")
    return line


def find_problems(line: ImageLine) -> Iterator[str]:
    """Why an image line cannot be used: what it says, what was expected."""
    name = f"image {line.name!r}"
    if line.repository != REPOSITORIES.get(line.name):
        expected = REPOSITORIES.get(line.name) or f"one of the images {', '.join(REPOSITORIES)}"
        yield f"{name} comes from {line.repository or 'nowhere'!r}, expected {expected}"
    if not is_comparable(line.tag):
        yield f"{name} has newTag {line.tag!r}, expected a version as v1.2.3: any other tag can be moved"
    elif line.is_released and line.digest is None:
        yield f"{name} {line.tag} has no digest, expected sha256: and 64 hexadecimal digits beside every released tag"
    elif not line.is_released and line.digest is not None:
        yield f"{name} {UNRELEASED} has a digest, expected none: {UNRELEASED} means {NOT_RELEASED}"
    if line.digest is not None and not DIGEST.fullmatch(line.digest):
        yield f"{name} has digest {line.digest!r}, expected sha256: and 64 hexadecimal digits"
