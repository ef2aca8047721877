"""The file of API keys: a line each, with a name, a salted hash and its limits; no key stands in it.

itsdangerous signs tokens; a key here is a random secret whose hash stands in a file, so that it can be withdrawn
(docs/decisions/0015-where-a-library-was-tried.md).
"""

import hashlib
import re
import secrets
from collections.abc import Mapping
from hmac import compare_digest
from pathlib import Path

import msgspec

PREFIX = b"lathe."  # by which scanners for secrets can know a key
SCHEME = "blake2b"
SCOPES = ("predict", "batch", "feedback")
MAX_FILE_BYTES = 1024 * 1024
SECRET_BYTES = 32
SALT_BYTES = 16
DIGEST_BYTES = 32

_NAME = r"[a-z0-9][a-z0-9_-]{0,62}"
_LINE = re.compile(rf"({_NAME}):{SCHEME}\$([0-9a-f]{{{2 * SALT_BYTES}}})\$([0-9a-f]{{{2 * DIGEST_BYTES}}})((?: .*)?)")
_OPTION = re.compile(r"(requests_per_second|rows_per_second|allow)=(\S+)")


class KeyFileError(ValueError):
    """A key file that cannot be used; the text never repeats what stands in it."""


class KeyEntry(msgspec.Struct, frozen=True, gc=False):
    """One key. Rates are None where there is no limit."""

    name: str
    salt: bytes
    digest: bytes
    requests_per_second: float | None = None
    rows_per_second: float | None = None
    allow: frozenset[str] = frozenset(SCOPES)

    def matches(self, key: bytes) -> bool:
        """Compares in constant time."""
        return compare_digest(hash_key(key, self.salt), self.digest)


def hash_key(key: bytes, salt: bytes) -> bytes:
    """A fast hash is enough: a key is 256 random bits, which no slow one would make harder to guess."""
    return hashlib.blake2b(key, salt=salt, digest_size=DIGEST_BYTES).digest()


def make_key(name: str) -> tuple[str, str]:
    """A new key, and its line for the file.

    Raises: KeyFileError if the name cannot be a label.
    """
    if not re.fullmatch(_NAME, name):
        raise KeyFileError("a key's name is 1 to 63 of a-z, 0-9, _ and -, and begins with a letter or digit")
    key = f"{PREFIX.decode()}{name}.{secrets.token_urlsafe(SECRET_BYTES)}"
    salt = secrets.token_bytes(SALT_BYTES)
    return key, f"{name}:{SCHEME}${salt.hex()}${hash_key(key.encode(), salt).hex()}"


def find_name(key: bytes) -> bytes:
    """The name that stands in a key; of anything else some bytes that are no name."""
    return key.removeprefix(PREFIX).partition(b".")[0]


def read_key_file(path: Path) -> dict[bytes, KeyEntry]:
    """Entries by name.

    Raises: KeyFileError with the line's number.
    """
    try:
        with path.open("rb") as file:
            content = file.read(MAX_FILE_BYTES + 1)
    except OSError as error:
        raise KeyFileError(f"key file {path} cannot be read: {error.strerror}") from error
    if len(content) > MAX_FILE_BYTES:
        raise KeyFileError(f"key file {path} is larger than {MAX_FILE_BYTES} bytes")
    try:
        entries = parse_key_lines(content.decode())
    except UnicodeDecodeError as error:
        raise KeyFileError(f"key file {path} is not UTF-8 text") from error
    except KeyFileError as error:
        raise KeyFileError(f"key file {path}, {error}") from None
    if not entries:
        raise KeyFileError(f"key file {path} has no keys, expected at least one line NAME:{SCHEME}$SALT$HASH")
    return {entry.name.encode(): entry for entry in entries.values()}


def parse_key_lines(text: str) -> Mapping[str, KeyEntry]:
    """Entries by name; blank lines and those after # are none.

    Raises: KeyFileError.
    """
    entries: dict[str, KeyEntry] = {}
    for number, line in enumerate(map(str.strip, text.split("\n")), 1):
        if not line or line.startswith("#"):
            continue
        entry = _parse_line(line, number)
        if entry.name in entries:
            raise KeyFileError(f"line {number}: the name stands there twice")
        entries[entry.name] = entry
    return entries


def _parse_line(line: str, number: int) -> KeyEntry:
    match = _LINE.fullmatch(line)
    if match is None:
        raise KeyFileError(
            f"line {number}: expected NAME:{SCHEME}$SALT$HASH as `app.predictor.auth.keys new` prints it"
        )
    name, salt, digest, words = match.groups()
    options = _split_options(words.split(), number)
    return KeyEntry(
        name,
        bytes.fromhex(salt),
        bytes.fromhex(digest),
        _parse_rate(options.get("requests_per_second"), number),
        _parse_rate(options.get("rows_per_second"), number),
        _parse_scopes(options.get("allow", ",".join(SCOPES)), number),
    )


def _split_options(words: list[str], number: int) -> dict[str, str]:
    options: dict[str, str] = {}
    for word in words:
        match = _OPTION.fullmatch(word)
        if match is None or match[1] in options:
            raise KeyFileError(f"line {number}: expected requests_per_second=N, rows_per_second=N or allow=SCOPE,...")
        options[match[1]] = match[2]
    return options


def _parse_rate(text: str | None, number: int) -> float | None:
    if text is None:
        return None
    if not re.fullmatch(r"\d{1,9}(\.\d{1,6})?", text) or float(text) == 0:
        raise KeyFileError(f"line {number}: a rate is a number above 0")
    return float(text)


def _parse_scopes(text: str, number: int) -> frozenset[str]:
    scopes = frozenset(text.split(","))
    if not scopes <= set(SCOPES):
        raise KeyFileError(f"line {number}: allow takes {', '.join(SCOPES)}")
    return scopes
