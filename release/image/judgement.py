"""Whether a bundle may go into an image: the gate let it pass, or a person took it by name without enough evidence."""

import hashlib
import json
from pathlib import Path
from typing import Any

from cli.errors import InputError, RefusedError
from release.documents import MAX_BYTES

REPORT_VERSION = APPROVAL_VERSION = 1
SHOWN_DIGITS = 12


def check_judgement(report: Path, approval: Path | None, digest: str) -> str:
    """In one sentence why the bundle `digest` may be released; report and record must both be of it.

    Raises: InputError if one of them is of something else, RefusedError if nobody let it through.
    """
    found = read_report(report, digest)
    accepted_by = check_approval(approval, report, digest, found) if approval else None
    verdict, headline = found.get("verdict"), str(found.get("headline", ""))
    if verdict == "pass":
        return headline
    if verdict == "not_enough_evidence" and accepted_by:
        return f"{headline}; not enough evidence, accepted by {accepted_by}"
    hint = "; --approval names who accepted that" if verdict == "not_enough_evidence" else ""
    raise RefusedError(
        f"the gate's verdict on bundle {digest[:SHOWN_DIGITS]} is {verdict!r}, expected 'pass': {headline}{hint}"
    )


def read_report(path: Path, digest: str) -> dict[str, Any]:
    """Raises: InputError if it is no report of the bundle."""
    report = read_object(path, "run `make gate`, or name it with --report")
    found = report.get("schema_version")
    if found != REPORT_VERSION:
        raise InputError(f"{path} has schema version {found}, expected {REPORT_VERSION}; run `make gate`")
    candidate = report.get("candidate")
    judged = candidate.get("digest") if isinstance(candidate, dict) else None
    if judged != digest:
        raise InputError(
            f"{path} is of bundle {str(judged)[:SHOWN_DIGITS]}, expected {digest[:SHOWN_DIGITS]}; "
            "run `make gate` on this bundle"
        )
    return report


def check_approval(path: Path, report: Path, digest: str, judged: dict[str, Any]) -> str | None:
    """Who accepted by name that evidence is lacking, by the record that `make record` wrote.

    Raises: InputError if the record is of another bundle, report or verdict.
    """
    hint = "fetch it with `make approved`"
    record = read_object(path, hint)
    wanted = {
        "schema_version": APPROVAL_VERSION,
        "bundle_digest": digest,
        "report_sha256": hashlib.sha256(report.read_bytes()).hexdigest(),
        "verdict": judged.get("verdict"),
    }
    for field, expected in wanted.items():
        if record.get(field) != expected:
            raise InputError(f"{path} has {field} {record.get(field)!r}, expected {expected!r}; {hint}")
    accepted_by = record.get("accepted_by")
    return str(accepted_by) if accepted_by else None


def read_object(path: Path, hint: str = "run `make gate`", limit: int = MAX_BYTES) -> dict[str, Any]:
    """Raises: InputError, also if it has more than `limit` bytes."""
    try:
        if (size := path.stat().st_size) > limit:
            raise InputError(f"{path} has {size:,} bytes, expected at most {limit:,}; {hint}")
        found = json.loads(path.read_bytes())
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}; {hint}") from error
    except (ValueError, RecursionError) as error:
        raise InputError(f"{path} is not JSON: {error}; {hint}") from error
    if not isinstance(found, dict):
        raise InputError(f"{path} holds a {type(found).__name__}, expected an object; {hint}")
    return found
