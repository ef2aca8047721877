"""The record of an approval, `approval.json`: who let which bundle pass on the grounds of which report."""

from typing import Annotated, Literal

import msgspec

from contract.errors import ReportError
from contract.report import MAX_NAME, Digest, Name, Report

RECORD_NAME, BUNDLE_FOLDER = "approval.json", "bundle"  # beside the report, in the approved artifact and in the image
RECORD_VERSION: Literal[1] = 1
Tree = Annotated[str, msgspec.Meta(pattern=r"^([0-9a-f]{40}|[0-9a-f]{64})\Z")]
Person = Annotated[str, msgspec.Meta(min_length=1, max_length=MAX_NAME)]


class ApprovalRecord(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """`accepted_by`: who let it pass without enough evidence; `approved_by`: who opened the environment."""

    schema_version: Literal[1]
    tree: Tree
    bundle_digest: Digest
    inputs_digest: Digest
    report_sha256: Digest
    verdict: Literal["pass", "not_enough_evidence"]
    pull_request: Annotated[int, msgspec.Meta(ge=1)]
    approved_by: Annotated[tuple[Person, ...], msgspec.Meta(min_length=1, max_length=20)]
    accepted_by: Person | None
    run_id: Annotated[int, msgspec.Meta(ge=1)]
    created: Name


def encode_record(record: ApprovalRecord) -> bytes:
    """Raises: ReportError if its readers would refuse it."""
    content = msgspec.json.format(msgspec.json.encode(record), indent=2) + b"\n"
    parse_record(content, RECORD_NAME)
    return content


def parse_record(content: bytes, what: str) -> ApprovalRecord:
    """Raises: ReportError; `what` names the record in it."""
    try:
        return msgspec.json.decode(content, type=ApprovalRecord)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ReportError(f"{what} is no record of an approval: {error}") from error


def lets_through(report: Report, accepted_by: str | None) -> bool:
    """Whether the gate says pass, or lacks evidence and a person accepts that by name."""
    return report.verdict == "pass" or (report.verdict == "not_enough_evidence" and accepted_by is not None)


def check_record(record: ApprovalRecord, report: Report, report_sha256: str, what: str) -> None:
    """What the record says is held against the very report and the bundle that it judged.

    Raises: ReportError that names the field.
    """
    expected = {
        "bundle_digest": report.candidate.digest,
        "report_sha256": report_sha256,
        "verdict": report.verdict,
    }
    for field, value in expected.items():
        if (found := getattr(record, field)) != value:
            raise ReportError(f"{what} has {field} {found!r}, expected {value!r}")
