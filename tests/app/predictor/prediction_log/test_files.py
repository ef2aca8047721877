"""The files of the prediction log, in real folders."""

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.predictor.prediction_log.files import (
    FILES,
    MAX_FILE_SECONDS,
    SWEEP_SECONDS,
    LogFiles,
    LogFolderError,
)

MAX_BYTES = 1600
NOW = 1_790_000_000.0


class Clock:
    """A time that a test moves on."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> float:
        return self.now


def list_sizes(folder: Path) -> list[int]:
    return [path.stat().st_size for path in sorted(folder.iterdir())]


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def files(tmp_path: Path, clock: Clock) -> LogFiles:
    return LogFiles(tmp_path, MAX_BYTES, 24 * 3600, clock)


@pytest.mark.parametrize("name", ["nowhere", "a-file"])
def test_what_is_no_folder_is_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / "a-file").touch()
    with pytest.raises(LogFolderError, match=f"{name} is no folder, expected one that can be written"):
        LogFiles(tmp_path / name, MAX_BYTES, 60)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40)
@given(sizes=st.lists(st.integers(1, MAX_BYTES // FILES), min_size=1, max_size=60))
def test_the_folder_never_holds_more_than_allowed_and_keeps_the_newest(
    tmp_path_factory: pytest.TempPathFactory, sizes: list[int]
) -> None:
    folder, clock = tmp_path_factory.mktemp("log"), Clock()
    files = LogFiles(folder, MAX_BYTES, 24 * 3600, clock)
    written = b""
    for index, size in enumerate(sizes):
        clock.now = NOW + index  # a second a file, so that their names are in order
        line = b"%c" % (97 + index % 26) * size
        files.write(line)
        written += line
        assert sum(list_sizes(folder)) <= MAX_BYTES
        kept = b"".join(path.read_bytes() for path in sorted(folder.iterdir()))
        assert written.endswith(kept)
    assert len(kept) >= min(len(written), MAX_BYTES // 4)


def test_a_file_ends_after_an_hour_and_is_removed_when_it_is_too_old(
    tmp_path: Path, files: LogFiles, clock: Clock
) -> None:
    files.write(b"a\n")
    clock.now += MAX_FILE_SECONDS + 1
    files.tick()
    files.write(b"b\n")
    first, second = sorted(tmp_path.iterdir())
    assert (first.read_bytes(), second.read_bytes()) == (b"a\n", b"b\n")
    os.utime(first, (NOW, NOW))
    clock.now = NOW + 24 * 3600 + SWEEP_SECONDS
    os.utime(second, (clock.now, clock.now))
    files.tick()
    assert sorted(tmp_path.iterdir()) == [second]


def test_what_is_not_of_the_log_is_left_alone(tmp_path: Path, files: LogFiles, clock: Clock) -> None:
    others = [tmp_path / name for name in ("notes.jsonl", "predictions-.jsonl", "predictions-1.jsonl.gz")]
    for path in others:
        path.write_bytes(b"x" * MAX_BYTES)
        os.utime(path, (0, 0))
    files.write(b"a\n")
    files.tick()
    assert set(others) < set(tmp_path.iterdir())


def test_replicas_that_share_a_folder_have_files_of_their_own(tmp_path: Path, clock: Clock) -> None:
    replicas = [LogFiles(tmp_path, MAX_BYTES, 24 * 3600, clock) for _ in range(3)]
    for index, replica in enumerate(replicas):
        replica.write(b"%d\n" % index)
    assert sorted(path.read_bytes() for path in tmp_path.iterdir()) == [b"0\n", b"1\n", b"2\n"]


def test_a_file_that_another_replica_removed_is_followed_by_another(tmp_path: Path, files: LogFiles) -> None:
    files.write(b"a\n")
    for path in tmp_path.iterdir():
        path.unlink()
    files.write(b"b\n")
    assert [path.read_bytes() for path in tmp_path.iterdir()] == [b"b\n"]


def test_a_folder_that_is_gone_is_an_error_until_it_is_back(tmp_path: Path, clock: Clock) -> None:
    folder = tmp_path / "log"
    folder.mkdir()
    files = LogFiles(folder, MAX_BYTES, 24 * 3600, clock)
    files.write(b"a\n")
    next(folder.iterdir()).unlink()
    folder.rmdir()
    with pytest.raises(FileNotFoundError):
        files.write(b"b\n")
    folder.mkdir()
    files.write(b"c\n")
    assert [path.read_bytes() for path in folder.iterdir()] == [b"c\n"]
