"""Which bundle was approved for a commit on main: by its tree, else by what the model was made from."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from cli import console
from cli.errors import InputError, RefusedError
from cli.files import write_folder
from contract.approval import BUNDLE_FOLDER, RECORD_NAME, ApprovalRecord
from contract.bundle import FILE_NAMES
from contract.report import REPORT_NAME
from review.approval.label import find_acceptance
from review.approval.record import LIMITS_BYTES, check_tree, list_approvers, name_approved, verify_approved
from review.archive import ArchiveLimits, read_zip
from review.github.client import GitHub
from review.github.pull_requests import SHA, WORKFLOW, check_run, list_by_commit
from review.github.types import Artifact, GitHubArtifacts, GitHubCommit, Pull, Run, Runs
from review.report_artifact import fetch_archive, list_artifacts, name_artifact

LIMITS = ArchiveLimits(
    names=(RECORD_NAME, REPORT_NAME, *(f"{BUNDLE_FOLDER}/{name}" for name in FILE_NAMES)), total_bytes=LIMITS_BYTES
)
PREFIX = name_approved("")
MAX_CANDIDATES = 20  # anybody's run may leave an artifact of any name: look at so many, not at all


@dataclass(frozen=True)
class Wanted:
    """A commit of main with its merged pull request, or a tree alone."""

    tree: str
    pull: Pull | None
    inputs_digest: str | None


def fetch_approved(
    github: GitHub, folder: Path, *, commit: str | None, tree: str | None, inputs: str | None
) -> ApprovalRecord:
    """Writes bundle, report and record of what was approved for the commit or tree into `folder`.

    Raises: RefusedError if nothing was, or any digest disagrees; InputError, OutsideError.
    """
    wanted = describe_wanted(github, commit, tree, inputs)
    refusals = []
    for artifact in list_candidates(github, wanted):
        try:
            record, files = take_artifact(github, artifact, wanted)
        except RefusedError as refusal:
            refusals.append(f"{name_artifact(artifact)}: {refusal}")
            console.print_warning(refusals[-1])
            continue
        write_folder(folder, files)
        return record
    why = f"; {len(refusals)} refused, the last: {refusals[-1]}" if refusals else ""
    hint = "" if inputs else "; if main has moved since, give --inputs to find it by what the model was made from"
    raise RefusedError(f"no approved bundle for tree {wanted.tree[:12]}{why}{hint}")


def describe_wanted(github: GitHub, commit: str | None, tree: str | None, inputs: str | None) -> Wanted:
    """Raises: InputError, RefusedError."""
    if (commit is None) == (tree is None):
        raise InputError("give either --commit or --tree")
    if tree is not None:
        return Wanted(check_tree(tree), None, inputs)
    if commit is None or not SHA.fullmatch(commit):
        raise InputError(f"commit {commit!r} is not usable, expected 40 hexadecimal digits")
    tree_sha = github.get(f"/git/commits/{commit}", GitHubCommit).tree.sha
    return Wanted(check_tree(tree_sha), find_merged(github, commit), inputs)


def find_merged(github: GitHub, commit: str) -> Pull:
    """The pull request that put a commit on main.

    Raises: RefusedError if it came without one.
    """
    merged = [one for one in list_by_commit(github, commit) if one.merged_at and one.merge_commit_sha == commit]
    if not merged:
        raise RefusedError(f"commit {commit[:12]} is no pull request's merge: what is released must come by one")
    return merged[0]


def list_candidates(github: GitHub, wanted: Wanted) -> Iterator[Artifact]:
    """What the merged pull request's own runs left, whatever its tree; for a tree alone, what has its name."""
    seen: set[int] = set()
    for artifact in _list_both(github, wanted):
        if artifact.id in seen or artifact.expired:
            continue
        seen.add(artifact.id)
        if len(seen) > MAX_CANDIDATES:
            raise RefusedError(f"more than {MAX_CANDIDATES} artifacts are named {PREFIX}…; somebody floods the place")
        yield artifact


def _list_both(github: GitHub, wanted: Wanted) -> Iterator[Artifact]:
    if wanted.pull is not None:
        path = f"/actions/workflows/{WORKFLOW}/runs"
        for page in github.pages(path, Runs, head_sha=wanted.pull.head.sha, status="success"):
            for run in page.workflow_runs:
                yield from (one for one in list_artifacts(github, run.id) if one.name.startswith(PREFIX))
    else:
        for answer in github.pages("/actions/artifacts", GitHubArtifacts, name=name_approved(wanted.tree)):
            yield from answer.artifacts


def take_artifact(github: GitHub, artifact: Artifact, wanted: Wanted) -> tuple[ApprovalRecord, dict[str, bytes]]:
    """The record and files of one artifact, if it is an approved one of what is wanted.

    Raises: RefusedError.
    """
    run = check_approved_run(github, artifact)
    approvers = list_approvers(github, run.id, wanted.pull.user.login if wanted.pull else None)
    files = read_zip(fetch_archive(github, artifact, LIMITS.total_bytes), name_artifact(artifact), LIMITS)
    record, _ = verify_approved(files, name_artifact(artifact))
    check_wanted(record, wanted)
    if set(record.approved_by) != set(approvers) or record.run_id != run.id:
        raise RefusedError(f"{RECORD_NAME} names {', '.join(record.approved_by)} and run {record.run_id}, not GitHub's")
    if wanted.pull is not None and record.pull_request != wanted.pull.number:
        raise RefusedError(f"{RECORD_NAME} is of #{record.pull_request}, the commit came by #{wanted.pull.number}")
    if record.verdict == "not_enough_evidence":
        accepted = find_acceptance(github, record.pull_request, run.head_sha)
        if accepted != record.accepted_by:
            raise RefusedError(f"{RECORD_NAME} names {record.accepted_by}, the label was set by {accepted}")
    return record, files


def check_approved_run(github: GitHub, artifact: Artifact) -> Run:
    """Raises: RefusedError unless the run is a successful one of our workflow."""
    if artifact.workflow_run is None:
        raise RefusedError("GitHub names no run that left it")
    run = github.get(f"/actions/runs/{artifact.workflow_run.id}", Run)
    check_run(github, run)
    if run.conclusion != "success":
        raise RefusedError(f"run {run.id} ended with {run.conclusion!r}, expected 'success'")
    return run


def check_wanted(record: ApprovalRecord, wanted: Wanted) -> None:
    """The tree itself, or, where main has moved in between, the same inputs and so the same model.

    Raises: RefusedError.
    """
    if record.tree == wanted.tree:
        return
    if wanted.inputs_digest is None:
        raise RefusedError(f"it is of tree {record.tree[:12]}, expected {wanted.tree[:12]}")
    if record.inputs_digest != wanted.inputs_digest:
        raise RefusedError(
            f"it is of tree {record.tree[:12]} and inputs {record.inputs_digest[:12]}, "
            f"expected {wanted.tree[:12]} or {wanted.inputs_digest[:12]}"
        )
