"""A bundle on disk: sealed when it is written, verified before any of it is parsed, never unpickled."""

import hashlib
import re
import stat
from pathlib import Path
from typing import Any

import msgspec

from contract.errors import BundleError
from contract.schema import READABLE_VERSIONS, FileDigest, Manifest

MANIFEST_NAME = "bundle.json"
MODEL_NAME = "model.ubj"
INFERENCE_NAME = "model.onnx"  # optional, derived from the model
MAX_BYTES = 128 * 1024 * 1024  # of all files together; review/bundle.py takes as much

NO_DIGEST = "0" * 64
_OPENING = re.compile(rb'\{\n  "digest": "([0-9a-f]{64})",\n')


class Bundle(msgspec.Struct, frozen=True):
    """A verified bundle: `files` holds the very bytes whose checksums were compared."""

    manifest: Manifest
    files: dict[str, bytes]

    @property
    def digest(self) -> str:
        """SHA-256 that stands for the whole bundle, since it covers every other file's."""
        return self.manifest.digest


def digest_bytes(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def digest_files(files: dict[str, bytes]) -> dict[str, FileDigest]:
    return {
        name: FileDigest(sha256=digest_bytes(content), size_bytes=len(content))
        for name, content in sorted(files.items())
    }


def seal_manifest(manifest: Manifest) -> bytes:
    """The bytes of `bundle.json` with its digest filled in."""
    blank = msgspec.structs.replace(manifest, digest=NO_DIGEST)
    content = msgspec.json.format(msgspec.json.encode(blank), indent=2) + b"\n"
    return content.replace(NO_DIGEST.encode(), digest_bytes(content).encode(), 1)


def read_bundle(folder: Path) -> Bundle:
    """The bundle in `folder`, every byte verified.

    Raises: BundleError with one line that names the file, what was found and what was expected.
    """
    manifest = parse_manifest(_read_file(folder, MANIFEST_NAME))
    found = {path.name for path in folder.iterdir()}
    expected = {MANIFEST_NAME, *manifest.files}
    if MODEL_NAME not in manifest.files or not expected <= {MANIFEST_NAME, MODEL_NAME, INFERENCE_NAME}:
        raise BundleError(f"bundle {folder} lists the files {_listing(manifest.files)}, expected {MODEL_NAME}")
    if extra := found - expected:
        raise BundleError(f"bundle {folder} has the file {min(extra)!r}, expected only {_listing(expected)}")
    files = {name: _verify_file(folder, name, entry) for name, entry in manifest.files.items()}
    return Bundle(manifest=manifest, files=files)


def read_manifest(folder: Path) -> Manifest:
    """The manifest alone, its own digest verified, without reading the model.

    Raises: BundleError.
    """
    return parse_manifest(_read_file(folder, MANIFEST_NAME))


def parse_manifest(content: bytes) -> Manifest:
    """Checks digest, then schema version, then every field.

    Raises: BundleError.
    """
    opening = _OPENING.match(content)
    if opening is None:
        raise BundleError(f"{MANIFEST_NAME} does not open with its digest: it is damaged or not a bundle's")
    stated = opening.group(1).decode()
    actual = digest_bytes(content.replace(opening.group(1), NO_DIGEST.encode(), 1))
    if actual != stated:
        raise BundleError(f"{MANIFEST_NAME} has digest {actual[:12]}, expected {stated[:12]}: it was changed")
    try:
        version = msgspec.json.decode(content, type=dict[str, Any]).get("schema_version")
        if version not in READABLE_VERSIONS:
            known = " or ".join(map(str, READABLE_VERSIONS))
            raise BundleError(f"{MANIFEST_NAME} has schema version {version}, expected {known}")
        return msgspec.json.decode(content, type=Manifest)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise BundleError(f"{MANIFEST_NAME} does not follow its schema: {error}") from error


def _read_file(folder: Path, name: str) -> bytes:
    path = folder / name
    try:
        found = path.stat()
        if not stat.S_ISREG(found.st_mode):  # a pipe would never open, a device never end
            raise BundleError(f"{path} is not a regular file; expected a bundle's {name}")
        if found.st_size > MAX_BYTES:
            raise BundleError(f"{path} is larger than {MAX_BYTES} bytes")
        return path.read_bytes()
    except OSError as error:
        raise BundleError(f"{path} cannot be read: {error.strerror}; expected a bundle's {name}") from error


def _verify_file(folder: Path, name: str, expected: FileDigest) -> bytes:
    content = _read_file(folder, name)
    if len(content) != expected.size_bytes:
        raise BundleError(f"{folder / name} has {len(content)} bytes, expected {expected.size_bytes}")
    if (actual := digest_bytes(content)) != expected.sha256:
        raise BundleError(f"{folder / name} has SHA-256 {actual[:12]}, expected {expected.sha256[:12]}: it was changed")
    return content


def _listing(names: Any) -> str:
    return ", ".join(sorted(names)) or "none"
