"""Parquet in a process of its own: what is damaged ends in one line, whatever the parser does with it."""

import io
import random
import resource
import sys
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pyarrow as arrow
import pytest
from pyarrow import parquet

from cli.errors import InputError
from tests.training.data.parquet_forks import Forks
from training.data.sources.fetching import DownloadLimits
from training.data.sources.parquet import CHILD, parse_parquet, run_program

LIMITS = DownloadLimits(max_bytes=50_000_000, max_seconds=60)
FLIPS = 500


def stored(table: arrow.Table, **options: object) -> bytes:
    made = io.BytesIO()
    parquet.write_table(table, made, **options)
    return made.getvalue()


@pytest.fixture(scope="module")
def good() -> bytes:
    rows = 50
    columns = {
        "number": [index / 7 for index in range(rows)],
        "whole": list(range(rows)),
        "text": [f"ä{index}" for index in range(rows)],
        "time": pd.date_range("2024-01-01", periods=rows),
        "missing": [None, 1.5] * (rows // 2),
    }
    return stored(arrow.table(columns), row_group_size=20)


@pytest.mark.slow
def test_a_table_comes_back_as_it_was_stored(good: bytes) -> None:
    frame = parse_parquet(good, "rows.parquet", LIMITS)
    assert frame.index.tolist() == list(range(1, 51))
    expected = parquet.read_table(io.BytesIO(good)).to_pandas()
    pd.testing.assert_frame_equal(frame.reset_index(drop=True), expected)


@pytest.mark.slow
def test_what_unpacks_to_more_than_the_limit_is_refused() -> None:
    bomb = stored(arrow.table({"a": arrow.array([0.5] * 10_000_000)}))
    assert len(bomb) < 100_000
    with pytest.raises(InputError, match=r"unpacks to [\d,]+ bytes, expected at most 50,000,000"):
        parse_parquet(bomb, "rows.parquet", LIMITS)


@pytest.mark.slow
@pytest.mark.parametrize(
    "options",
    [
        {"compression": "none", "use_dictionary": False},
        {"compression": "none", "data_page_version": "2.0", "use_dictionary": False},
        {"compression": "none", "use_dictionary": True},
        {"compression": "snappy", "use_dictionary": False},
    ],
)
def test_a_flipped_bit_in_a_page_that_has_a_checksum_is_refused(options: dict[str, object]) -> None:
    needle = (1234567.25, b"\x00\x00\x00\x40\x87\xd6\x32\x41")
    table = arrow.table({"a": [1.5, needle[0], 2.5]})
    whole = stored(table, write_page_checksum=True, write_statistics=False, **options)
    damaged = bytearray(whole)
    damaged[whole.index(needle[1])] ^= 1
    assert parse_parquet(whole, "rows.parquet", LIMITS)["a"].tolist() == [1.5, needle[0], 2.5]
    with pytest.raises(InputError, match=r"^rows\.parquet is no readable Parquet file: .*(CRC|checksum)[^\n]*$"):
        parse_parquet(bytes(damaged), "rows.parquet", LIMITS)


def test_a_column_that_stands_twice_is_refused() -> None:
    twice = stored(arrow.Table.from_arrays([arrow.array([1]), arrow.array([2])], names=["a", "a"]))
    with pytest.raises(InputError, match="has the column 'a' twice"):
        parse_parquet(twice, "rows.parquet", LIMITS)


def test_a_parser_that_dies_is_one_line(good: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    dying = tmp_path / "child.py"
    dying.write_text("import os, signal\nos.kill(os.getpid(), signal.SIGSEGV)\n")
    monkeypatch.setattr("training.data.sources.parquet.CHILD", dying)
    with pytest.raises(InputError, match="the parser was ended by SIGSEGV, so it is damaged or needs too much"):
        parse_parquet(good, "rows.parquet", LIMITS)


@pytest.mark.slow
def test_a_parser_that_takes_too_much_processor_is_ended(
    good: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow = tmp_path / "child.py"
    code = CHILD.read_text().replace("problem = convert(", "while True: pass\n        problem = convert(")
    assert "while True" in code
    slow.write_text(code)
    monkeypatch.setattr("training.data.sources.parquet.CHILD", slow)
    with pytest.raises(InputError, match=r"the parser was ended by SIG(XCPU|KILL)|it takes longer than 2 s"):
        parse_parquet(good, "rows.parquet", DownloadLimits(max_bytes=1000, max_seconds=1))
    assert resource.getrlimit(resource.RLIMIT_CPU)[0] == resource.RLIM_INFINITY


def flip(good: bytes, chosen: random.Random) -> bytes:
    damaged = bytearray(good)
    for _ in range(chosen.choice((1, 1, 4))):
        damaged[chosen.randrange(len(damaged))] ^= 1 << chosen.randrange(8)
    return bytes(damaged)


@pytest.fixture
def forks(monkeypatch: pytest.MonkeyPatch) -> Iterator[Forks]:
    """The parser's program forks from one that has its libraries loaded: that takes nearly all of its time."""
    made = Forks(CHILD)
    monkeypatch.setattr("training.data.sources.parquet.run_program", made.run)
    yield made
    made.end()


@pytest.mark.slow
def test_a_fork_says_what_the_program_says(good: bytes) -> None:
    chosen = random.Random(3)
    command = [sys.executable, "-I", str(CHILD), str(4 * 2**30), "60", "50000000"]
    forks = Forks(CHILD)
    for content in (good, b"", b"PAR1", *(flip(good, chosen) for _ in range(3))):
        alone, forked = run_program(command, content, 60), forks.run(command, content, 60)
        assert (forked.returncode, forked.stdout, forked.stderr) == (alone.returncode, alone.stdout, alone.stderr)
    forks.end()


@pytest.mark.slow
@pytest.mark.usefixtures("forks")
def test_flipped_bits_are_read_or_refused_in_one_line(good: bytes) -> None:
    chosen, told = random.Random(7), []
    for _ in range(FLIPS):
        damaged = flip(good, chosen)
        try:
            parse_parquet(damaged, "rows.parquet", LIMITS)
        except InputError as error:
            told.append(str(error))
    assert len(told) > FLIPS / 4
    assert all("\n" not in line and line.startswith("rows.parquet ") for line in told)
