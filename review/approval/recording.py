"""After the approval, in the very job that it let start: who gave it, and the folder that keeps it."""

from pathlib import Path

from cli.errors import InputError
from contract.approval import ApprovalRecord
from review.approval.label import find_acceptance
from review.approval.record import list_approvers, read_tree, write_record
from review.github.client import GitHub
from review.github.settings import find_run_id
from review.github.types import Pull
from review.report import read_report


def record_approval(
    github: GitHub, report: Path, bundle: Path, folder: Path, *, tree: str | None, number: int
) -> ApprovalRecord:
    """Raises: InputError, RefusedError if nobody approved or the report is of another bundle; OutsideError."""
    run_id = find_run_id()
    if run_id is None:
        raise InputError("GITHUB_RUN_ID is not set; the approval is a run's, so record inside of its job")
    judged, _ = read_report(report)
    pull = github.get(f"/pulls/{number}", Pull)
    lacks_evidence = judged.verdict == "not_enough_evidence"
    return write_record(
        report,
        bundle,
        folder,
        tree=tree or read_tree(Path.cwd()),
        number=number,
        run_id=run_id,
        approved_by=list_approvers(github, run_id, pull.user.login),
        accepted_by=find_acceptance(github, number, pull.head.sha) if lacks_evidence else None,
    )
