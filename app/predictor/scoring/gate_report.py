"""What the gate said of the served bundle, for the model card: the part of its report that people read."""

import logging
from pathlib import Path
from typing import Literal

import msgspec

from app.predictor.logs import log_event

REPORT_VERSION = 1

Answer = Literal["pass", "fail", "not_enough_evidence"]


class Check(msgspec.Struct, frozen=True):
    """One question of the gate with its answer; a check that is not `blocking` decides nothing."""

    name: str
    verdict: Answer
    found: str
    expected: str
    reason: str
    blocking: bool = True


class Verdict(msgspec.Struct, frozen=True):
    """The gate's answer; `created` is UTC, ISO 8601."""

    verdict: Answer
    headline: str
    created: str
    checks: tuple[Check, ...]


class _Candidate(msgspec.Struct, frozen=True):
    digest: str


class _Report(Verdict, frozen=True):
    schema_version: int
    candidate: _Candidate


def read_verdict(path: Path, digest: str) -> Verdict | None:
    """The verdict of the report at `path`, or None, with a line in the log, if it is not of the bundle `digest`.

    A report is only shown, so one that cannot be used keeps nobody from being served.
    """
    try:
        report = msgspec.json.decode(path.read_bytes(), type=_Report)
    except (OSError, msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        log_event("gate_report_ignored", logging.WARNING, path=str(path), reason=str(error))
        return None
    if report.schema_version != REPORT_VERSION or report.candidate.digest != digest:
        reason = f"it is of bundle {report.candidate.digest[:12]}, version {report.schema_version}"
        log_event("gate_report_ignored", logging.WARNING, path=str(path), reason=reason)
        return None
    return Verdict(report.verdict, report.headline, report.created, report.checks)
