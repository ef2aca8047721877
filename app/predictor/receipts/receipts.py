"""Receipts: what was predicted, signed, so that an outcome may come back to any replica, also after a restart.

itsdangerous takes 6.8 µs for a receipt that takes 2.8 µs here, and makes it five characters longer
(docs/decisions/0015-where-a-library-was-tried.md).
"""

import base64
import binascii
import hashlib
import itertools
import math
import secrets
import struct
import time
from collections.abc import Callable
from hmac import compare_digest
from pathlib import Path

import msgspec

from app.predictor.http.body import Headers
from app.predictor.http.errors import ForbiddenError, GoneError

HEADER = b"x-lathe-receipt"
MIN_KEY_BYTES = 32
MAX_KEY_FILE_BYTES = 64 * 1024
MAX_RECEIPT_CHARACTERS = 512
MAC_BYTES = 16
PREFIX = "r1."

_FIXED = struct.Struct("<QQddbI")  # two halves of the id, score, threshold, decision, time
_DECISIONS = {True: 1, False: 0, None: -1}
_FOUND = {1: True, 0: False, -1: None}


class ReceiptKeyError(ValueError):
    """A receipt key that cannot be used; the text never repeats it."""


class Receipt(msgspec.Struct, frozen=True, gc=False):
    """A verified receipt. `issued` is Unix time in whole seconds.

    `age_seconds` is how long ago that was when it came back, 0 where this process's clock is behind the issuer's.
    """

    id: bytes
    score: float
    threshold: float | None
    decision: bool | None
    issued: int
    model_name: str
    model_version: str
    age_seconds: float


def read_receipt_keys(path: Path | None) -> tuple[bytes, ...]:
    """Keys by line: the first signs, all verify. Without a file one key of this process alone.

    Raises: ReceiptKeyError.
    """
    if path is None:
        return (secrets.token_bytes(MIN_KEY_BYTES),)
    try:
        with path.open("rb") as file:
            content = file.read(MAX_KEY_FILE_BYTES + 1)
    except OSError as error:
        raise ReceiptKeyError(f"receipt key file {path} cannot be read: {error.strerror}") from error
    if len(content) > MAX_KEY_FILE_BYTES:
        raise ReceiptKeyError(f"receipt key file {path} is larger than {MAX_KEY_FILE_BYTES:,} bytes")
    keys = [line.strip() for line in content.split(b"\n") if line.strip()]
    if not keys or min(map(len, keys)) < MIN_KEY_BYTES:
        raise ReceiptKeyError(f"receipt key file {path} needs one key a line, each of at least {MIN_KEY_BYTES} bytes")
    return tuple(hashlib.blake2b(key).digest() for key in keys)


def wants_receipts(headers: Headers) -> bool:
    return headers.get(HEADER) in (b"1", b"true")


class Receipts:
    """Issues and verifies the receipts of one model's name; safe for threads."""

    def __init__(
        self,
        keys: tuple[bytes, ...],
        name: str,
        version: str,
        threshold: float | None,
        max_age_seconds: int,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._keys = keys
        self._name = name
        self._about = f"{name}\0{version}".encode()
        self._threshold = math.nan if threshold is None else threshold
        self._max_age_seconds = max_age_seconds
        self._clock = clock
        self._first = secrets.randbits(64)
        self._second = itertools.count(secrets.randbits(32))

    def issue(self, score: float, decision: bool | None) -> str:
        """A receipt for one prediction."""
        fixed = _FIXED.pack(
            self._first, next(self._second), score, self._threshold, _DECISIONS[decision], int(self._clock())
        )
        content = fixed + self._about
        return PREFIX + base64.urlsafe_b64encode(content + _sign(content, self._keys[0])).rstrip(b"=").decode()

    def verify(self, text: str, field: str) -> Receipt:
        """The receipt that `text` is; `field` is where it stands in the request.

        Raises: ForbiddenError with the code receipt_invalid or receipt_other_model, GoneError.
        """
        content = self._open(text)
        if content is None:
            raise ForbiddenError("the receipt was not issued here, or was changed", "receipt_invalid", field)
        first, second, score, threshold, decision, issued = _FIXED.unpack_from(content)
        name, _, version = content[_FIXED.size :].decode().partition("\0")
        if name != self._name:
            raise ForbiddenError("the receipt is another model's", "receipt_other_model", field)
        age_seconds = max(0.0, self._clock() - issued)
        if age_seconds > self._max_age_seconds:
            raise GoneError("the receipt is too old", "receipt_expired", field)
        known = None if math.isnan(threshold) else threshold
        id_bytes = struct.pack("<QQ", first, second)
        return Receipt(id_bytes, score, known, _FOUND[decision], issued, name, version, age_seconds)

    def _open(self, text: str) -> bytes | None:
        """The signed content; nothing of it is looked at before the signature is."""
        if len(text) > MAX_RECEIPT_CHARACTERS or not text.startswith(PREFIX) or not text.isascii():
            return None
        body = text.removeprefix(PREFIX)
        try:
            sealed = base64.b64decode(body + "=" * (-len(body) % 4), altchars=b"-_", validate=True)
        except binascii.Error:
            return None
        content, mac = sealed[:-MAC_BYTES], sealed[-MAC_BYTES:]
        fits = [compare_digest(_sign(content, key), mac) for key in self._keys]
        return content if any(fits) and len(content) > _FIXED.size else None


def read_id(text: str) -> bytes:
    """The id in a receipt that was issued here a moment ago; it is not verified."""
    return base64.urlsafe_b64decode(text[len(PREFIX) : len(PREFIX) + 24])[:16]


def _sign(content: bytes, key: bytes) -> bytes:
    return hashlib.blake2b(content, key=key, digest_size=MAC_BYTES, person=b"lathe receipt").digest()
