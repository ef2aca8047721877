"""The spool: what goes in comes out, from memory or from disk, and a full disk has its own error."""

import contextlib
import os
import resource
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.predictor.http.spool import MEMORY_BYTES, Spool, SpoolError

LARGE = 10 * MEMORY_BYTES


@pytest.mark.parametrize("size", [0, 1000, MEMORY_BYTES + 1000])
def test_what_goes_in_comes_out_once(size: int) -> None:
    spool = Spool(LARGE)
    content = bytes(range(250)) * (size // 250)
    for start in range(0, len(content), 1_000_000):
        spool.write(content[start : start + 1_000_000])
    spool.rewind()
    assert spool.size == len(content)
    assert b"".join(iter(lambda: spool.read(300_000), b"")) == content
    spool.close()


def test_a_disk_that_takes_nothing_has_an_error_of_its_own(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "nothing"))
    spool = Spool(LARGE)
    spool.write(b"x" * MEMORY_BYTES)
    with pytest.raises(SpoolError) as told:
        spool.write(b"x")
    assert (told.value.status, told.value.code) == (507, "spool_full")
    spool.close()


def test_an_answer_above_its_limit_is_refused_before_it_is_kept() -> None:
    spool = Spool(1000)
    spool.write(b"x" * 1000)
    with pytest.raises(SpoolError, match="larger than the 1000 bytes allowed, send fewer rows at once"):
        spool.write(b"x")
    assert spool.size == 1000
    spool.close()


@contextlib.contextmanager
def limit_files(size: int) -> Iterator[None]:
    """As a disk that has only so much room left."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.mark.parametrize("left", [0, 1, 5000])
def test_a_disk_that_is_full_at_the_last_flush_has_the_same_error(left: int) -> None:
    with contextlib.closing(Spool(LARGE)) as spool, limit_files(MEMORY_BYTES + 1 + left):
        spool.write(b"x" * (MEMORY_BYTES + 1))
        spool.write(b"x" * (left + 1))  # waits in memory for company
        with pytest.raises(SpoolError, match="does not fit on this server's disk") as told:
            spool.rewind()
        assert told.value.status == 507


def test_a_disk_that_is_full_while_the_memory_moves_to_it_has_the_same_error() -> None:
    with contextlib.closing(Spool(LARGE)) as spool, limit_files(MEMORY_BYTES // 2):
        spool.write(b"x" * MEMORY_BYTES)
        with pytest.raises(SpoolError, match="does not fit"):
            spool.write(b"x")


def test_an_answer_that_is_not_given_back_whole_is_an_error_and_not_waited_for() -> None:
    spool = Spool(LARGE)
    spool.write(b"x" * (MEMORY_BYTES + 1))
    spool.rewind()
    os.ftruncate(spool._file.fileno(), 1000)
    assert len(spool.read(1000)) == 1000
    with pytest.raises(OSError, match=f"{MEMORY_BYTES - 999} bytes of the answer are gone"):
        spool.read(1_000_000)
    spool.close()
