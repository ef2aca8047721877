"""A bundle on disk: sealed when it is written, verified before any of it is parsed, never unpickled."""

import hashlib
import re
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from contract.errors import BundleError
from contract.schema import READABLE_VERSIONS, FileDigest, Manifest

MANIFEST_NAME = "bundle.json"
MODEL_NAME = "model.ubj"
INFERENCE_NAME = "model.onnx"  # optional, derived from the model
FILE_NAMES = (MANIFEST_NAME, MODEL_NAME, INFERENCE_NAME)
MAX_BYTES = 128 * 1024 * 1024  # of all files together

NO_DIGEST = "0" * 64
OPENING = re.compile(rb'\{\n  "digest": "([0-9a-f]{64})",\n')


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


def digest_inputs(inputs: Mapping[str, str]) -> str:
    """One SHA-256 over the digests of everything that a model was made from; an approval is found again by it."""
    return digest_bytes(msgspec.json.encode(dict(inputs), order="deterministic"))


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
    _check_names(manifest, {path.name for path in folder.iterdir()}, f"bundle {folder}")
    files = {name: _read_file(folder, name) for name in manifest.files}
    _verify_files(manifest, files, f"{folder}/")
    return Bundle(manifest=manifest, files=files)


def open_bundle(files: Mapping[str, bytes]) -> Bundle:
    """The bundle whose files an archive or a registry's layer gave, by name, with the checks of `read_bundle`.

    Raises: BundleError.
    """
    manifest = parse_manifest(_find_file(files, MANIFEST_NAME))
    _check_names(manifest, set(files), "the bundle")
    parts = {name: _find_file(files, name) for name in manifest.files}
    _verify_files(manifest, parts)
    return Bundle(manifest=manifest, files=parts)


def read_manifest(folder: Path) -> Manifest:
    """The manifest alone, its own digest verified, without reading the model.

    Raises: BundleError.
    """
    return parse_manifest(_read_file(folder, MANIFEST_NAME))


def parse_manifest(content: bytes) -> Manifest:
    """Checks digest, then schema version, then every field.

    Raises: BundleError.
    """
    opening = OPENING.match(content)
    if opening is None:
        raise BundleError(f"{MANIFEST_NAME} does not open with its digest: it is damaged or not a bundle's")
    stated = opening.group(1).decode()
    actual = digest_bytes(content.replace(opening.group(1), NO_DIGEST.encode(), 1))
    if actual != stated:
        raise BundleError(f"{MANIFEST_NAME} has digest {actual[:12]}, expected {stated[:12]}: it was changed")
    try:
        version = msgspec.json.decode(content, type=dict[str, Any]).get("schema_version")
        if version not in READABLE_VERSIONS:
            known = " or ".join((", ".join(map(str, READABLE_VERSIONS[:-1])), str(READABLE_VERSIONS[-1])))
            raise BundleError(f"{MANIFEST_NAME} has schema version {version}, expected {known}")
        return msgspec.json.decode(content, type=Manifest)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise BundleError(f"{MANIFEST_NAME} does not follow its schema: {error}") from error


def _read_file(folder: Path, name: str) -> bytes:
    path = folder / name
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):  # a pipe would never open, a device never end
            raise BundleError(f"{path} is not a regular file; expected a bundle's {name}")
        if status.st_size > MAX_BYTES:
            raise BundleError(f"{path} is larger than {MAX_BYTES} bytes")
        return path.read_bytes()
    except OSError as error:
        raise BundleError(f"{path} cannot be read: {error.strerror}; expected a bundle's {name}") from error


def _find_file(files: Mapping[str, bytes], name: str) -> bytes:
    content = files.get(name)
    if content is None:
        raise BundleError(f"{name} is not there; expected a bundle's {name}")
    if len(content) > MAX_BYTES:
        raise BundleError(f"{name} is larger than {MAX_BYTES} bytes")
    return content


def _check_names(manifest: Manifest, found: set[str], what: str) -> None:
    expected = {MANIFEST_NAME, *manifest.files}
    if MODEL_NAME not in manifest.files or not expected <= set(FILE_NAMES):
        raise BundleError(f"{what} lists the files {_listing(manifest.files)}, expected {MODEL_NAME}")
    if extra := found - expected:
        raise BundleError(f"{what} has the file {min(extra)!r}, expected only {_listing(expected)}")


def _verify_files(manifest: Manifest, files: Mapping[str, bytes], where: str = "") -> None:
    for name, expected in manifest.files.items():
        content = files[name]
        if len(content) != expected.size_bytes:
            raise BundleError(f"{where}{name} has {len(content)} bytes, expected {expected.size_bytes}")
        if (actual := digest_bytes(content)) != expected.sha256:
            raise BundleError(
                f"{where}{name} has SHA-256 {actual[:12]}, expected {expected.sha256[:12]}: it was changed"
            )


def _listing(names: Any) -> str:
    return ", ".join(sorted(names)) or "none"
