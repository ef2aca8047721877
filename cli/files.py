"""Files and folders that appear whole or not at all, whatever interrupts their writing, and are read up to a limit."""

import contextlib
import errno
import os
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path

from cli.errors import InputError

NO_SPACE = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


def write_folder(folder: Path, files: Mapping[str, bytes], last: str | None = None) -> None:
    """Writes `files` into `folder`, replacing it in one step; `last` is written after all the others.

    A name may have one folder in front. Any user may read what is written.

    Raises: InputError if the disk refuses; what stood in `folder` before is still there.
    """
    staging = None
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        staging = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
        for name in sorted(files, key=lambda name: (name == last, name)):
            path = staging / name
            path.parent.mkdir(exist_ok=True)
            _write_durably(path, files[name])
        for path in (staging, *staging.rglob("*")):  # whatever this user's umask is
            path.chmod(0o755 if path.is_dir() else 0o644)
            if path.is_dir():
                _sync(path)
        replace_folder(staging, folder)
    except OSError as error:
        raise _refuse(folder, error) from error
    finally:
        if staging:
            shutil.rmtree(staging, ignore_errors=True)


def write_file(path: Path, content: bytes) -> None:
    """Writes the file, replacing it in one step.

    Raises: InputError if the disk refuses; what stood there before is still there.
    """
    staging = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _write_durably(staging, content)
        staging.replace(path)
    except OSError as error:
        with contextlib.suppress(OSError):
            staging.unlink()
        raise _refuse(path, error) from error


def read_file(path: Path, limit: int) -> bytes:
    """Raises: InputError if it cannot be read, is no regular file, or has more than `limit` bytes."""
    try:
        if not path.is_file():  # a pipe would never end
            raise InputError(f"{path} is not a regular file; name one that is there")
        if (size := path.stat().st_size) > limit:
            raise InputError(f"{path} has {size:,} bytes, expected at most {limit:,}")
        return path.read_bytes()
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}") from error


def _refuse(path: Path, error: OSError) -> InputError:
    remedy = "free some space" if error.errno in NO_SPACE else "make it writable"
    return InputError(f"{path} could not be written: {error.strerror}; {remedy} and run again, nothing was replaced")


def replace_folder(new: Path, folder: Path) -> None:
    """Puts `new` in the place of `folder`; a crash in between leaves the old one for `recover_folder`.

    Raises: OSError; what stood there stands there again.
    """
    old = _former(folder)
    recover_folder(folder)
    try:
        if folder.exists():
            folder.rename(old)
        new.rename(folder)
    except OSError:
        recover_folder(folder)
        raise
    _sync(folder.parent)
    shutil.rmtree(old, ignore_errors=True)


def recover_folder(folder: Path) -> None:
    """Finishes or undoes a replacement that was cut off."""
    old = _former(folder)
    if not old.exists():
        return
    if folder.exists():
        shutil.rmtree(old)
    else:
        old.rename(folder)


def _former(folder: Path) -> Path:
    return folder.with_name(f".{folder.name}.former")


def _write_durably(path: Path, content: bytes) -> None:
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
