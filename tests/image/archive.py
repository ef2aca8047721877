"""A built image layer by layer: every file that any of them holds, hidden by a later one or not."""

import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from release.image.layers import SavedImage, read_image
from tests.image.containers import run


@contextmanager
def save_archive(tag: str, **environment: str) -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="lathe-archive-") as folder:
        archive = Path(folder) / "image.tar"
        done = run("buildah", "push", "--quiet", tag, f"docker-archive:{archive}", timeout=300, **environment)
        assert done.returncode == 0, done.stderr
        yield archive


def read_layers(tag: str, **environment: str) -> SavedImage:
    with save_archive(tag, **environment) as archive:
        return read_image(archive)


def list_layers(tag: str) -> list[list[str]]:
    """The base's layer first."""
    with save_archive(tag) as archive, tarfile.open(archive) as content:
        digests = [layer.digest.removeprefix("sha256:") for layer in read_image(archive).layers]
        return [_list_names(content, f"{digest}.tar") for digest in digests]


def _list_names(archive: tarfile.TarFile, name: str) -> list[str]:
    layer = archive.extractfile(name)
    with tarfile.open(fileobj=layer, mode="r:") as content:
        return content.getnames()
