"""A built image as its archive tells it: what each layer came from and how large it is."""

import json
import re
import tarfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cli.errors import OutsideError


@dataclass(frozen=True)
class Layer:
    """`digest` is over the layer's uncompressed bytes."""

    digest: str
    size_bytes: int
    made_by: str


@dataclass(frozen=True)
class SavedImage:
    """`digest` is over the configuration, which names every layer: the image's id."""

    digest: str
    created: str
    labels: dict[str, str]
    layers: tuple[Layer, ...]

    @property
    def size_bytes(self) -> int:
        return sum(layer.size_bytes for layer in self.layers)


def read_image(archive: Path) -> SavedImage:
    """Raises: OutsideError if the archive is not what `docker save` writes."""
    try:
        with tarfile.open(archive) as content:
            entry = _read_json(content, "manifest.json")[0]
            configuration = _read_json(content, entry["Config"])
            sizes = [content.getmember(name).size for name in entry["Layers"]]
        digests = configuration["rootfs"]["diff_ids"]
        steps = [step for step in configuration["history"] if not step.get("empty_layer")]
        layers = tuple(
            Layer(digest, size, describe_step(step.get("created_by", "")))
            for digest, size, step in zip(digests, sizes, steps, strict=True)
        )
    except (tarfile.TarError, KeyError, IndexError, TypeError, ValueError) as error:
        raise OutsideError(f"{archive} is not an image's archive as `docker save` writes it: {error!r}") from error
    labels = configuration["config"].get("Labels") or {}
    name = Path(entry["Config"]).name.removesuffix(".json")
    return SavedImage(f"sha256:{name}", configuration["created"], labels, layers)


def describe_step(text: str) -> str:
    """The line of the Dockerfile behind a layer, without what builders add."""
    text = re.sub(r"^/bin/sh -c (#\(nop\) +)?|^RUN \|\d+ .*?/bin/sh -c |\s*# buildkit$", "", text)
    text = re.sub(r"(dir|file|multi):[0-9a-f]{12,64} in ", "", text)
    return " ".join(text.split()) or "the base"


def _read_json(archive: tarfile.TarFile, name: str) -> Any:
    file = archive.extractfile(name)
    if file is None:
        raise KeyError(name)
    return json.load(file)
