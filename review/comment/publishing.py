"""From a report, on disk or left by another run, to the pull request that it is about."""

from pathlib import Path

from review.comment.posting import post_comment
from review.comment.text import MAX_BYTES, ReportOrigin, render_comment
from review.github.client import GitHub
from review.github.pull_requests import find_pull, read_run
from review.github.settings import find_run_id, find_run_url
from review.report import read_report
from review.report_artifact import fetch_report


def render_local(report: Path) -> str:
    """The comment's text for a report of this run.

    Raises: InputError, RefusedError.
    """
    judged, _ = read_report(report)
    return render_comment(judged, ReportOrigin(find_run_url(), find_run_id()))


def append_report(text: str, report: Path) -> str:
    """A pull request's own text with the report below, together within GitHub's limit.

    Raises: InputError, RefusedError.
    """
    judged, _ = read_report(report)
    room = MAX_BYTES - len(text.encode()) - len("\n\n")
    return f"{text}\n\n{render_comment(judged, ReportOrigin(find_run_url(), find_run_id()), room)}"


def publish_report(github: GitHub, report: Path, number: int) -> str:
    """Posts a report of this run; gives a line that says where.

    Raises: InputError, RefusedError, OutsideError.
    """
    return f"the report is at {post_comment(github, number, render_local(report))}"


def publish_run(github: GitHub, run_id: int) -> str:
    """Posts the report that a run left, on the pull request that GitHub says the run is of.

    A run that ended before the gate left none, and a pull request may have moved on: then nothing is posted.

    Raises: RefusedError, OutsideError.
    """
    run = read_run(github, run_id)
    pull = find_pull(github, run)
    if pull is None:
        return f"nothing posted: commit {run.head_sha[:12]} of run {run_id} is no open pull request's head any more"
    report = fetch_report(github, run_id)
    if report is None:
        return f"nothing posted: run {run_id} left no report, so it ended before the gate ({run.conclusion})"
    is_fork = run.head_repository is None or run.head_repository.id != run.repository.id
    body = render_comment(report, ReportOrigin(run.html_url, run.id, is_fork))
    return f"the report of run {run_id} is at {post_comment(github, pull.number, body)}"
