"""The bytes of a path or URL, however large, slow or packed they are: never more than the limits allow."""

import asyncio
import os
import stat
import threading
import time
import zlib
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Protocol
from urllib.parse import urlsplit
from urllib.request import url2pathname

import aiohttp
import fsspec

from cli.errors import InputError, OutsideError
from training.data.sources.credentials import hide_credentials

CONNECT_TIMEOUT_SECONDS = 10
READ_TIMEOUT_SECONDS = 30
CHUNK_BYTES = 1024 * 1024
GZIP_MAGIC = b"\x1f\x8b"
_GZIP = 16 + zlib.MAX_WBITS

MAX_BYTES, MAX_SECONDS = "LATHE_MAX_DATA_BYTES", "LATHE_MAX_DATA_SECONDS"


@dataclass(frozen=True)
class DownloadLimits:
    """What one source of data may take: bytes as sent and as unpacked, and seconds in all."""

    max_bytes: int = 512 * 1024 * 1024
    max_seconds: float = 600

    def refuse_size(self, shown: str, found: str) -> InputError:
        return InputError(
            f"{shown} {found}, expected at most {self.max_bytes:,}; if it is meant to be that large, "
            f"set {MAX_BYTES} to more and run again"
        )

    def refuse_time(self, shown: str) -> OutsideError:
        return OutsideError(
            f"{shown} was not complete after {self.max_seconds:g} s; fetch it yourself and give the file, "
            f"or set {MAX_SECONDS} to more"
        )


def read_limits() -> DownloadLimits:
    """From the environment.

    Raises: InputError that names the variable.
    """
    usual = DownloadLimits()
    return DownloadLimits(_read_count(MAX_BYTES, usual.max_bytes), _read_count(MAX_SECONDS, int(usual.max_seconds)))


def _read_count(name: str, usual: int) -> int:
    text = os.environ.get(name) or str(usual)
    if not (text.isascii() and text.isdecimal() and len(text) < 16 and int(text)):
        raise InputError(f"{name} is {text[:40]!r}, expected a whole number greater than 0")
    return int(text)


def is_url(source: str) -> bool:
    return "://" in source and not source.startswith("file://")


def name_source(source: str) -> str:
    """What may be shown of a source: a file's name or a URL, without folders, credentials and query."""
    if not is_url(source):
        return Path(source).name
    return hide_credentials(source)


def fetch_source(source: str, limits: DownloadLimits) -> bytes:
    """What the path or URL holds, unpacked if it is gzip.

    Raises: InputError if it is not there, no regular file, damaged or too large; OutsideError if a URL does not
    answer in time.
    """
    shown = name_source(source) if is_url(source) else source
    content = _fetch_url(source, shown, limits) if is_url(source) else _read_path(source, limits)
    return _unpack(content, shown, limits) if content.startswith(GZIP_MAGIC) else content


class _Readable(Protocol):
    def read(self, size: int, /) -> bytes: ...


def _read_all(file: _Readable, shown: str, limits: DownloadLimits, end: float | None = None) -> bytes:
    content = bytearray()
    while chunk := file.read(CHUNK_BYTES):
        content += chunk
        if len(content) > limits.max_bytes:
            raise limits.refuse_size(shown, f"has more than {limits.max_bytes:,} bytes")
        if end is not None and time.monotonic() > end:
            raise limits.refuse_time(shown)
    return bytes(content)


def _read_path(source: str, limits: DownloadLimits) -> bytes:
    path = Path(url2pathname(urlsplit(source).path)) if source.startswith("file://") else Path(source)
    try:
        # without O_NONBLOCK the opening of a pipe waits for somebody who writes
        descriptor = os.open(path.expanduser(), os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        with os.fdopen(descriptor, "rb") as file:
            about = os.fstat(descriptor)
            if stat.S_ISDIR(about.st_mode):
                raise InputError(f"{source} is a folder, expected a CSV or Parquet file")
            if not stat.S_ISREG(about.st_mode):
                raise InputError(f"{source} is a pipe or device, expected a CSV or Parquet file; write it to one first")
            if about.st_size > limits.max_bytes:
                raise limits.refuse_size(source, f"has {about.st_size:,} bytes")
            return _read_all(file, source, limits)
    except IsADirectoryError as error:
        raise InputError(f"{source} is a folder, expected a CSV or Parquet file") from error
    except (OSError, ValueError, RuntimeError) as error:  # a NUL in the path; ~ of nobody
        reason = getattr(error, "strerror", None) or error
        raise InputError(f"{source} cannot be read: {reason}; give the path of a CSV or Parquet file") from error


def _fetch_url(source: str, shown: str, limits: DownloadLimits) -> bytes:
    try:
        if source.startswith(("http://", "https://")):
            return asyncio.run(_fetch_http(source, shown, limits))
        return _wait_for(lambda end: _fetch_other(source, shown, limits, end), shown, limits)
    except FileNotFoundError as error:
        raise InputError(f"{shown} does not exist; check the URL") from error
    except (ValueError, ImportError) as error:
        raise InputError(f"{shown} is no URL that can be read here: {first_line(error)}") from error
    except (OSError, aiohttp.ClientError) as error:
        raise OutsideError(f"{shown} did not answer: {first_line(error)}; try again or give a file") from error


async def _fetch_http(source: str, shown: str, limits: DownloadLimits) -> bytes:
    patience = aiohttp.ClientTimeout(None, sock_connect=CONNECT_TIMEOUT_SECONDS, sock_read=READ_TIMEOUT_SECONDS)
    plain = {"Accept-Encoding": "identity"}  # what is packed all the same is unpacked here, and counted
    try:
        async with (
            asyncio.timeout(limits.max_seconds) as total,
            aiohttp.ClientSession(timeout=patience, trust_env=True, auto_decompress=False, headers=plain) as session,
            session.get(source) as answer,
        ):
            if answer.status == 404:
                raise FileNotFoundError
            if not answer.ok:
                raise OutsideError(f"{shown} answered {answer.status} {answer.reason}; check the URL, or try again")
            if (answer.content_length or 0) > limits.max_bytes:
                raise limits.refuse_size(shown, f"says it has {answer.content_length:,} bytes")
            content = bytearray()
            async for chunk in answer.content.iter_any():
                content += chunk
                if len(content) > limits.max_bytes:
                    raise limits.refuse_size(shown, f"has more than {limits.max_bytes:,} bytes")
            return bytes(content)
    except TimeoutError as error:
        if total.expired():
            raise limits.refuse_time(shown) from error
        raise


def _fetch_other(source: str, shown: str, limits: DownloadLimits, end: float) -> bytes:
    files, path = fsspec.url_to_fs(source)
    with files.open(path, "rb") as file:
        return _read_all(file, shown, limits, end)


def _wait_for(fetch: Callable[[float], bytes], shown: str, limits: DownloadLimits) -> bytes:
    """What `fetch` gives; a thread of its own, since not every protocol's library has a deadline."""
    answer: Future[bytes] = Future()

    def run() -> None:
        try:
            answer.set_result(fetch(time.monotonic() + limits.max_seconds))
        except BaseException as error:
            answer.set_exception(error)

    threading.Thread(target=run, daemon=True).start()
    try:
        return answer.result(limits.max_seconds)
    except TimeoutError as error:
        if answer.done():
            raise
        raise limits.refuse_time(shown) from error


def _unpack(content: bytes, shown: str, limits: DownloadLimits) -> bytes:
    """The members of a gzip file one after the other; it stops at the limit, before they have become a large memory."""
    unpacked, rest = bytearray(), content
    try:
        while rest.startswith(GZIP_MAGIC):
            unpacker = zlib.decompressobj(_GZIP)
            while not unpacker.eof:
                part = unpacker.decompress(rest, CHUNK_BYTES)
                rest = unpacker.unconsumed_tail
                unpacked += part
                if len(unpacked) > limits.max_bytes:
                    raise limits.refuse_size(shown, f"unpacks to more than {limits.max_bytes:,} bytes")
                if not part and not rest and not unpacker.eof:
                    raise EOFError("it ends too early")
            rest = unpacker.unused_data.lstrip(b"\0")
    except (EOFError, zlib.error) as error:
        raise InputError(f"{shown} is damaged gzip: {first_line(error)}; fetch it again") from error
    if rest:
        raise InputError(f"{shown} is damaged gzip: something else follows its end; fetch it again")
    return bytes(unpacked)


def first_line(error: BaseException) -> str:
    lines = str(error).splitlines()
    return lines[0][:200] if lines else type(error).__name__


def list_suffixes(shown: str) -> list[str]:
    return PurePosixPath(shown).suffixes
