"""The files of a GitHub release: the same bytes from the same bundle, whoever packs them."""

import gzip
import hashlib
import io
import tarfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from cli.errors import InputError
from contract.approval import RECORD_NAME
from contract.report import MAX_REPORT_BYTES, REPORT_NAME
from release.documents import read_document
from release.github_release.dossier import APPROVED, RELEASES, Dossier
from review.champion import ASSET, CHECKSUM, MAX_CHECKSUM_BYTES, MAX_PACKED_BYTES

SBOM, PROVENANCE, PAGE = "sbom.cdx.json", "provenance.json", "report.html"
FILE_MODE = 0o644
MAX_BYTES = 256 * 1024 * 1024  # of any file
# what reads a release takes no more: the next gate (review/champion.py) and a promotion (release/promotion/evidence.py)
LIMITS = {
    ASSET: MAX_PACKED_BYTES,
    CHECKSUM: MAX_CHECKSUM_BYTES,
    REPORT_NAME: MAX_REPORT_BYTES,
    RECORD_NAME: MAX_REPORT_BYTES,
}


@dataclass(frozen=True)
class File:
    """`is_fixed`: a second run makes the very same bytes, and so does a second machine."""

    name: str
    content: bytes
    is_fixed: bool = True

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.content).hexdigest()


def collect_files(dossier: Dossier, artifacts: Path) -> list[File]:
    """Everything that the release carries, in the order in which people look for it.

    Raises: InputError if one is not there, or larger than its readers take.
    """
    return [check_size(file) for file in _list_files(dossier, artifacts)]


def check_size(file: File) -> File:
    """Raises: InputError."""
    if len(file.content) > (limit := LIMITS.get(file.name, MAX_BYTES)):
        raise InputError(f"{file.name} would have {len(file.content):,} bytes, its readers take {limit:,}")
    return file


def _list_files(dossier: Dossier, artifacts: Path) -> Iterator[File]:
    packed = File(ASSET, pack_bundle(dossier.bundle.files))
    yield packed
    yield File(CHECKSUM, f"{packed.sha256}  {ASSET}\n".encode())
    yield File(REPORT_NAME, dossier.files[REPORT_NAME])
    yield File(RECORD_NAME, dossier.files[RECORD_NAME])
    page = artifacts / APPROVED / PAGE
    if page.is_file():
        yield File(PAGE, page.read_bytes())
    version = dossier.image.version
    for name in (SBOM, PROVENANCE):
        yield read_made(artifacts / RELEASES / f"{version}.{name}", name)


def read_made(path: Path, name: str) -> File:
    """What says when it was made, and so is another file every time."""
    if not path.is_file():
        raise InputError(f"{path} is not there: run `make publish` first")
    return File(name, read_document(path), is_fixed=False)


def pack_bundle(files: Mapping[str, bytes]) -> bytes:
    """A gzipped tar in which nothing but names and bytes counts: no times, no users, no order of a file system."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        for name in sorted(files):
            member = tarfile.TarInfo(name)
            member.size, member.mode = len(files[name]), FILE_MODE
            archive.addfile(member, io.BytesIO(files[name]))
    return gzip.compress(buffer.getvalue(), mtime=0)
