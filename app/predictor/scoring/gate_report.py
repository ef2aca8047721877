"""What the gate said of the served bundle, for the model card: the part of its report that people read."""

import logging
from datetime import datetime
from pathlib import Path
from typing import Annotated

import msgspec

from app.predictor.logs import log_event
from contract.errors import ReportError
from contract.report import Check, Verdict, read_report

Moment = Annotated[datetime, msgspec.Meta(tz=True)]


class GateVerdict(msgspec.Struct, frozen=True):
    """The gate's answer; `created` is when it was given, with its offset from UTC."""

    verdict: Verdict
    headline: str
    created: datetime
    checks: tuple[Check, ...]


def read_verdict(path: Path, digest: str) -> GateVerdict | None:
    """The verdict of the report at `path`, or None, with a line in the log, if it is not of the bundle `digest`.

    A report is only shown, so one that cannot be used keeps nobody from being served.
    """
    try:
        report, _ = read_report(path)
    except ReportError as error:
        _warn_ignored(path, str(error))
        return None
    if report.candidate.digest != digest:
        _warn_ignored(path, f"it is of bundle {report.candidate.digest[:12]}, expected {digest[:12]}")
        return None
    try:
        created = msgspec.convert(report.created, Moment)
    except msgspec.ValidationError:
        reason = f"created is {report.created!r}, expected a time with its offset such as 2026-11-28T12:00:00+00:00"
        _warn_ignored(path, reason)
        return None
    return GateVerdict(report.verdict, report.headline, created, report.checks)


def _warn_ignored(path: Path, reason: str) -> None:
    log_event("gate_report_ignored", logging.WARNING, path=str(path), reason=reason)
