"""The spool: what goes in comes out, from memory or from disk, and a full disk has its own error."""

import tempfile
from pathlib import Path

import pytest

from app.predictor.spool import MEMORY_BYTES, Spool, SpoolError

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
