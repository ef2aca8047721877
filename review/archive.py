"""Archives that others made: a closed list of names, sizes counted while unpacking, and nothing touches the disk."""

import io
import lzma
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Collection
from dataclasses import dataclass

from cli.errors import RefusedError

READABLE = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
ENCRYPTED = 0x1
GZIP = 16 + zlib.MAX_WBITS
PADDING = 1024  # a tar archive of one byte is 10 kB of zeros
BROKEN = (zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, OSError, ValueError, NotImplementedError, KeyError)


@dataclass(frozen=True)
class ArchiveLimits:
    """What an archive may hold. `ratio` is unpacked to packed; text of our kind stays below 20."""

    names: Collection[str]
    total_bytes: int
    ratio: int = 100


def read_zip(content: bytes, what: str, limits: ArchiveLimits) -> dict[str, bytes]:
    """The files of a zip archive by name; `what` names it in errors.

    Raises: RefusedError.
    """
    return _guard(what, lambda: _read_zip(content, what, limits))


def read_tar(content: bytes, what: str, limits: ArchiveLimits) -> dict[str, bytes]:
    """The files of a gzipped tar archive by name; links, devices and folders are refused.

    Raises: RefusedError.
    """
    return _guard(what, lambda: _read_tar(content, what, limits))


def _guard(what: str, read: Callable[[], dict[str, bytes]]) -> dict[str, bytes]:
    try:
        return read()
    except (*BROKEN, tarfile.TarError, RuntimeError) as error:
        raise RefusedError(f"{what} is damaged: {error}") from error


def _read_zip(content: bytes, what: str, limits: ArchiveLimits) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        entries = archive.infolist()
        check_names([entry.filename for entry in entries], what, limits)
        for entry in entries:
            kind = entry.external_attr >> 28  # the upper bits of a Unix mode: 8 a file, 10 a link, 0 unknown
            if entry.is_dir() or kind not in {0, 8}:
                raise RefusedError(f"{what} holds {entry.filename!r}, which is no regular file")
            if entry.compress_type not in READABLE or entry.flag_bits & ENCRYPTED:
                raise RefusedError(f"{what} holds {entry.filename!r}, encrypted or packed in an unusual way")
        check_size(sum(entry.file_size for entry in entries), len(content), what, limits)
        return {entry.filename: _read_entry(archive, entry, what) for entry in entries}


def _read_entry(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, what: str) -> bytes:
    with archive.open(entry) as file:  # its header may lie, so only as much is read as it says
        content = file.read(entry.file_size + 1)
    if len(content) != entry.file_size:
        raise RefusedError(f"{what} says {entry.filename!r} has {entry.file_size:,} bytes, and it has not")
    return content


def _read_tar(content: bytes, what: str, limits: ArchiveLimits) -> dict[str, bytes]:
    unpacked = unpack_gzip(content, what, limits)
    files = {}
    with tarfile.open(fileobj=io.BytesIO(unpacked), mode="r:") as archive:
        members = archive.getmembers()
        check_names([member.name for member in members], what, limits)
        for member in members:
            file = archive.extractfile(member) if member.isreg() and not member.issparse() else None
            if file is None:
                raise RefusedError(f"{what} holds {member.name!r}, which is no regular file")
            files[member.name] = file.read()
    return files


def unpack_gzip(content: bytes, what: str, limits: ArchiveLimits) -> bytes:
    """Stops at the limit, before a small archive has become a large memory."""
    unpacker = zlib.decompressobj(GZIP)
    unpacked = unpacker.decompress(content, limits.total_bytes + 1)
    check_size(len(unpacked), len(content), what, limits)
    if not unpacker.eof or unpacker.unused_data:
        raise RefusedError(f"{what} is cut off, or something follows it")
    return unpacked


def check_names(names: list[str], what: str, limits: ArchiveLimits) -> None:
    """Only names of the list, each once; so nothing absolute, no `..`, no other folder.

    Raises: RefusedError.
    """
    if len(names) > len(limits.names):
        raise RefusedError(f"{what} holds {len(names)} files, expected at most {len(limits.names)}")
    for name in names:
        if name not in limits.names:
            raise RefusedError(f"{what} holds {name[:100]!r}, expected only {', '.join(sorted(limits.names))}")
    if len(set(names)) != len(names):
        raise RefusedError(f"{what} holds a file twice")


def check_size(unpacked: int, packed: int, what: str, limits: ArchiveLimits) -> None:
    """Raises: RefusedError."""
    if unpacked > limits.total_bytes:
        raise RefusedError(f"{what} unpacks to more than {limits.total_bytes:,} bytes")
    if unpacked > limits.ratio * max(packed, PADDING):
        raise RefusedError(f"{what} unpacks to more than {limits.ratio} times its size")
