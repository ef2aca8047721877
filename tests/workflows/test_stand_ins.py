"""The stand-ins refuse what GitHub's own actions refuse, and every action has one."""

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from tests.harness.checkout import run_git
from tests.patience import LAST_RESORT_SECONDS
from tests.workflows.act import STAND_INS, list_replacements, read_log

PACK = STAND_INS / "actions" / "upload-artifact" / "pack.py"
JUDGE = STAND_INS / "re-actors" / "alls-green" / "judge.py"


def run(script: Path, folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(script)]
    given = {**os.environ, **environment}
    return subprocess.run(
        command, cwd=folder, env=given, capture_output=True, text=True, timeout=LAST_RESORT_SECONDS, check=False
    )


def pack(folder: Path, source: str, name: str = "made", if_none: str = "error") -> subprocess.CompletedProcess[str]:
    environment = {"NAME": name, "FROM": source, "IF_NONE": if_none}
    return run(PACK, folder, LATHE_ARTIFACTS=str(folder / "kept"), GITHUB_RUN_ID="1", **environment)


def test_a_folder_is_packed_without_its_own_name_and_once_a_run(tmp_path: Path) -> None:
    (tmp_path / "made" / "deep").mkdir(parents=True)
    (tmp_path / "made" / "deep" / "file").write_text("text", encoding="utf-8")
    assert pack(tmp_path, "made").returncode == 0
    assert zipfile.ZipFile(tmp_path / "kept" / "1" / "made.zip").namelist() == ["deep/file"]
    assert "FileExistsError" in pack(tmp_path, "made").stderr


def test_of_several_paths_the_names_are_those_below_the_deepest_folder_of_all(tmp_path: Path) -> None:
    (tmp_path / "made" / "release").mkdir(parents=True)
    for name in ("release/v1.0.0.json", "sbom.json", "other"):
        (tmp_path / "made" / name).write_text("text", encoding="utf-8")
    assert pack(tmp_path, "made/release\nmade/sbom.json").returncode == 0
    assert zipfile.ZipFile(tmp_path / "kept" / "1" / "made.zip").namelist() == ["release/v1.0.0.json", "sbom.json"]


def run_step(action: str, folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """The one command of a stand-in, as the runner's bash runs it."""
    content = YAML(typ="safe").load((STAND_INS / action / "action.yml").read_text(encoding="utf-8"))
    command = ["bash", "-eo", "pipefail", "-c", content["runs"]["steps"][0]["run"]]
    given = {**os.environ, **environment}
    return subprocess.run(
        command, cwd=folder, env=given, capture_output=True, text=True, timeout=LAST_RESORT_SECONDS, check=False
    )


def test_all_artifacts_of_a_run_come_into_one_folder_if_that_is_said(tmp_path: Path) -> None:
    for name in ("approved", "published"):
        (tmp_path / "artifacts" / name).mkdir(parents=True)
        (tmp_path / "artifacts" / name / "file").write_text(name, encoding="utf-8")
        assert pack(tmp_path, f"artifacts/{name}\nartifacts/{name}", name).returncode == 0
    where = {"LATHE_ARTIFACTS": str(tmp_path / "kept"), "GITHUB_RUN_ID": "1", "NAME": "", "TO": str(tmp_path / "here")}
    assert run_step("actions/download-artifact", tmp_path, **where, MERGE="false").returncode == 1
    assert run_step("actions/download-artifact", tmp_path, **where, MERGE="true").returncode == 0
    assert (tmp_path / "here" / "file").read_text(encoding="utf-8") == "published"


def test_a_checkout_of_a_tag_loses_its_annotation_as_with_the_real_one(tmp_path: Path) -> None:
    origin, work = tmp_path / "origin", tmp_path / "work"
    work.mkdir()
    run_git(tmp_path, "init", "--quiet", "--initial-branch=main", str(origin))
    run_git(origin, "commit", "--quiet", "--allow-empty", "--message", "One")
    run_git(origin, "tag", "--annotate", "--message", "One", "v1.0.0")
    commit = run_git(origin, "rev-parse", "HEAD")
    run_git(origin, "config", "uploadpack.allowAnySHA1InWant", "true")
    given = {"LATHE_ORIGIN": f"file://{origin}", "REF": commit, "GITHUB_SHA": commit, "GITHUB_REF": "refs/tags/v1.0.0"}
    done = run_step("actions/checkout", work, **given, DEPTH="0", PERSIST="false")
    assert (done.returncode, done.stderr) == (0, "")
    assert run_git(work, "cat-file", "-t", "refs/tags/v1.0.0") == "commit"
    assert run_git(work, "rev-parse", "HEAD", "refs/remotes/origin/main").split() == [commit, commit]


@pytest.mark.parametrize(("name", "secret", "code"), [("somebody", "a-token", 0), ("", "a-token", 1), ("me", "", 1)])
def test_a_registry_wants_a_name_and_a_password(tmp_path: Path, name: str, secret: str, code: int) -> None:
    done = run_step("docker/login-action", tmp_path, HOST="ghcr.io", NAME=name, SECRET=secret)
    assert done.returncode == code


@pytest.mark.parametrize("action", ["aws-actions/configure-aws-credentials", "google-github-actions/auth"])
def test_a_cloud_is_not_reached(tmp_path: Path, action: str) -> None:
    assert run_step(action, tmp_path).returncode == 1


@pytest.mark.parametrize(
    ("wanted", "code"), [("write write", 0), ("write ", 0), (" write", 1), ("admin write", 1), (" ", 1)]
)
def test_the_app_is_asked_for_no_more_than_it_needs(tmp_path: Path, wanted: str, code: int) -> None:
    given = {"ID": "app", "KEY": "key", "LATHE_APP_TOKEN": "token", "GITHUB_OUTPUT": str(tmp_path / "outputs")}
    assert run_step("actions/create-github-app-token", tmp_path, **given, PERMISSIONS=wanted).returncode == code


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
    assert len(replaced) >= 10
    assert all((Path(one.rpartition("=")[2]) / "action.yml").is_file() for one in replaced)


def test_the_log_of_act_is_read_for_jobs_and_lines() -> None:
    lines = (
        '{"job": "model/a", "jobID": "a", "msg": "done", "jobResult": "success"}',
        '{"job": "tests/make/make test", "jobID": "make", "msg": "ended", "jobResult": "failure"}',
        "no JSON",
    )
    log = read_log("\n".join(lines))
    assert log.jobs == {"a": "success", "tests": "failure"}
    assert read_log("\n".join((lines[1], lines[1].replace("failure", "success")))).jobs == {"tests": "failure"}
    assert log.lines == ["[model/a] done", "[tests/make/make test] ended", "no JSON"]
