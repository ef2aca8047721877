"""The report's schema against three real reports, and against whatever a stranger may write."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cli.errors import InputError, RefusedError
from contract.report import MAX_REPORT_BYTES, decide_verdict
from review.report import parse_report, read_report
from tests.review.worlds import DATA, VERDICTS, read_report_json

Change = Callable[[dict[str, Any]], object]


@pytest.mark.parametrize("name", VERDICTS)
def test_a_real_report_is_read_with_the_gates_verdict(name: str) -> None:
    report, _ = read_report(DATA / f"report-{name}.json")
    assert report.verdict == decide_verdict(report.checks) == VERDICTS[name]
    assert len(report.checks) > 30
    assert report.champion is not None


def test_a_field_of_a_newer_gate_is_passed_over() -> None:
    content = json.dumps({**read_report_json("good"), "weather": "fine"}).encode()
    assert parse_report(content, "x").verdict == "pass"


def change_verdict(report: dict[str, Any]) -> None:
    report["verdict"] = "pass"


HOSTILE: dict[str, tuple[Change, str]] = {
    "another version": (lambda report: report.update(schema_version=2), "schema_version"),
    "an unknown verdict": (lambda report: report.update(verdict="great"), "verdict"),
    "a long headline": (lambda report: report.update(headline="x" * 2001), "headline"),
    "a long name": (lambda report: report["candidate"].update(name="x" * 201), "name"),
    "a digest that is none": (lambda report: report["candidate"].update(digest="<script>"), "digest"),
    "a digest with a line break": (lambda report: report["candidate"].update(digest="a" * 64 + "\n"), "digest"),
    "a number as text": (lambda report: report["metrics"][0]["values"]["candidate"].update(mean="1"), "mean"),
    "a number without end": (lambda report: report["metrics"][0]["values"]["candidate"].update(mean=1e300), "mean"),
    "a negative count": (lambda report: report.update(rows=-1), "rows"),
    "a count without end": (lambda report: report.update(rows=10**30), "rows|range"),
    "too many checks": (lambda report: report.update(checks=report["checks"] * 40), "checks"),
    "too many metrics": (lambda report: report.update(metrics=report["metrics"] * 40), "metrics"),
    "too many values": (
        lambda report: report["metrics"][0]["values"].update({str(i): None for i in range(11)}),
        "values|object",
    ),
    "no candidate": (lambda report: report.pop("candidate"), "candidate"),
    "negative drift": (lambda report: report.update(drift=[{"feature": "x", "psi": -1}]), "psi"),
    "a pass that is none": (change_verdict, "its own checks say"),
    "no checks": (lambda report: report.update(checks=[]), "its own checks say"),
}


@pytest.mark.parametrize("case", HOSTILE)
def test_a_hostile_report_is_refused(case: str) -> None:
    change, reason = HOSTILE[case]
    report = read_report_json("uncertain" if case == "a pass that is none" else "good")
    change(report)
    with pytest.raises(RefusedError, match=reason) as raised:
        parse_report(json.dumps(report).encode(), "the report")
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    "content", [b"", b"[]", b"null", b"\xff\xfe", b"[" * 500_000, b'{"schema_version": 1e999}', b'{"rows": NaN}']
)
def test_what_is_no_report_is_refused(content: bytes) -> None:
    with pytest.raises(RefusedError, match="is no gate report of version 1"):
        parse_report(content, "the report")


def test_a_report_on_disk_is_bounded(tmp_path: Path) -> None:
    (tmp_path / "report.json").write_bytes(b" " * (MAX_REPORT_BYTES + 1))
    with pytest.raises(InputError, match=r"has 4,194,305 bytes, expected at most 4,194,304"):
        read_report(tmp_path / "report.json")


def test_a_report_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="is not a regular file"):
        read_report(tmp_path / "report.json")
