"""What is known of a version that is to be promoted: how it was judged and approved, how long and how well it ran."""

import hashlib
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from cli.errors import CommandError, RefusedError
from contract.approval import RECORD_NAME, ApprovalRecord
from contract.report import MAX_REPORT_BYTES, REPORT_NAME, Report
from release.git.clone import Clone
from release.history.moves import find_facts, read_all_facts, read_moves
from release.history.trailers import Facts
from release.live.live_metrics import Live, read_live
from release.live.prometheus import Prometheus
from release.manifests.overlays import ImageLine
from release.registry.published import PublishedImage
from review.approval.record import read_record
from review.github.client import GitHub
from review.github.types import Release
from review.report import parse_report

UNKNOWN_BUNDLE = "nobody knows which bundle {} holds, or since when it runs: Prometheus was not queried"


@dataclass(frozen=True)
class Deployment:
    """Since when an environment runs a version, by Git's own time."""

    environment: str
    since: datetime
    commit: str

    @property
    def lasted(self) -> timedelta:
        return max(datetime.now(UTC) - self.since, timedelta())


@dataclass(frozen=True)
class Judged:
    """The gate's report and the approval's record, as the GitHub release carries them."""

    page: str
    report: Report
    record: ApprovalRecord
    report_sha256: str


@dataclass(frozen=True)
class PromotionEvidence:
    """`missing` says why there is no `judged`; `live` is None without a Prometheus."""

    bundle: str
    stay: Deployment | None
    live: Live | None
    judged: Judged | None
    missing: str = ""
    former: Facts = field(default_factory=Facts)  # what Git says of the version that the target runs now
    known: Facts = field(default_factory=Facts)  # and of the one that is to come


def collect_evidence(
    clone: Clone,
    head: str,
    source: str,
    line: ImageLine,
    former: ImageLine,
    image: PublishedImage | None,
    github: GitHub,
    prometheus: Prometheus | None,
) -> PromotionEvidence:
    """What is missing is named; what contradicts the image stops the promotion.

    Raises: RefusedError, InputError.
    """
    stay = find_stay(clone, head, source, line)
    facts = read_all_facts(clone, head)
    known = find_facts(facts, line)
    bundle = image.bundle_digest if image else known.bundle
    judged, missing = None, ""
    try:
        judged = read_judged(github, line.tag)
    except CommandError as error:
        missing = str(error)
    if judged is not None:
        check_subject(judged, line.tag, bundle, image.report_sha256 if image else None)
        bundle = judged.record.bundle_digest
    live = find_live(prometheus, source, line.tag, bundle, stay)
    return PromotionEvidence(bundle, stay, live, judged, missing, find_facts(facts, former), known)


def find_stay(clone: Clone, head: str, environment: str, line: ImageLine) -> Deployment | None:
    """From the newest move to the version on."""
    moves = [move for move in read_moves(clone, head, environment) if move.new and move.new.tag == line.tag]
    return Deployment(environment, moves[-1].commit.when, moves[-1].commit.name) if moves else None


def find_live(
    prometheus: Prometheus | None, environment: str, version: str, bundle: str, stay: Deployment | None
) -> Live | None:
    if prometheus is None:
        return None
    if not bundle or stay is None:
        return Live(problem=UNKNOWN_BUNDLE.format(version))
    return read_live(prometheus, environment, bundle, stay.lasted.total_seconds())


def read_judged(github: GitHub, version: str) -> Judged:
    """Raises: review's RefusedError, OutsideError."""
    release = github.find(f"/releases/tags/{version}", Release)
    if release is None:
        raise RefusedError(f"GitHub has no release {version}")
    content = download_asset(github, release, REPORT_NAME)
    report = parse_report(content, f"{REPORT_NAME} of release {version}")
    record = read_record(download_asset(github, release, RECORD_NAME), f"release {version}")
    return Judged(release.html_url, report, record, hashlib.sha256(content).hexdigest())


def download_asset(github: GitHub, release: Release, name: str) -> bytes:
    asset = next((one for one in release.assets if one.name == name), None)
    if asset is None:
        raise RefusedError(f"release {release.tag_name} has no {name}")
    return github.download(f"/releases/assets/{asset.id}", MAX_REPORT_BYTES)


def check_subject(judged: Judged, version: str, bundle: str, report_sha256: str | None) -> None:
    """Raises: RefusedError unless report, record and image are of one bundle."""
    digests = {judged.record.bundle_digest, judged.report.candidate.digest, *([bundle] if bundle else [])}
    if len(digests) != 1 or judged.record.report_sha256 != judged.report_sha256:
        names = ", ".join(sorted(digest[:12] for digest in digests))
        raise RefusedError(f"release {version} at GitHub carries a report or record of another bundle: {names}")
    if report_sha256 is not None and judged.report_sha256 != report_sha256:
        raise RefusedError(
            f"release {version} at GitHub carries another report than the image: find out who changed it"
        )
