"""The gate's own report on the model card: shown if it is of this bundle, else ignored with a line in the log."""

import json
import logging
from pathlib import Path

import pytest

from app.predictor.scoring.gate_report import read_verdict
from tests import planted
from tests.review.worlds import read_report_json
from training.report.document import build_report
from training.report.limits import encode_report

DIGEST = "1" * 64


def as_report_of(digest: str, **changes: str) -> bytes:
    """A good report, as of another bundle."""
    report = read_report_json("good")
    report["candidate"]["digest"] = digest
    return json.dumps(report | changes).encode()


@pytest.mark.slow
def test_the_gates_own_report_is_read(tmp_path: Path) -> None:
    result = planted.judge(planted.candidate(), planted.champion())
    path = tmp_path / "report.json"
    path.write_bytes(encode_report(build_report(result, "make gate")))
    verdict = read_verdict(path, planted.candidate().digest)
    assert verdict is not None
    assert verdict.verdict == result.verdict
    assert verdict.created.isoformat() == json.loads(path.read_bytes())["created"]
    assert [(check.name, check.verdict) for check in verdict.checks] == [(c.name, c.verdict) for c in result.checks]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (None, "cannot be read: No such file"),
        (b"not json", "malformed"),
        (b"\xff", "malformed"),
        (b"[" * 100_000, "Expected `object`, got `array`"),
        (b" " * (4 * 1024 * 1024 + 1), "has 4,194,305 bytes, expected at most 4,194,304"),
        (json.dumps(read_report_json("good")).encode(), "it is of bundle "),
        (json.dumps(read_report_json("good") | {"schema_version": 9}).encode(), "Invalid enum value 9"),
        (as_report_of(DIGEST, created="yesterday"), "created is 'yesterday', expected a time with its offset"),
        (as_report_of(DIGEST, created="2026-11-28T12:00:00"), "created is '2026-11-28T12:00:00', expected a time"),
        (json.dumps(read_report_json("bad") | {"verdict": "pass"}).encode(), "its own checks say 'fail'"),
    ],
    ids=[
        "none",
        "no JSON",
        "no text",
        "deep",
        "large",
        "another bundle's",
        "another version's",
        "no time",
        "no offset",
        "changed",
    ],
)
def test_one_that_cannot_be_used_is_ignored_aloud(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, content: bytes | None, reason: str
) -> None:
    path = tmp_path / "report.json"
    if content is not None:
        path.write_bytes(content)
    with caplog.at_level(logging.WARNING):
        assert read_verdict(path, DIGEST) is None
    assert caplog.messages == ["gate_report_ignored"]
    assert reason in caplog.records[0].fields["reason"]  # type: ignore[attr-defined]
