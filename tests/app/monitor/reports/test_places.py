"""Reports in a bucket: what a run needs is fetched, what it wrote is sent, and what goes wrong is one line."""

import uuid
from collections.abc import Callable
from pathlib import Path

import fsspec
import pytest

from app.monitor.reports.addresses import reach_files
from app.monitor.reports.places import open_reports
from app.monitor.reports.runs import HISTORY, INDEX
from cli.errors import InputError, OutsideError

BUCKETS = fsspec.filesystem("memory")  # a file system of fsspec's like those of the clouds, without their network


class NoAnswerError(Exception):
    """As a cloud's client raises it: no OSError."""


NoAnswerError.__module__ = "botocore.exceptions"


@pytest.fixture
def bucket() -> str:
    return f"memory://{uuid.uuid4().hex}/reports"


def write_run(folder: Path, name: str, history: str) -> None:
    (folder / name).mkdir()
    (folder / name / INDEX).write_text(name)
    (folder / HISTORY).write_text(history)
    (folder / INDEX).write_text(history)


def list_files(bucket: str) -> dict[str, str]:
    root = bucket.removeprefix("memory:/")
    return {name.removeprefix(f"{root}/"): BUCKETS.cat(name).decode() for name in BUCKETS.find(root)}


def test_a_run_stands_in_the_bucket_beside_the_earlier_ones(bucket: str) -> None:
    for number in (1, 2):
        with open_reports(bucket) as folder:
            assert [path.name for path in folder.glob("run-*")] == ["run-1"][: number - 1]
            assert (folder / HISTORY).exists() == (number > 1)
            write_run(folder, f"run-{number}", f"until {number}")
    assert list_files(bucket) == {
        HISTORY: "until 2",
        INDEX: "until 2",
        f"run-1/{INDEX}": "run-1",
        f"run-2/{INDEX}": "run-2",
    }


def test_a_run_that_is_not_kept_goes_from_the_bucket(bucket: str) -> None:
    with open_reports(bucket) as folder:
        write_run(folder, "run-1", "one")
    with open_reports(bucket) as folder:
        (folder / "run-1").rmdir()
        write_run(folder, "run-2", "two")
    assert sorted(list_files(bucket)) == [HISTORY, INDEX, f"run-2/{INDEX}"]


def fail_in_between(folder: Path) -> None:
    write_run(folder, "run-2", "two")
    raise InputError("no rows")


def test_a_run_that_fails_leaves_the_bucket_as_it_was(bucket: str) -> None:
    with open_reports(bucket) as folder:
        write_run(folder, "run-1", "one")
    before = list_files(bucket)
    with pytest.raises(InputError, match="no rows"), open_reports(bucket) as folder:
        fail_in_between(folder)
    assert list_files(bucket) == before


def test_a_folder_is_written_in_place(tmp_path: Path) -> None:
    with open_reports(str(tmp_path)) as folder:
        assert folder == tmp_path


def test_a_protocol_that_nobody_knows_is_a_usage_error(bucket: str) -> None:
    with pytest.raises(InputError, match=r"bukkit://a cannot be opened"), open_reports("bukkit://a"):
        pass


def fail_as_a_cloud() -> None:
    raise NoAnswerError("Unable to locate\n credentials")


def fail_as_a_disk() -> None:
    raise PermissionError(13, "Permission denied")


@pytest.mark.parametrize(
    ("fail", "text"), [(fail_as_a_cloud, "Unable to locate credentials"), (fail_as_a_disk, "Permission denied")]
)
def test_what_a_clouds_client_raises_is_one_line(bucket: str, fail: Callable[[], None], text: str) -> None:
    with pytest.raises(OutsideError) as error, reach_files(bucket):
        fail()
    assert str(error.value) == f"{bucket} cannot be read or written: {text}"


def test_a_fault_of_ours_keeps_its_traceback(bucket: str) -> None:
    with pytest.raises(KeyError), reach_files(bucket):
        raise KeyError("ours")
