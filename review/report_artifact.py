"""The report that another workflow run left, which may be a stranger's: bounded, checked, and only then read."""

from collections.abc import Iterator

from cli.errors import RefusedError
from contract.report import MAX_REPORT_BYTES, REPORT_NAME, Report
from review.archive import ArchiveLimits, read_zip
from review.github.client import JSON, GitHub
from review.github.types import Artifact, GitHubArtifacts
from review.report import parse_report

REPORT_ARTIFACT = "gate-report"
MAX_PACKED_BYTES = MAX_REPORT_BYTES
# the second says nothing that GitHub does not know better: it may be there and is not read
LIMITS = ArchiveLimits(names=(REPORT_NAME, "pull-request.json"), total_bytes=2 * MAX_REPORT_BYTES, ratio=60)


def fetch_report(github: GitHub, run_id: int) -> Report | None:
    """The gate's report of a run, None if the run left none.

    Raises: OutsideError, RefusedError for anything but one small archive with a proper report.
    """
    artifacts = [artifact for artifact in list_artifacts(github, run_id) if artifact.name == REPORT_ARTIFACT]
    if not artifacts:
        return None
    newest = max(artifacts, key=lambda artifact: artifact.id)  # a second attempt leaves a second one
    files = read_zip(fetch_archive(github, newest, MAX_PACKED_BYTES), name_artifact(newest), LIMITS)
    if REPORT_NAME not in files:
        raise RefusedError(f"{name_artifact(newest)} holds no {REPORT_NAME}")
    return parse_report(files[REPORT_NAME], f"{REPORT_NAME} of {name_artifact(newest)}")


def list_artifacts(github: GitHub, run_id: int) -> Iterator[Artifact]:
    for page in github.pages(f"/actions/runs/{run_id}/artifacts", GitHubArtifacts):
        yield from page.artifacts


def fetch_archive(github: GitHub, artifact: Artifact, max_bytes: int) -> bytes:
    """Raises: RefusedError if it has run out or is too large."""
    if artifact.expired:
        raise RefusedError(f"{name_artifact(artifact)} has run out; run the workflow again")
    if artifact.size_in_bytes > max_bytes:
        raise RefusedError(f"{name_artifact(artifact)} has {artifact.size_in_bytes:,} bytes, expected {max_bytes:,}")
    return github.download(f"/actions/artifacts/{artifact.id}/zip", max_bytes, accept=JSON)


def name_artifact(artifact: Artifact) -> str:
    return f"artifact {artifact.name!r} ({artifact.id})"
