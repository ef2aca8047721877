"""A gate's report and the record of an approval, as far as the image's making reads them."""

import hashlib
import json
from pathlib import Path
from typing import Any


def write_report(path: Path, bundle: Path, **changes: Any) -> Path:
    """One that says that `bundle` passed, but for the changes."""
    digest = read_digest(bundle)
    report = {"schema_version": 1, "candidate": {"digest": digest}, "verdict": "pass", "headline": "It may be served."}
    path.write_text(
        json.dumps({**report, "created": "2026-01-01T00:00:00Z", "checks": [], **changes}), encoding="utf-8"
    )
    return path


def write_approval(path: Path, report: Path, bundle: Path, **changes: Any) -> Path:
    """The record of an approval by name, but for the changes."""
    record = {
        "schema_version": 1,
        "bundle_digest": read_digest(bundle),
        "report_sha256": hashlib.sha256(report.read_bytes()).hexdigest(),
        "verdict": "not_enough_evidence",
        "accepted_by": "reviewer",
    }
    path.write_text(json.dumps({**record, **changes}), encoding="utf-8")
    return path


def read_digest(bundle: Path) -> str:
    return str(json.loads((bundle / "bundle.json").read_bytes())["digest"])
