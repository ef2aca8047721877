"""Folders that appear whole or not at all."""

import contextlib
import os
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path

from cli.errors import InputError


def write_folder(folder: Path, files: Mapping[str, bytes]) -> None:
    """Writes `files`, whose names may have one folder in front, replacing `folder` in one step."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    staging = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
    try:
        for name, content in files.items():
            path = staging / name
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(content)
            path.chmod(0o644)
            path.parent.chmod(0o755)  # whatever this user's umask is
        staging.chmod(0o755)
        replace_folder(staging, folder)
    finally:
        shutil.rmtree(staging, ignore_errors=True)


def replace_folder(new: Path, folder: Path) -> None:
    former = folder.with_name(f".{folder.name}.former.{os.getpid()}")
    with contextlib.suppress(FileNotFoundError):
        folder.rename(former)
    try:
        new.rename(folder)
    except OSError:
        with contextlib.suppress(OSError):
            former.rename(folder)
        raise
    shutil.rmtree(former, ignore_errors=True)


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
