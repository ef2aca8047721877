"""The files of the prediction log: one after the other, no more bytes and no older than allowed."""

import contextlib
import errno
import os
import re
import secrets
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from contract.prediction_log import SUFFIX

PREFIX = "predictions-"
FILES = 16  # of what the folder may hold: the oldest sixteenth goes when it is full
MAX_FILE_SECONDS = 3600.0
SWEEP_SECONDS = 60.0
NAME = re.compile(rf"{PREFIX}\d{{8}}T\d{{6}}Z-[0-9a-f]{{16}}{re.escape(SUFFIX)}")
OPEN_FLAGS = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_CLOEXEC


class LogFolderError(ValueError):
    """A setting that names no folder."""


class LogFiles:
    """Writes lines to files of this process, and removes the oldest of all that stand in the folder.

    Replicas may share a folder: each has its own files, and each keeps the whole folder within its bounds. Only the
    thread that writes uses it.
    """

    def __init__(
        self, folder: Path, max_bytes: int, max_age_seconds: float, clock: Callable[[], float] = time.time
    ) -> None:
        """Raises: LogFolderError."""
        if not folder.is_dir():
            raise LogFolderError(f"prediction log folder {folder} is no folder, expected one that can be written")
        self.folder = folder
        self._max_bytes = max_bytes
        self._max_age_seconds = max_age_seconds
        self._clock = clock
        self._file: int | None = None
        self._path = folder
        self._size = 0
        self._opened = 0.0
        self._swept = 0.0

    def write(self, lines: bytes) -> None:
        """All of the lines, or none of them.

        Raises: OSError.
        """
        if (
            self._file is None
            or self._size + len(lines) > self._max_bytes // FILES
            or not os.fstat(self._file).st_nlink
        ):
            self.close()
            self._open()
        assert self._file is not None  # noqa: S101 - it was opened, or that raised
        try:
            written = os.write(self._file, lines)
            if written < len(lines):
                os.ftruncate(self._file, self._size)
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        except OSError:
            self.close()  # the next write tries another file
            raise
        self._size += written

    def tick(self) -> None:
        """Ends a file that is an hour old and removes what is over; called again and again.

        Raises: OSError.
        """
        now = self._clock()
        if self._file is not None and now - self._opened > MAX_FILE_SECONDS:
            self.close()
        if abs(now - self._swept) > SWEEP_SECONDS:
            self._sweep(0)

    def close(self) -> None:
        """Ends the file; one without a line is removed."""
        if self._file is None:
            return
        with contextlib.suppress(OSError):
            os.close(self._file)
        self._file = None
        if not self._size:
            with contextlib.suppress(OSError):
                self._path.unlink()

    def _open(self) -> None:
        self._sweep(self._max_bytes // FILES)
        self._opened = self._clock()
        stamp = datetime.fromtimestamp(self._opened, UTC).strftime("%Y%m%dT%H%M%SZ")
        self._path = self.folder / f"{PREFIX}{stamp}-{secrets.token_hex(8)}{SUFFIX}"
        self._file = os.open(self._path, OPEN_FLAGS, 0o640)
        self._size = 0

    def _sweep(self, needed: int) -> None:
        """Removes files until `needed` more bytes fit, the oldest first, and those that are too old."""
        now = self._swept = self._clock()
        found = [(entry, entry.stat(follow_symlinks=False)) for entry in self._list()]
        total = sum(stat.st_size for _, stat in found)
        for entry, stat in sorted(found, key=lambda pair: pair[0].name):
            is_current = self._file is not None and entry.name == self._path.name
            is_over = total + needed > self._max_bytes or now - stat.st_mtime > self._max_age_seconds
            if is_over and not is_current:
                with contextlib.suppress(FileNotFoundError):  # another replica sweeps too
                    os.unlink(entry)
                total -= stat.st_size

    def _list(self) -> "list[os.DirEntry[str]]":
        with os.scandir(self.folder) as entries:
            return [entry for entry in entries if NAME.fullmatch(entry.name)]
