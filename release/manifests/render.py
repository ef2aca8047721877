"""An overlay as Kubernetes would get it, from the work tree or from a revision, without a network."""

import io
import tarfile
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from cli.errors import InputError
from release.manifests.loading import LOADER
from release.manifests.overlays import OVERLAYS, ImageLine, read_images
from release.tools import ROOT, run_tool

Object = dict[str, Any]


@dataclass(frozen=True)
class Rendering:
    """What one overlay becomes."""

    overlay: str
    text: str
    objects: tuple[Object, ...]
    images: tuple[ImageLine, ...]

    @property
    def kinds(self) -> dict[str, int]:
        return dict(Counter(str(document["kind"]) for document in self.objects))


def render_overlay(overlay: str, root: Path = ROOT) -> Rendering:
    """The overlay of the tree at `root`.

    Raises: InputError, OutsideError.
    """
    images = read_images(root, overlay)
    text = render_folder(root / OVERLAYS / overlay)
    return Rendering(overlay, text, tuple(parse_objects(text)), images)


def render_folder(folder: Path) -> str:
    """The YAML of one kustomization.

    Raises: InputError, OutsideError.
    """
    return run_tool("kustomize", "build", folder.name, folder=folder.parent).decode()


def parse_objects(text: str) -> list[Object]:
    """The objects of a YAML stream, read as Kubernetes reads them: YAML 1.1, where 0440 is octal."""
    return [document for document in yaml.load_all(text, LOADER) if document]


@contextmanager
def open_revision(revision: str | None, root: Path = ROOT, part: str = "gitops") -> Iterator[Path]:
    """A tree with the folder `part` as it was at the revision; the work tree itself for None.

    Raises: InputError for an unknown revision, or one without that folder.
    """
    if revision is None:
        yield root
        return
    archive = run_tool("git", "archive", "--format=tar", "--end-of-options", revision, part, folder=root)
    with tempfile.TemporaryDirectory(prefix="lathe-render-") as folder:
        _unpack(archive, Path(folder))
        yield Path(folder)


def _unpack(archive: bytes, folder: Path) -> None:
    """Python 3.11.2 has no `filter="data"` that would keep links inside: here they are refused.

    Raises: InputError for anything but files and folders.
    """
    with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
        for member in tar:
            if member.isdir():
                (folder / member.name).mkdir(parents=True, exist_ok=True)
            elif content := tar.extractfile(member) if member.isreg() else None:
                (folder / member.name).write_bytes(content.read())
            else:
                raise InputError(f"{member.name} is a link, expected a file: a revision is rendered without links")
