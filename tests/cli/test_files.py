"""T5: folders and files appear whole or not at all, wherever a crash cuts in."""

import contextlib
import errno
import os
import resource
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from cli.errors import InputError
from cli.files import recover_folder, replace_folder, write_file, write_folder
from tests.conftest import ROOT
from tests.patience import LAST_RESORT_SECONDS

OLD = {"model": b"old" * 100, "manifest": b"of the old"}
NEW = {"model": b"new" * 100, "manifest": b"of the new"}
MOST_EVENTS = 100

# writes a folder and ends without a word, as kill -9 would, before its n-th call to the system
CRASH = """
import os, sys
from pathlib import Path
from cli.files import write_folder
folder, last = Path(sys.argv[1]), int(sys.argv[2])
count = 0
def crash(event, arguments):
    global count
    if event == "open" or event.startswith(("os.", "shutil.", "tempfile.")):
        if count == last:
            os._exit(9)
        count += 1
sys.addaudithook(crash)
write_folder(folder, {"model": b"new" * 100, "manifest": b"of the new"}, last="manifest")
os._exit(0)
"""


def read_folder(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_a_folder_is_written_whole_and_leaves_nothing_beside_it(tmp_path: Path) -> None:
    folder = tmp_path / "deep" / "er" / "bundle"
    write_folder(folder, OLD, last="manifest")
    assert read_folder(folder) == OLD
    assert folder.stat().st_mode & 0o777 == 0o755
    write_folder(folder, NEW, last="manifest")
    assert read_folder(folder) == NEW
    assert [path.name for path in folder.parent.iterdir()] == ["bundle"]


def test_the_last_file_is_written_after_all_others(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written: list[str] = []
    monkeypatch.setattr("cli.files._write_durably", lambda path, content: written.append(path.name))
    write_folder(tmp_path / "bundle", {"a-manifest": b"", "z": b"", "b": b""}, last="a-manifest")
    assert written == ["b", "z", "a-manifest"]


@pytest.mark.slow
def test_a_crash_at_any_point_leaves_the_old_or_the_new_and_never_a_part(tmp_path: Path) -> None:
    seen = set()
    for point in range(MOST_EVENTS):
        folder = tmp_path / f"run-{point}" / "bundle"
        write_folder(folder, OLD, last="manifest")
        command = [sys.executable, "-S", "-c", CRASH, str(folder), str(point)]
        ended = subprocess.run(command, cwd=ROOT, check=False, timeout=LAST_RESORT_SECONDS).returncode
        visible = read_folder(folder) if folder.exists() else None
        assert visible in (OLD, NEW, None)
        recover_folder(folder)
        assert read_folder(folder) in (OLD, NEW)
        seen.add((ended, None if visible is None else visible == NEW))
        write_folder(folder, NEW, last="manifest")
        assert read_folder(folder) == NEW
        if ended == 0:
            break
    # killed before, between and after the two renames, and in the end not killed
    assert seen == {(9, False), (9, None), (9, True), (0, True)}


def test_the_former_folder_comes_back_if_the_new_one_cannot_take_its_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_folder(tmp_path / "bundle", OLD, last="manifest")
    rename = Path.rename

    def refuse_new(self: Path, target: Path) -> Path:
        if self.name == "new":
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", refuse_new)
    (tmp_path / "new").mkdir()
    with pytest.raises(OSError, match="Input/output error"):
        replace_folder(tmp_path / "new", tmp_path / "bundle")
    assert read_folder(tmp_path / "bundle") == OLD


def test_recovering_finishes_a_replacement_that_was_nearly_done(tmp_path: Path) -> None:
    write_folder(tmp_path / "bundle", NEW, last="manifest")
    write_folder(tmp_path / ".bundle.former", OLD, last="manifest")
    recover_folder(tmp_path / "bundle")
    assert read_folder(tmp_path / "bundle") == NEW
    assert [path.name for path in tmp_path.iterdir()] == ["bundle"]


def test_recovering_where_nothing_happened_does_nothing(tmp_path: Path) -> None:
    recover_folder(tmp_path / "bundle")
    assert list(tmp_path.iterdir()) == []


@contextlib.contextmanager
def small_disk() -> Iterator[None]:
    """No file may grow past 1000 bytes, as on a disk that fills up; not pytest's own output either, so not for long."""
    limits, bytecode = resource.getrlimit(resource.RLIMIT_FSIZE), sys.dont_write_bytecode
    sys.dont_write_bytecode = True  # cut-off bytecode would stay
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, limits[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        sys.dont_write_bytecode = bytecode


def test_a_full_disk_replaces_nothing_and_leaves_nothing(tmp_path: Path) -> None:
    folder, file = tmp_path / "bundle", tmp_path / "record.json"
    write_folder(folder, OLD, last="manifest")
    write_file(file, b"old")
    refused = r"bundle could not be written: File too large; free some space and run again"
    with pytest.raises(InputError, match=refused), small_disk():
        write_folder(folder, {**NEW, "model": b"x" * 5000}, last="manifest")
    refused = r"record.json could not be written: File too large; free some space"
    with pytest.raises(InputError, match=refused), small_disk():
        write_file(file, b"x" * 5000)
    assert read_folder(folder) == OLD
    assert file.read_bytes() == b"old"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["bundle", "record.json"]


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(InputError, match=r"file/bundle could not be written: .*; make it writable"):
        write_folder(tmp_path / "file" / "bundle", NEW, last="manifest")
    with pytest.raises(InputError, match=r"file/record.json could not be written: .*; make it writable"):
        write_file(tmp_path / "file" / "record.json", b"")


def test_a_file_is_replaced_in_one_step(tmp_path: Path) -> None:
    file = tmp_path / "deep" / "record.json"
    write_file(file, b"old")
    kept = file.open("rb")
    write_file(file, b"new")
    with kept:
        assert kept.read() == b"old"
    assert file.read_bytes() == b"new"
    assert [path.name for path in file.parent.iterdir()] == ["record.json"]
