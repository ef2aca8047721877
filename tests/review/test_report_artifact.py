"""Another run's artifact is read in full or not at all."""

import json
from typing import Any

import pytest

from cli.errors import OutsideError, RefusedError
from review.report_artifact import MAX_PACKED_BYTES, fetch_report
from tests.review.conftest import Serve
from tests.review.worlds import DATA, encode, make_artifact, pack_zip, read_report_json, report_world

REPORT = (DATA / "report-good.json").read_bytes()
GOOD = pack_zip({"report.json": REPORT, "pull-request.json": b'{"number": 999}'})


def test_an_honest_report_is_read(serve: Serve) -> None:
    github, state = serve(report_world(GOOD))
    report = fetch_report(github, 500)
    assert report is not None
    assert report.candidate.digest == read_report_json("good")["candidate"]["digest"]
    assert [request.partition("?")[0].rpartition("lathe/")[2] for request in state.requests] == [
        "actions/runs/500/artifacts",
        "actions/artifacts/1/zip",
    ]


def test_a_run_that_left_none_has_none(serve: Serve) -> None:
    github, _ = serve(report_world(GOOD, artifacts=[make_artifact(1, "bundle", GOOD)]))
    assert fetch_report(github, 500) is None


def test_of_two_attempts_the_later_one_counts(serve: Serve) -> None:
    bad = pack_zip({"report.json": (DATA / "report-bad.json").read_bytes()})
    artifacts = [make_artifact(5, "gate-report", bad), make_artifact(1, "gate-report", GOOD)]
    github, _ = serve(report_world(GOOD, artifacts=artifacts, contents={"artifacts/5": encode(bad)}))
    report = fetch_report(github, 500)
    assert report is not None
    assert report.verdict == "fail"


def changed(**changes: Any) -> bytes:
    return pack_zip({"report.json": json.dumps({**read_report_json("good"), **changes}).encode()})


HOSTILE = {
    "no archive": (b"<html>", "is damaged"),
    "no report": (pack_zip({"pull-request.json": b"{}"}), r"holds no report\.json"),
    "another file": (pack_zip({"report.json": REPORT, "run.sh": b""}), r"holds 'run\.sh', expected only"),
    "a path upwards": (pack_zip({"../../report.json": REPORT}), "expected only"),
    "three files": (pack_zip({"report.json": b"", "pull-request.json": b"", "x": b""}), "holds 3 files"),
    "a bomb": (pack_zip({"report.json": b" " * 2_000_000}), "more than 60 times its size"),
    "a long text": (changed(headline="x" * 3000), "headline"),
    "another version": (changed(schema_version=9), "schema_version"),
    "a verdict that is not its checks'": (changed(verdict="fail"), "its own checks say 'pass'"),
    "no JSON": (pack_zip({"report.json": b"\x00"}), "is no gate report"),
}


@pytest.mark.parametrize("case", HOSTILE)
def test_a_hostile_artifact_is_refused_in_one_line(serve: Serve, case: str) -> None:
    content, reason = HOSTILE[case]
    github, state = serve(report_world(content))
    with pytest.raises(RefusedError, match=reason) as raised:
        fetch_report(github, 500)
    assert "\n" not in str(raised.value)
    assert "artifact 'gate-report' (1)" in str(raised.value)
    assert state.writes == []


def test_one_that_says_it_is_large_is_not_fetched(serve: Serve) -> None:
    artifact = make_artifact(1, "gate-report", GOOD, size_in_bytes=MAX_PACKED_BYTES + 1)
    github, state = serve(report_world(GOOD, artifacts=[artifact]))
    with pytest.raises(RefusedError, match="has 4,194,305 bytes, expected"):
        fetch_report(github, 500)
    assert len(state.requests) == 1


def test_one_that_is_larger_than_it_says_is_not_read(serve: Serve) -> None:
    content = GOOD + b"\x00" * MAX_PACKED_BYTES
    github, _ = serve(report_world(content, artifacts=[make_artifact(1, "gate-report", GOOD)]))
    with pytest.raises(RefusedError, match="is larger than 4,194,304 bytes: not taken"):
        fetch_report(github, 500)


def test_one_that_has_run_out_is_named(serve: Serve) -> None:
    github, _ = serve(report_world(GOOD, artifacts=[make_artifact(1, "gate-report", GOOD, expired=True)]))
    with pytest.raises(RefusedError, match="has run out; run the workflow again"):
        fetch_report(github, 500)


def test_a_run_that_is_not_there_is_githubs_answer(serve: Serve) -> None:
    github, _ = serve(report_world(GOOD))
    with pytest.raises(OutsideError, match="404"):
        fetch_report(github, 501)
