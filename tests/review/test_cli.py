"""The verbs as a workflow calls them: real processes, a real server, exit codes, outputs, and no traceback."""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from review.comment.text import MARKER
from tests.patience import LAST_RESORT_SECONDS
from tests.review.approval.test_decision import UNCERTAIN, event
from tests.review.approval.test_decision import world as label_world
from tests.review.approval.test_find import make_world, pack
from tests.review.approval.test_record import approval
from tests.review.job import ROOT, Job
from tests.review.worlds import (
    DATA,
    FORK,
    MERGED,
    TREE,
    encode,
    from_fork,
    make_pull,
    make_run,
    pack_zip,
    release_world,
    report_of,
    report_world,
)

pytestmark = pytest.mark.slow  # each verb is a process of its own

READER = "token-that-reads"
GOOD = pack_zip({"report.json": (DATA / "report-good.json").read_bytes()})


Start = Callable[[dict[str, Any]], Job]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    jobs: list[Job] = []

    def begin(state: dict[str, Any]) -> Job:
        jobs.append(Job(tmp_path, state))
        return jobs[-1]

    yield begin
    for job in jobs:
        job.stop()


def report(name: str) -> str:
    return str(DATA / f"report-{name}.json")


def test_help_names_every_verb_of_the_workflows() -> None:
    command = [sys.executable, "-m", "review", "--help"]
    shown = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, check=True, timeout=LAST_RESORT_SECONDS
    ).stdout
    for verb in ("champion", "comment", "decide", "record", "find-approved", "read-dispatch", "retrain-pull"):
        assert f" {verb} " in shown


def test_champion_of_nothing_is_a_first_run(start: Start, tmp_path: Path) -> None:
    job = start({})
    done = job.run("champion", "--out", str(tmp_path / "champion"))
    assert done.returncode == 0
    assert job.read_outputs() == {"first-run": "true"}


def test_champion_of_a_release_is_written(start: Start, bundle_folder: Path, tmp_path: Path) -> None:
    job = start(release_world(bundle_folder))
    done = job.run("champion", "--out", str(tmp_path / "champion"))
    assert done.returncode == 0, done.stderr
    assert job.read_outputs()["first-run"] == "false"
    assert {path.name for path in (tmp_path / "champion").iterdir()} == {path.name for path in bundle_folder.iterdir()}


@pytest.mark.parametrize(("name", "code"), [("good", 0), ("bad", 1), ("uncertain", 3)])
def test_a_verdict_is_an_exit_code(start: Start, name: str, code: int) -> None:
    job = start({"pulls": [make_pull()]})
    done = job.run("decide", "--report", report(name), "--number", "7")
    assert done.returncode == code, done.stderr
    assert job.read_outputs()["verdict"] == {0: "pass", 1: "fail", 3: "not_enough_evidence"}[code]


def test_who_accepted_is_printed(start: Start) -> None:
    job = start(label_world(event()))
    done = job.run("decide", "--report", report("uncertain"), "--number", "7")
    assert (done.returncode, job.read_outputs()["accepted-by"]) == (0, "reviewer")
    assert UNCERTAIN.headline.partition(":")[0] in done.stdout
    assert "Accepted by reviewer" in " ".join(done.stdout.split())


def test_a_summary_needs_neither_token_nor_server(start: Start, tmp_path: Path) -> None:
    job = start({})
    done = job.run(
        "comment", "--summary", "--report", report("bad"), GITHUB_TOKEN="", GITHUB_API_URL="http://127.0.0.1:9"
    )
    assert done.returncode == 0
    assert (tmp_path / "summary").read_text().startswith(f"{MARKER}\n<!-- run 900 -->\n\n## ❌ Fail")
    assert job.read_record()["requests"] == []


def test_a_direct_comment_is_posted_once_and_updated(start: Start) -> None:
    job = start({"pulls": [make_pull()]})
    for name in ("bad", "good"):
        assert job.run("comment", "--report", report(name), "--number", "7").returncode == 0
    comments = job.read_record()["comments"]
    assert len(comments) == 1
    assert "## ✅ Pass" in comments[0]["body"]


def test_another_runs_report_reaches_its_pull_request(start: Start) -> None:
    job = start(report_world(GOOD))
    done = job.run("comment", "--run-id", "500")
    comments = job.read_record()["comments"]
    assert done.returncode == 0, done.stderr
    assert [one["number"] for one in comments] == [7]
    assert "actions/runs/500#artifacts" in comments[0]["body"]
    assert "comes from a fork" not in comments[0]["body"]


def test_a_forks_report_says_so(start: Start) -> None:
    job = start(
        report_world(GOOD, pulls=[make_pull(7), from_fork(make_pull(8))], runs=[make_run(head_repository=FORK)])
    )
    assert job.run("comment", "--run-id", "500").returncode == 0
    comments = job.read_record()["comments"]
    assert [(one["number"], "comes from a fork" in one["body"]) for one in comments] == [(8, True)]


@pytest.mark.parametrize(
    "changes",
    [{"artifacts": []}, {"pulls": [make_pull(head={**make_pull()["head"], "sha": "f" * 40})]}],
)
def test_nothing_to_say_is_no_failure(start: Start, changes: dict[str, Any]) -> None:
    job = start(report_world(GOOD, **changes))
    done = job.run("comment", "--run-id", "500")
    assert (done.returncode, job.read_record()["writes"]) == (0, [])
    assert "nothing posted" in done.stdout


def test_a_hostile_artifact_ends_in_one_line(start: Start) -> None:
    job = start(report_world(pack_zip({"::set-output name=x::y\n##[command]rm": b""})))
    done = job.run("comment", "--run-id", "500")
    assert (done.returncode, job.read_record()["writes"]) == (1, [])
    assert len(done.stderr.strip().splitlines()) == 1
    assert "##[" not in done.stderr
    assert done.stderr.startswith("error: ")


def test_an_approval_is_recorded_and_found_again(start: Start, bundle_folder: Path, tmp_path: Path) -> None:
    (tmp_path / "report.json").write_text(json.dumps(report_of(bundle_folder)))
    job = start({"pulls": [make_pull()], "approvals": {"900": [approval()]}})
    done = job.run(
        "record",
        "--report",
        str(tmp_path / "report.json"),
        "--bundle",
        str(bundle_folder),
        "--number",
        "7",
        "--tree",
        TREE,
        "--out",
        str(tmp_path / "approved"),
    )
    assert done.returncode == 0, done.stderr
    assert job.read_outputs()["artifact"] == f"approved-{TREE}"
    assert json.loads((tmp_path / "approved" / "approval.json").read_bytes())["approved_by"] == ["reviewer"]


def test_the_approved_bundle_is_found(start: Start, bundle_folder: Path, tmp_path: Path) -> None:
    job = start(make_world(pack(bundle_folder, tmp_path / "made")))
    done = job.run("find-approved", "--commit", MERGED, "--out", str(tmp_path / "out"))
    assert done.returncode == 0, done.stderr
    assert job.read_outputs()["digest"] == json.loads((bundle_folder / "bundle.json").read_bytes())["digest"]


def test_a_bundle_that_was_not_approved_stops_the_release(start: Start, bundle_folder: Path, tmp_path: Path) -> None:
    world = make_world(pack(bundle_folder, tmp_path / "made"))
    job = start({**world, "contents": {"artifacts/1": encode(pack_zip({"approval.json": b"{}"}))}})
    done = job.run("find-approved", "--commit", MERGED, "--out", str(tmp_path / "out"))
    assert done.returncode == 1
    assert not (tmp_path / "out").exists()


def test_a_dispatch_and_its_pull_request(start: Start, tmp_path: Path) -> None:
    job = start({"branches": ["main", "retrain/ai4i"]})
    payload = {"reason": "drift", "fingerprint": "0123456789abcdef"}
    (tmp_path / "event.json").write_text(json.dumps({"action": "retrain", "client_payload": payload}))
    (tmp_path / "body.md").write_text("Drift.")
    given = {"GITHUB_EVENT_NAME": "repository_dispatch", "GITHUB_EVENT_PATH": str(tmp_path / "event.json")}
    assert job.run("read-dispatch", **given).returncode == 0
    done = job.run(
        "retrain-pull",
        "--branch",
        "retrain/ai4i",
        "--title",
        "x",
        "--body-file",
        str(tmp_path / "body.md"),
        "--report",
        report("good"),
    )
    assert done.returncode == 0, done.stderr
    assert job.read_outputs() == {**payload, "number": "1"}
    text = job.read_record()["pulls"][0]["body"]
    assert text.startswith("Drift.\n\n")
    assert "## ✅ Pass" in text


@pytest.mark.parametrize(
    ("arguments", "variables", "code", "said"),
    [
        (["comment", "--report", report("good")], {}, 2, "say where to"),
        (["comment", "--run-id", "900"], {}, 4, "404"),
        (["comment", "--run-id", "500"], {"GITHUB_TOKEN": ""}, 2, "GITHUB_TOKEN is not set"),
        (["comment", "--run-id", "500"], {"GITHUB_TOKEN": "token-of-nobody"}, 4, "401"),
        (
            ["comment", "--report", report("good"), "--number", "7"],
            {"GITHUB_TOKEN": "token-that-reads"},
            4,
            "permission",
        ),
        (["decide", "--report", "nowhere.json"], {}, 2, "is not a regular file"),
        (["champion", "--source", "mlflow"], {}, 2, "python -m training"),
        (["find-approved", "--out", "x"], {}, 2, "either --commit or --tree"),
        (["record", "--number", "7"], {"GITHUB_RUN_ID": ""}, 2, "GITHUB_RUN_ID is not set"),
        (["read-dispatch"], {"GITHUB_EVENT_NAME": "push", "GITHUB_EVENT_PATH": "x"}, 1, "retrains nothing"),
    ],
)
def test_a_mistake_is_one_line_with_its_exit_code(
    start: Start, arguments: list[str], variables: dict[str, str], code: int, said: str
) -> None:
    job = start({"pulls": [make_pull()]})
    done = job.run(*arguments, **variables)
    assert done.returncode == code, done.stderr
    assert said in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    assert job.read_record()["comments"] == []
