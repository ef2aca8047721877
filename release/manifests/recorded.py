"""An overlay at an earlier commit: its version by the image's name, from whatever registry it then came.

Today's rules are for today's overlay (overlays.py): a registry that has moved since does not make history unreadable.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import yaml

from release.manifests.environments import FORMER_IMAGES, IMAGE, has_production
from release.manifests.loading import TEXT_LOADER
from release.manifests.overlays import ImageLine
from release.versions import is_comparable

NAMES = (IMAGE, *FORMER_IMAGES)


@dataclass(frozen=True)
class Recorded:
    """One text of an overlay, read; without `line`, `problem` says why it cannot be read."""

    line: ImageLine | None = None
    is_production: bool = False
    problem: str = ""


def read_recorded(text: str) -> Recorded:
    """The predictor's version and digest in a kustomization's text."""
    try:
        document = yaml.load(text, TEXT_LOADER)  # noqa: S506 - a safe loader
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        return Recorded(is_production=True, problem=f"it is not YAML: {' '.join(str(error).split())}")
    production = has_production(document)
    listed = document.get("images") if isinstance(document, dict) else None
    if not isinstance(listed, list):
        return Recorded(None, production, "it has no `images:`")
    entries = [entry for entry in listed if isinstance(entry, dict)]
    matching = next(filter(None, ([entry for entry in entries if entry.get("name") == name] for name in NAMES)), [])
    if len(matching) != 1:
        return Recorded(None, production, describe_images(entries, len(matching)))
    repository, tag, digest = (matching[0].get(name) for name in ("newName", "newTag", "digest"))
    if not isinstance(tag, str) or not is_comparable(tag):
        return Recorded(None, production, f"image {IMAGE!r} has newTag {tag!r}, expected a version as v1.2.3")
    line = ImageLine(IMAGE, str(repository or ""), tag, str(digest) if digest else None)
    return Recorded(line, production)


def describe_images(entries: Sequence[dict[str, Any]], count: int) -> str:
    """Why the predictor's entry was not found, and what to do if it had another name then."""
    if count:
        return f"it has {count} entries of image {IMAGE!r}, expected one"
    names = ", ".join(repr(entry.get("name")) for entry in entries) or "nothing"
    return f"it has images {names}, expected {IMAGE!r}; if that is a former name of it, add it to FORMER_IMAGES"
