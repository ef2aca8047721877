"""What a file is by its first bytes, and the one way from there to rows, the same wherever data comes in."""

import re
from collections.abc import Callable
from dataclasses import dataclass

_NO_UTF8 = re.compile("[\udc80-\udcff]")  # how surrogateescape marks a byte
ONE_BYTE = "text in Windows-1252 (Latin-1) or another encoding of one byte a letter"
HEAD_BYTES = 4096  # all that is looked at
CSV_WAY = "save it as CSV in UTF-8, separated by commas"
UNPACK_WAY = "unpack it, and give the CSV file in it"
CONVERT_WAY = "read it with the program or library that wrote it, and write the table as CSV in UTF-8"
EXCEL_WAY = "save the sheet as CSV UTF-8 (in Excel: File, Save as, `CSV UTF-8 (comma delimited)`)"
PAGE_WAY = "fetch the file itself: what answered may have been a page to log in"
JSON_WAY = "write the rows as CSV in UTF-8, with a header"
LFS_NAME, LFS_WAY = "a Git LFS pointer, not the file it stands for", "fetch the file with `git lfs pull`"


@dataclass(frozen=True)
class Signature:
    """`name` goes behind "is", `way` is what to do; `key` is for readers that take this kind."""

    key: str
    name: str
    way: str
    matches: Callable[[bytes], object]


def _begins(*starts: bytes) -> Callable[[bytes], bool]:
    return lambda head: head.startswith(starts)


def _zip_of(*members: bytes) -> Callable[[bytes], bool]:
    return lambda head: head.startswith(b"PK\x03\x04") and any(member in head for member in members)


def _pattern(pattern: bytes, skip_space: bool = True) -> Callable[[bytes], object]:
    compiled = re.compile((rb"(?:\xef\xbb\xbf)?\s*" if skip_space else b"") + pattern, re.IGNORECASE)
    return compiled.match


def _is_wide(width: int) -> Callable[[bytes], bool]:
    """Whether the text is UTF-16 or UTF-32 by its mark, or Latin letters in it without one: the other bytes are 0."""
    marks = (b"\xff\xfe\0\0", b"\0\0\xfe\xff") if width == 4 else (b"\xff\xfe", b"\xfe\xff")

    def matches(head: bytes) -> bool:
        if head.startswith(marks):
            return True
        whole = head[: len(head) // width * width]
        if len(whole) < 4 * width:
            return False
        lanes = [whole[lane::width] for lane in range(width)]
        filled = [place for place, lane in enumerate(lanes) if lane.count(0) < len(lane) / 2]
        return filled in ([0], [width - 1])

    return matches


def _is_old_mac(head: bytes) -> bool:
    plain = re.sub(rb'"[^"]*"?', b"", head)  # a quoted cell may hold anything
    return b"\r" in plain.rstrip(b"\r") and b"\n" not in plain


def _is_one_byte(head: bytes) -> bool:
    """Whether several lines hold bytes beyond ASCII and none is UTF-8: one bad byte is an accident of one row."""
    if head.isascii():
        return False
    whole = head[: head.rfind(b"\n") + 1] or head  # the end may cut a letter
    text = whole.decode(errors="surrogateescape")
    bad = [line for line in text.split("\n") if _NO_UTF8.search(line)]
    return len(bad) > 1 and not any(sign > "\x7f" and not "\udc80" <= sign <= "\udcff" for sign in text)


# the first that matches counts, so that the narrower stands before the wider
SIGNATURES = (
    Signature("xlsx", "an Excel workbook (.xlsx)", EXCEL_WAY, _zip_of(b"xl/", b"[Content_Types].xml")),
    Signature("ods", "an OpenDocument file (.ods)", CSV_WAY, _zip_of(b"mimetypeapplication/vnd.oasis")),
    Signature("zip", "a zip archive", UNPACK_WAY, _begins(b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")),
    Signature("xls", "an old Excel or Office file (.xls)", EXCEL_WAY, _begins(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1")),
    Signature("gzip", "packed with gzip", UNPACK_WAY, _begins(b"\x1f\x8b")),
    Signature("zstd", "packed with zstd", UNPACK_WAY, _begins(b"\x28\xb5\x2f\xfd")),
    Signature("bzip2", "packed with bzip2", UNPACK_WAY, _pattern(rb"BZh[1-9](1AY&SY|\x17rE8P\x90)", skip_space=False)),
    Signature("xz", "packed with xz", UNPACK_WAY, _begins(b"\xfd7zXZ\0")),
    Signature("lz4", "packed with lz4", UNPACK_WAY, _begins(b"\x04\x22\x4d\x18")),
    Signature("7z", "a 7z archive", UNPACK_WAY, _begins(b"7z\xbc\xaf\x27\x1c")),
    Signature("rar", "a rar archive", UNPACK_WAY, _begins(b"Rar!\x1a\x07")),
    Signature("tar", "a tar archive", UNPACK_WAY, lambda head: head[257:262] == b"ustar"),
    Signature("parquet", "a Parquet file", CONVERT_WAY, _begins(b"PAR1", b"PARE")),
    Signature("arrow", "an Arrow or Feather file", CONVERT_WAY, _begins(b"ARROW1\0\0", b"FEA1", b"\xff\xff\xff\xff")),
    Signature("orc", "an ORC file", CONVERT_WAY, _pattern(rb"ORC[^\x20-\x7e]", skip_space=False)),
    Signature("avro", "an Avro file", CONVERT_WAY, _begins(b"Obj\x01")),
    Signature("sqlite", "a SQLite database", "export the table as CSV in UTF-8", _begins(b"SQLite format 3\0")),
    Signature("hdf5", "an HDF5 file", CONVERT_WAY, _begins(b"\x89HDF\r\n\x1a\n")),
    Signature("numpy", "a NumPy file", CONVERT_WAY, _begins(b"\x93NUMPY")),
    Signature("pickle", "a Python pickle", CONVERT_WAY, _begins(b"\x80\x02", b"\x80\x03", b"\x80\x04", b"\x80\x05")),
    Signature("stata", "a Stata file", CONVERT_WAY, _begins(b"<stata_dta>")),
    Signature("spss", "an SPSS file", CONVERT_WAY, _begins(b"$FL2@(#)", b"$FL3@(#)")),
    Signature("pdf", "a PDF document", "export the table from its source as CSV in UTF-8", _begins(b"%PDF-")),
    Signature("image", "an image", CONVERT_WAY, _begins(b"\x89PNG\r\n", b"\xff\xd8\xff", b"GIF8")),
    Signature("program", "a program", "give the table as CSV in UTF-8", _begins(b"\x7fELF", b"MZ\x90\0")),
    Signature("lfs", LFS_NAME, LFS_WAY, _begins(b"version https://git-lfs")),
    Signature("utf-32", "text in UTF-32", CSV_WAY, _is_wide(4)),
    Signature("utf-16", "text in UTF-16", CSV_WAY, _is_wide(2)),
    Signature("rtf", "a text document (.rtf)", CSV_WAY, _begins(b"{\\rtf")),
    Signature("html", "an HTML page", PAGE_WAY, _pattern(rb"<(!doctype html|html|head|body|table)")),
    Signature("xml", "an XML document", CONVERT_WAY, _pattern(rb"<(\?xml|!doctype|[a-z][\w:.-]*[\s>/][^\n,]*>?\s*\n)")),
    Signature("json", "JSON", JSON_WAY, _pattern(rb'(\{\s*("[^"\n]*"\s*:|\})|\[\s*([\[{]|\]))')),
    Signature("old-mac", "text whose lines end with CR alone", "save it with line ends LF or CRLF", _is_old_mac),
    Signature("one-byte", ONE_BYTE, CSV_WAY, _is_one_byte),
)


def recognize(head: bytes, taken: frozenset[str] = frozenset()) -> Signature | None:
    """What the file that begins with `head` is, None if it may be CSV; a kind in `taken` is not looked for."""
    signature = next((known for known in SIGNATURES if known.matches(head[:HEAD_BYTES])), None)
    return None if signature is None or signature.key in taken else signature


def describe(signature: Signature) -> str:
    """The message behind the file's name."""
    return f"is {signature.name}, expected CSV; {signature.way}"
