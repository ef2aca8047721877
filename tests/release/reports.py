"""A gate's report and the record of an approval, of a bundle that a test has."""

import hashlib
import json
from pathlib import Path
from typing import Any

from tests.review.worlds import TREE, VERDICTS, report_of


def write_report(path: Path, bundle: Path, verdict: str = "pass", **changes: Any) -> Path:
    """A real report with this verdict on `bundle`, but for the changes."""
    name = next(name for name, found in VERDICTS.items() if found == verdict)
    report = {**report_of(bundle, name), "headline": "It may be served.", **changes}
    path.write_text(json.dumps(report), encoding="utf-8")
    return path


def write_approval(path: Path, report: Path, bundle: Path, **changes: Any) -> Path:
    """The record of an approval by name, but for the changes."""
    record = {
        "schema_version": 1,
        "tree": TREE,
        "bundle_digest": read_digest(bundle),
        "inputs_digest": "1" * 64,
        "report_sha256": hashlib.sha256(report.read_bytes()).hexdigest(),
        "verdict": "not_enough_evidence",
        "pull_request": 7,
        "approved_by": ["approver"],
        "accepted_by": "reviewer",
        "run_id": 500,
        "created": "2026-01-01T00:00:00+00:00",
    }
    path.write_text(json.dumps({**record, **changes}), encoding="utf-8")
    return path


def read_digest(bundle: Path) -> str:
    return str(json.loads((bundle / "bundle.json").read_bytes())["digest"])
