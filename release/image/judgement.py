"""Whether a bundle may go into an image: the gate let it pass, or a person took it by name without enough evidence."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

from cli.errors import InputError, RefusedError
from cli.files import read_file
from contract.approval import ApprovalRecord, check_record, lets_through, parse_record
from contract.errors import ReportError
from contract.report import MAX_REPORT_BYTES, Report, parse_report
from release.documents import read_document

SHOWN_DIGITS = 12


@dataclass(frozen=True)
class JudgedFiles:
    """Why a bundle may be released, in one sentence, and the very bytes of the report and the record that say so."""

    headline: str
    report: bytes
    approval: bytes | None


def check_judgement(report: Path, approval: Path | None, digest: str) -> JudgedFiles:
    """Report and record must both be of the bundle `digest`.

    Raises: InputError if one of them is of something else, RefusedError if nobody let it through.
    """
    content = read_file(report, MAX_REPORT_BYTES)
    judged = read_report_of(content, report, digest)
    signed = read_document(approval) if approval else None
    if judged.verdict == "fail":
        raise RefusedError(describe_refusal(judged))
    record = read_record_of(signed, approval, judged, content) if signed is not None and approval else None
    accepted_by = record.accepted_by if record else None
    if not lets_through(judged, accepted_by):
        raise RefusedError(f"{describe_refusal(judged)}; --approval names who accepted that")
    note = "" if judged.verdict == "pass" else f"; not enough evidence, accepted by {accepted_by}"
    return JudgedFiles(f"{judged.headline}{note}", content, signed)


def describe_refusal(report: Report) -> str:
    digest = report.candidate.digest[:SHOWN_DIGITS]
    return f"the gate's verdict on bundle {digest} is {report.verdict!r}, expected 'pass': {report.headline}"


def read_report_of(content: bytes, path: Path, digest: str) -> Report:
    """Raises: InputError if it is no report of the bundle."""
    try:
        report = parse_report(content, str(path))
    except ReportError as error:
        raise InputError(f"{error}; run `make gate`, or name it with --report") from error
    if (judged := report.candidate.digest) != digest:
        raise InputError(
            f"{path} is of bundle {judged[:SHOWN_DIGITS]}, expected {digest[:SHOWN_DIGITS]}; "
            "run `make gate` on this bundle"
        )
    return report


def read_record_of(content: bytes, path: Path, report: Report, judged: bytes) -> ApprovalRecord:
    """The record that `make record` wrote; `judged` are the report's bytes.

    Raises: InputError if it is of another bundle, report or verdict.
    """
    try:
        record = parse_record(content, str(path))
        check_record(record, report, hashlib.sha256(judged).hexdigest(), str(path))
    except ReportError as error:
        raise InputError(f"{error}; fetch it with `make approved`") from error
    return record
