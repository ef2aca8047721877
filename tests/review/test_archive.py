"""Archives that strangers made: each trick is refused for its own reason, and an honest one is read."""

import io
import stat
import tarfile
import zipfile
import zlib
from typing import Any

import pytest

from cli.errors import RefusedError
from review.archive import ArchiveLimits, read_tar, read_zip
from tests.review.worlds import pack_tar, pack_zip

LIMITS = ArchiveLimits(names=("report.json", "extra.json"), total_bytes=100_000, ratio=60)
HONEST = {"report.json": bytes(range(256)) * 4, "extra.json": b"{}"}


def zip_entry(name: str = "report.json", content: bytes = b"{}", mode: int = 0, **changes: Any) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", changes.pop("packing", zipfile.ZIP_DEFLATED)) as archive:
        entry = zipfile.ZipInfo(name)
        entry.external_attr = mode << 16
        entry.compress_type = archive.compression
        archive.writestr(entry, content)
    return buffer.getvalue()


def twice() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("report.json", b"{}")
        with pytest.warns(UserWarning, match="Duplicate name"):
            archive.writestr("report.json", b"[]")
    return buffer.getvalue()


def lying_size() -> bytes:
    """The header says two bytes; a thousand come out."""
    content = bytearray(zip_entry(content=b"x" * 50 + bytes(range(200))))
    for signature, offset in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
        place = content.index(signature) + offset
        content[place : place + 4] = (2).to_bytes(4, "little")
    return bytes(content)


def encrypted() -> bytes:
    content = bytearray(zip_entry())
    content[content.index(b"PK\x01\x02") + 8] |= 1
    return bytes(content)


def broken_checksum() -> bytes:
    content = bytearray(zip_entry(packing=zipfile.ZIP_STORED, content=b"precious"))
    content[content.index(b"precious")] ^= 1
    return bytes(content)


ZIPS = {
    "empty": (b"", "is damaged"),
    "not a zip": (b"PK but no zip", "is damaged"),
    "cut off": (pack_zip(HONEST)[:-30], "is damaged"),
    "another name": (pack_zip({"evil.sh": b""}), "holds 'evil.sh', expected only"),
    "absolute": (pack_zip({"/etc/passwd": b""}), "holds '/etc/passwd'"),
    "upwards": (pack_zip({"../report.json": b""}), r"holds '\.\./report.json'"),
    "backwards": (zip_entry("..\\report.json"), "expected only"),
    "in a folder": (pack_zip({"a/report.json": b""}), "holds 'a/report.json'"),
    "a folder": (pack_zip({"report.json/": b""}), "expected only"),
    "too many": (pack_zip({**HONEST, "third": b""}), "holds 3 files, expected at most 2"),
    "a link": (zip_entry(mode=stat.S_IFLNK | 0o777, content=b"/etc/passwd"), "is no regular file"),
    "a device": (zip_entry(mode=stat.S_IFCHR | 0o666), "is no regular file"),
    "too large": (pack_zip({"report.json": bytes(range(256)) * 400}), "unpacks to more than 100,000 bytes"),
    "a bomb": (pack_zip({"report.json": b"0" * 99_000}), "more than 60 times its size"),
    "an unusual packing": (zip_entry(packing=zipfile.ZIP_LZMA), "packed in an unusual way"),
    "encrypted": (encrypted(), "encrypted or packed"),
    "a lying size": (lying_size(), "is damaged|and it has not"),
    "a broken checksum": (broken_checksum(), "is damaged: Bad CRC"),
}


def special(kind: bytes, name: str = "report.json", target: str = "") -> tarfile.TarInfo:
    member = tarfile.TarInfo(name)
    member.type, member.linkname = kind, target
    return member


def bomb_tar() -> bytes:
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    return b"".join([*(packer.compress(b"0" * 1_000_000) for _ in range(50)), packer.flush()])


def huge_header() -> bytes:
    """A header that says its extended part has 8 GB."""
    member = tarfile.TarInfo("./PaxHeaders/x")
    member.type, member.size = tarfile.XHDTYPE, 8 * 10**9
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    return packer.compress(member.tobuf() + b"0" * 2000) + packer.flush()


TARS = {
    "empty": (b"", "is cut off|is damaged"),
    "not a tar": (zlib.compress(b"x" * 600, wbits=31), "is damaged"),
    "cut off": (pack_tar(HONEST)[:-40], "is cut off"),
    "something behind": (pack_tar(HONEST) + b"more", "something follows it"),
    "another name": (pack_tar({"evil.sh": b""}), "holds 'evil.sh'"),
    "absolute": (pack_tar({"/etc/passwd": b""}), "holds '/etc/passwd'"),
    "upwards": (pack_tar({"../report.json": b""}), r"holds '\.\./report.json'"),
    "twice": (pack_tar({"report.json": b""}, tarfile.TarInfo("report.json")), "holds a file twice"),
    "a link": (pack_tar({}, special(tarfile.SYMTYPE, target="/etc/passwd")), "is no regular file"),
    "a hard link": (pack_tar({}, special(tarfile.LNKTYPE, target="extra.json")), "is no regular file"),
    "a pipe": (pack_tar({}, special(tarfile.FIFOTYPE)), "is no regular file"),
    "a device": (pack_tar({}, special(tarfile.CHRTYPE)), "is no regular file"),
    "a folder": (pack_tar({}, special(tarfile.DIRTYPE)), "is no regular file"),
    "a bomb": (bomb_tar(), "unpacks to more than 100,000 bytes"),
    "repetition": (pack_tar({"report.json": b"0" * 90_000}), "more than 60 times its size"),
    "a huge header": (huge_header(), "is damaged|holds|more than"),
}


def test_an_honest_zip_is_read() -> None:
    assert read_zip(pack_zip(HONEST), "the zip", LIMITS) == HONEST


def test_an_honest_tar_is_read() -> None:
    assert read_tar(pack_tar(HONEST), "the tar", LIMITS) == HONEST


@pytest.mark.parametrize("case", ZIPS)
def test_a_hostile_zip_is_refused(case: str) -> None:
    content, reason = ZIPS[case]
    with pytest.raises(RefusedError, match=reason) as raised:
        read_zip(content, "the zip", LIMITS)
    assert "\n" not in str(raised.value)


def test_a_zip_with_a_file_twice_is_refused() -> None:
    with pytest.raises(RefusedError, match="holds a file twice"):
        read_zip(twice(), "the zip", LIMITS)


@pytest.mark.parametrize("case", TARS)
def test_a_hostile_tar_is_refused(case: str) -> None:
    content, reason = TARS[case]
    with pytest.raises(RefusedError, match=reason) as raised:
        read_tar(content, "the tar", LIMITS)
    assert "\n" not in str(raised.value)
