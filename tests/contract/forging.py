"""Bundles that were made wrong on purpose, with every checksum right: only what they say can give them away."""

from pathlib import Path

import msgspec

from contract.bundle import MANIFEST_NAME, NO_DIGEST, Bundle, digest_bytes, digest_files, seal_manifest


def write_forged(folder: Path, bundle: Bundle, files: dict[str, bytes] | None = None, **changes: object) -> Path:
    """The bundle with other files or other fields in its manifest, sealed anew."""
    files = bundle.files if files is None else files
    manifest = msgspec.structs.replace(bundle.manifest, files=digest_files(files), **changes)
    return write_files(folder, {**files, MANIFEST_NAME: seal_manifest(manifest)})


def write_files(folder: Path, files: dict[str, bytes]) -> Path:
    folder.mkdir()
    for name, content in files.items():
        (folder / name).write_bytes(content)
    return folder


def seal_bytes(body: bytes) -> bytes:
    """Any bytes as a manifest whose digest is right: `body` follows the digest's line."""
    content = b'{\n  "digest": "' + NO_DIGEST.encode() + b'",\n' + body
    return content.replace(NO_DIGEST.encode(), digest_bytes(content).encode(), 1)
