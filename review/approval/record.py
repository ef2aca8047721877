"""What was approved, bound by content: the tree, the bundle, the report, and who stood at the environment."""

import hashlib
import re
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from cli.errors import InputError, RefusedError
from cli.files import read_file, write_folder
from contract.approval import (
    BUNDLE_FOLDER,
    RECORD_NAME,
    RECORD_VERSION,
    ApprovalRecord,
    encode_record,
    lets_through,
    parse_record,
)
from contract.bundle import MAX_BYTES
from contract.errors import ReportError
from contract.report import MAX_REPORT_BYTES, REPORT_NAME, Report
from review.bundle import VerifiedBundle, read_bundle, verify_bundle
from review.github.client import GitHub
from review.github.types import Review
from review.report import parse_report

ENVIRONMENT = "model-approval"
TREE = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
GIT_SECONDS = 30


def name_approved(tree: str) -> str:
    """The artifact's name: found by the tree, which a squash merge keeps."""
    return f"approved-{tree}"


def write_record(
    report: Path,
    bundle: Path,
    folder: Path,
    *,
    tree: str,
    number: int,
    run_id: int,
    approved_by: list[str],
    accepted_by: str | None,
) -> ApprovalRecord:
    """Puts record, report and bundle into one folder, once they are of each other.

    Raises: InputError, RefusedError.
    """
    content = read_file(report, MAX_REPORT_BYTES)
    verified = read_bundle(bundle)
    verdict = check_subject(parse_report(content, str(report)), verified, accepted_by)
    record = ApprovalRecord(
        schema_version=RECORD_VERSION,
        tree=check_tree(tree),
        bundle_digest=verified.digest,
        inputs_digest=verified.inputs_digest,
        report_sha256=hashlib.sha256(content).hexdigest(),
        verdict=verdict,
        pull_request=number,
        approved_by=tuple(sorted(set(approved_by))),
        accepted_by=accepted_by,
        run_id=run_id,
        created=datetime.now(UTC).isoformat(timespec="seconds"),
    )
    try:
        sealed = encode_record(record)
    except ReportError as error:
        raise InputError(f"{error}; nothing was recorded") from error
    files = {f"{BUNDLE_FOLDER}/{name}": part for name, part in verified.files.items()}
    write_folder(folder, {**files, REPORT_NAME: content, RECORD_NAME: sealed})
    return record


def check_subject(
    report: Report, bundle: VerifiedBundle, accepted_by: str | None
) -> Literal["pass", "not_enough_evidence"]:
    """Raises: RefusedError if the report is of another bundle, or does not let this one through."""
    if report.candidate.digest != bundle.digest:
        raise RefusedError(
            f"the report is of bundle {report.candidate.digest[:12]}, expected {bundle.digest[:12]}: "
            "judge the bundle that is to be released"
        )
    if report.verdict == "fail":
        raise RefusedError(f"the verdict on bundle {bundle.digest[:12]} is 'fail': nobody can approve it")
    if not lets_through(report, accepted_by):
        raise RefusedError(f"bundle {bundle.digest[:12]} lacks evidence, and nobody accepted that by name")
    return report.verdict


def read_record(content: bytes, what: str) -> ApprovalRecord:
    """The record of `what`, which names its place in an error.

    Raises: RefusedError.
    """
    try:
        return parse_record(content, f"{RECORD_NAME} of {what}")
    except ReportError as error:
        raise RefusedError(str(error)) from error


def verify_approved(files: dict[str, bytes], what: str) -> tuple[ApprovalRecord, VerifiedBundle]:
    """The record and bundle of an approved artifact, each bound to the others by digest.

    Raises: RefusedError.
    """
    if missing := {RECORD_NAME, REPORT_NAME} - set(files):
        raise RefusedError(f"{what} holds no {min(missing)}")
    record = read_record(files[RECORD_NAME], what)
    if hashlib.sha256(files[REPORT_NAME]).hexdigest() != record.report_sha256:
        raise RefusedError(f"{REPORT_NAME} of {what} is not the report that was approved: its SHA-256 is another")
    prefix = f"{BUNDLE_FOLDER}/"
    parts = {name.removeprefix(prefix): content for name, content in files.items() if name.startswith(prefix)}
    bundle = verify_bundle(parts, what)
    if (bundle.digest, bundle.inputs_digest) != (record.bundle_digest, record.inputs_digest):
        raise RefusedError(f"{what} holds bundle {bundle.digest[:12]}, approved was {record.bundle_digest[:12]}")
    report = parse_report(files[REPORT_NAME], f"{REPORT_NAME} of {what}")
    if check_subject(report, bundle, record.accepted_by) != record.verdict:
        raise RefusedError(f"{RECORD_NAME} of {what} says {record.verdict!r}, and the report {report.verdict!r}")
    return record, bundle


def list_approvers(github: GitHub, run_id: int, author: str | None) -> list[str]:
    """Who approved a run at the environment, as GitHub recorded it; the pull request's author does not count.

    Raises: RefusedError if nobody did; OutsideError.
    """
    reviews = github.get(f"/actions/runs/{run_id}/approvals", list[Review])
    approvers = {
        review.user.login
        for review in reviews
        if review.state == "approved" and any(place.name == ENVIRONMENT for place in review.environments)
    } - {author}
    if not approvers:
        raise RefusedError(f"run {run_id} was approved at the environment {ENVIRONMENT} by nobody but its author")
    return sorted(approvers)


def check_tree(tree: str) -> str:
    """Raises: InputError."""
    if not TREE.fullmatch(tree):
        raise InputError(f"tree {tree!r} is not usable, expected what `git rev-parse HEAD^{{tree}}` says")
    return tree


def read_tree(folder: Path) -> str:
    """The tree of what is checked out.

    Raises: InputError without Git or with files that differ from it.
    """
    if _ask_git(folder, "status", "--porcelain", "--untracked-files=no"):
        raise InputError(f"{folder} has changes that no tree holds; record from a clean checkout")
    return check_tree(_ask_git(folder, "rev-parse", "HEAD^{tree}"))


def _ask_git(folder: Path, *arguments: str) -> str:
    command = ["git", *arguments]
    try:
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=GIT_SECONDS, check=True)  # noqa: S603 - no shell, our own arguments
    except (OSError, subprocess.SubprocessError) as error:
        raise InputError(f"`{' '.join(command)}` failed in {folder}: give --tree, or run inside a checkout") from error
    return done.stdout.strip()


LIMITS_BYTES = MAX_BYTES + 2 * MAX_REPORT_BYTES
