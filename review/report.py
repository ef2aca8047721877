"""The contract's reader of reports, whose refusal ends a command here as any other refusal does."""

import hashlib
from pathlib import Path

from cli.errors import RefusedError
from cli.files import read_file
from contract import report as contract
from contract.errors import ReportError
from contract.report import MAX_REPORT_BYTES, Report


def parse_report(content: bytes, what: str) -> Report:
    """Raises: RefusedError."""
    try:
        return contract.parse_report(content, what)
    except ReportError as error:
        raise RefusedError(str(error)) from error


def read_report(path: Path) -> tuple[Report, str]:
    """The report and the SHA-256 of its bytes.

    Raises: InputError, RefusedError.
    """
    content = read_file(path, MAX_REPORT_BYTES)
    return parse_report(content, str(path)), hashlib.sha256(content).hexdigest()
