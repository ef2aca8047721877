"""What an image holds as its registry gives it: labels, environment, and the model in its last layer."""

import io
import tarfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from cli.errors import RefusedError
from contract.approval import RECORD_NAME
from contract.bundle import FILE_NAMES
from contract.report import REPORT_NAME
from release.registry.registry import MAX_DOCUMENT_BYTES, Registry, parse_document
from review.approval.record import LIMITS_BYTES

MODEL_FOLDER = PurePosixPath("srv/model")  # the Dockerfile's last COPY
NAMES = (REPORT_NAME, RECORD_NAME, *(f"bundle/{name}" for name in FILE_NAMES))
VERSION_LABEL, REVISION_LABEL = "org.opencontainers.image.version", "org.opencontainers.image.revision"
BUNDLE_LABEL = "dev.lathe.bundle.digest"


@dataclass(frozen=True)
class Contents:
    """`files` are those below /srv/model, by their names from there."""

    digest: str
    labels: dict[str, str]
    environment: dict[str, str]
    files: dict[str, bytes]


def read_contents(registry: Registry, repository: str, digest: str) -> Contents:
    """The image of that digest, every byte checked against it.

    Raises: RefusedError, OutsideError.
    """
    what = f"{repository}@{digest}"
    manifest = registry.read_manifest(repository, digest)
    try:
        name = manifest["config"]["digest"]
        layer = manifest["layers"][-1]["digest"]
    except (KeyError, TypeError) as error:
        raise RefusedError(f"the manifest of {what} names no configuration or no layers") from error
    document = parse_document(registry.read_blob(repository, name, MAX_DOCUMENT_BYTES), what, name)
    settings = document.get("config")
    settings = settings if isinstance(settings, dict) else {}
    blob = registry.read_blob(repository, layer, LIMITS_BYTES)
    return Contents(digest, read_labels(settings), read_environment(settings), dict(unpack_model(blob, what)))


def read_labels(settings: dict[str, Any]) -> dict[str, str]:
    return {str(name): str(value) for name, value in (settings.get("Labels") or {}).items()}


def read_environment(settings: dict[str, Any]) -> dict[str, str]:
    pairs = (str(entry).partition("=") for entry in settings.get("Env") or ())
    return {name: value for name, _, value in pairs}


def unpack_model(blob: bytes, what: str) -> Iterator[tuple[str, bytes]]:
    """The files of the last layer, which may hold the model and nothing else.

    Raises: RefusedError.
    """
    room = LIMITS_BYTES
    try:
        with tarfile.open(fileobj=io.BytesIO(blob), mode="r:*") as layer:
            for member in layer:
                path = PurePosixPath(member.name)
                if member.isdir() and (path.is_relative_to(MODEL_FOLDER) or MODEL_FOLDER.is_relative_to(path)):
                    continue
                name = str(path.relative_to(MODEL_FOLDER)) if path.is_relative_to(MODEL_FOLDER) else f"/{path}"
                room -= member.size
                if name not in NAMES or not member.isreg() or room < 0:
                    raise RefusedError(
                        f"the last layer of {what} holds {name!r}, expected only a bundle and its report"
                    )
                file = layer.extractfile(member)
                yield name, file.read() if file else b""
    except (tarfile.TarError, OSError, EOFError, zlib.error) as error:
        raise RefusedError(f"the last layer of {what} is no layer that can be read: {error}") from error
