"""The stand-ins refuse what GitHub's own actions refuse, and every action has one."""

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.workflows.act import STAND_INS, list_replacements, read_log

PACK = STAND_INS / "actions" / "upload-artifact" / "pack.py"
JUDGE = STAND_INS / "re-actors" / "alls-green" / "judge.py"


def run(script: Path, folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(script)]
    given = {**os.environ, **environment}
    return subprocess.run(command, cwd=folder, env=given, capture_output=True, text=True, timeout=30, check=False)


def pack(folder: Path, source: str, name: str = "made", if_none: str = "error") -> subprocess.CompletedProcess[str]:
    environment = {"NAME": name, "FROM": source, "IF_NONE": if_none}
    return run(PACK, folder, LATHE_ARTIFACTS=str(folder / "kept"), GITHUB_RUN_ID="1", **environment)


def test_a_folder_is_packed_without_its_own_name_and_once_a_run(tmp_path: Path) -> None:
    (tmp_path / "made" / "deep").mkdir(parents=True)
    (tmp_path / "made" / "deep" / "file").write_text("text", encoding="utf-8")
    assert pack(tmp_path, "made").returncode == 0
    assert zipfile.ZipFile(tmp_path / "kept" / "1" / "made.zip").namelist() == ["deep/file"]
    assert "FileExistsError" in pack(tmp_path, "made").stderr


@pytest.mark.parametrize(("name", "if_none", "code"), [("made", "error", 1), ("made", "warn", 0), ("a/b", "warn", 1)])
def test_nothing_to_pack_or_a_bad_name_is_an_error_where_it_is_asked_for(
    tmp_path: Path, name: str, if_none: str, code: int
) -> None:
    assert pack(tmp_path, "nothing", name, if_none).returncode == code


@pytest.mark.parametrize(
    ("results", "skips", "code"),
    [
        ({"a": "success", "b": "skipped"}, "b", 0),
        ({"a": "success", "b": "skipped"}, "", 1),
        ({"a": "success", "b": "failure"}, "b", 1),
        ({"a": "cancelled"}, "a", 1),
        ({}, "", 1),
    ],
)
def test_a_job_that_was_left_out_is_green_only_where_it_may_be(
    tmp_path: Path, results: dict[str, str], skips: str, code: int
) -> None:
    jobs = json.dumps({name: {"result": result} for name, result in results.items()})
    assert run(JUDGE, tmp_path, JOBS=jobs, SKIPS=skips).returncode == code


def test_every_action_that_is_run_has_a_stand_in() -> None:
    replaced = list_replacements()
    assert len(replaced) >= 7
    assert all((Path(one.rpartition("=")[2]) / "action.yml").is_file() for one in replaced)


def test_the_log_of_act_is_read_for_jobs_and_lines() -> None:
    lines = (
        '{"job": "model/a", "jobID": "a", "msg": "done", "jobResult": "success"}',
        '{"job": "tests/make/make test", "jobID": "make", "msg": "ended", "jobResult": "failure"}',
        "no JSON",
    )
    log = read_log("\n".join(lines))
    assert log.jobs == {"a": "success", "tests": "failure"}
    assert log.lines == ["[model/a] done", "[tests/make/make test] ended", "no JSON"]
