"""A bundle as far as a pull request needs it: whole, unchanged, and which one; contract/bundle.py is its format."""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import msgspec

from cli.errors import InputError, RefusedError
from review.files import read_file

MANIFEST_NAME = "bundle.json"
MODEL_NAME = "model.ubj"
FILE_NAMES = (MANIFEST_NAME, MODEL_NAME, "model.onnx")
MAX_BYTES = 128 * 1024 * 1024  # the gate's budget is 4 MB
NO_DIGEST = "0" * 64
OPENING = re.compile(rb'\{\n  "digest": "([0-9a-f]{64})",\n')


class FileDigest(msgspec.Struct):
    sha256: str
    size_bytes: int


class Manifest(msgspec.Struct):
    """What is read of `bundle.json`; the rest is covered by its digest."""

    digest: str
    name: str
    version: str
    inputs: dict[str, str]
    files: dict[str, FileDigest]


@dataclass(frozen=True)
class Bundle:
    manifest: Manifest
    files: dict[str, bytes]  # with the manifest's own

    @property
    def digest(self) -> str:
        return self.manifest.digest

    @property
    def inputs_digest(self) -> str:
        """One SHA-256 over the digests of everything that the model was made from."""
        return digest_inputs(self.manifest.inputs)


def verify_bundle(files: Mapping[str, bytes], what: str) -> Bundle:
    """The bundle in `files`, every byte covered by its digest; `what` names it in errors.

    Raises: RefusedError.
    """
    content = files.get(MANIFEST_NAME)
    if content is None:
        raise RefusedError(f"{what} holds no {MANIFEST_NAME}")
    check_seal(content, what)
    try:
        manifest = msgspec.json.decode(content, type=Manifest)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise RefusedError(f"{MANIFEST_NAME} of {what} does not follow its schema: {error}") from error
    found, expected = set(files) - {MANIFEST_NAME}, set(manifest.files)
    if found != expected or MODEL_NAME not in expected:
        raise RefusedError(f"{what} holds {_list(found)}, and its {MANIFEST_NAME} lists {_list(expected)}")
    for name, entry in manifest.files.items():
        if hashlib.sha256(files[name]).hexdigest() != entry.sha256:
            raise RefusedError(f"{name} of {what} has another SHA-256 than its {MANIFEST_NAME} says: it was changed")
    return Bundle(manifest, dict(files))


def check_seal(content: bytes, what: str) -> None:
    """The manifest opens with the digest of its own bytes, the digest as zeros."""
    opening = OPENING.match(content)
    if opening is None:
        raise RefusedError(f"{MANIFEST_NAME} of {what} does not open with its digest")
    blank = content.replace(opening.group(1), NO_DIGEST.encode(), 1)
    if hashlib.sha256(blank).hexdigest() != opening.group(1).decode():
        raise RefusedError(f"{MANIFEST_NAME} of {what} has another digest than it says: it was changed")


def read_bundle(folder: Path) -> Bundle:
    """Raises: InputError if it is not there, RefusedError if it was changed."""
    if not folder.is_dir():
        raise InputError(f"{folder} is not a folder; expected a bundle's, such as artifacts/candidate")
    if extra := sorted(path.name for path in folder.iterdir() if path.name not in FILE_NAMES):
        raise InputError(f"{folder} holds {extra[0]!r}, expected only {', '.join(FILE_NAMES)}")
    return verify_bundle({path.name: read_file(path, MAX_BYTES) for path in sorted(folder.iterdir())}, str(folder))


def digest_inputs(inputs: Mapping[str, str]) -> str:
    return hashlib.sha256(msgspec.json.encode(dict(inputs), order="deterministic")).hexdigest()


def _list(names: set[str]) -> str:
    return ", ".join(sorted(names)) or "no file"
