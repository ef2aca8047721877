"""The gate's own report on the model card: shown if it is of this bundle, else ignored with a line in the log."""

import logging
from pathlib import Path

import pytest

from app.predictor.scoring.gate_report import REPORT_VERSION, read_verdict
from tests import planted
from training.report.document import REPORT_VERSION as WRITTEN_VERSION
from training.report.document import build_report, encode_report


@pytest.mark.slow
def test_the_gates_own_report_is_read(tmp_path: Path) -> None:
    result = planted.judge(planted.candidate(), planted.champion())
    path = tmp_path / "report.json"
    path.write_bytes(encode_report(build_report(result, "make gate")))
    verdict = read_verdict(path, planted.candidate().digest)
    assert verdict is not None
    assert verdict.verdict == result.verdict
    assert [(check.name, check.verdict) for check in verdict.checks] == [(c.name, c.verdict) for c in result.checks]
    assert REPORT_VERSION == WRITTEN_VERSION


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (None, "No such file"),
        (b"not json", "malformed"),
        (b"\xff", "malformed"),
        (b'{"verdict": "maybe"}', "Invalid enum value"),
        (
            b'{"schema_version":1,"verdict":"pass","headline":"","created":"","checks":[],"candidate":{"digest":"0"}}',
            "it is of bundle 0",
        ),
        (
            b'{"schema_version":9,"verdict":"pass","headline":"","created":"","checks":[],"candidate":{"digest":"1"}}',
            "version 9",
        ),
    ],
)
def test_one_that_cannot_be_used_is_ignored_aloud(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, content: bytes | None, reason: str
) -> None:
    path = tmp_path / "report.json"
    if content is not None:
        path.write_bytes(content)
    with caplog.at_level(logging.WARNING):
        assert read_verdict(path, "1") is None
    assert caplog.messages == ["gate_report_ignored"]
    assert reason in caplog.records[0].fields["reason"]  # type: ignore[attr-defined]
