"""What a registry holds of a release: the image's manifest digest, its labels, and what is in its last layer."""

import hashlib
from dataclasses import dataclass

from cli.errors import RefusedError
from contract.approval import BUNDLE_FOLDER, RECORD_NAME, ApprovalRecord
from contract.report import REPORT_NAME, Report
from contract.schema import Interval
from release.manifests.overlays import ImageLine
from release.registry.contents import BUNDLE_LABEL, REVISION_LABEL, VERSION_LABEL, Contents, read_contents
from release.registry.registry import Registry, open_registry
from review.approval.record import check_subject, verify_approved
from review.bundle import VerifiedBundle, verify_bundle
from review.report import parse_report

LEADING = ("pr_auc", "f1")  # what people ask for first; another target's report has its own first two


@dataclass(frozen=True)
class PublishedImage:
    """One image of ours. `quality` names and values are the gate's, as a person reads them."""

    repository: str
    version: str
    digest: str
    revision: str
    bundle_digest: str
    report_sha256: str
    verdict: str
    accepted_by: str | None
    headline: str
    quality: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class PublishedGate:
    """The gate's report, and the record of who approved it, where there is one."""

    report: Report
    report_sha256: str
    record: ApprovalRecord | None

    @property
    def accepted_by(self) -> str | None:
        """Who took the bundle by name without enough evidence."""
        return self.record.accepted_by if self.record and self.report.verdict != "pass" else None


def read_published(line: ImageLine, registry: Registry | None = None) -> PublishedImage:
    """The image of a line; without a digest, the one that its tag names now.

    Raises: RefusedError if it is not there, or its parts are not of each other; OutsideError.
    """
    registry = registry or open_registry()
    digest = line.digest or require_digest(registry, line)
    return describe_contents(line, read_contents(registry, line.repository, digest))


def require_digest(registry: Registry, line: ImageLine) -> str:
    """Raises: RefusedError if the registry has no such tag; OutsideError."""
    if digest := registry.find_digest(line.repository, line.tag):
        return digest
    raise RefusedError(f"{registry.name(line.repository)} has no {line.tag}: publish it first")


def describe_contents(line: ImageLine, contents: Contents) -> PublishedImage:
    """Raises: RefusedError."""
    bundle = open_bundle(contents)
    judgement = open_judgement(contents, bundle)
    check_labels(contents, line.tag, bundle.digest)
    report = judgement.report
    return PublishedImage(
        repository=line.repository,
        version=line.tag,
        digest=contents.digest,
        revision=contents.labels[REVISION_LABEL],
        bundle_digest=bundle.digest,
        report_sha256=judgement.report_sha256,
        verdict=report.verdict,
        accepted_by=judgement.accepted_by,
        headline=report.headline,
        quality=describe_quality(report),
    )


def open_bundle(contents: Contents) -> VerifiedBundle:
    """The bundle inside, every file by its own manifest.

    Raises: RefusedError.
    """
    prefix = f"{BUNDLE_FOLDER}/"
    files = {name.removeprefix(prefix): part for name, part in contents.files.items() if name.startswith(prefix)}
    if (found := contents.environment.get("LATHE_BUNDLE")) != (expected := "/srv/model/bundle"):
        raise RefusedError(f"the image serves LATHE_BUNDLE={found}, expected {expected}")
    return verify_bundle(files, "the image")


def open_judgement(contents: Contents, bundle: VerifiedBundle) -> PublishedGate:
    """Raises: RefusedError unless the report is of this bundle and lets it through."""
    content = contents.files.get(REPORT_NAME)
    if content is None:
        raise RefusedError(f"the image holds no {REPORT_NAME}")
    if RECORD_NAME in contents.files:
        record, _ = verify_approved(contents.files, "the image")
    else:
        record = None
    report = parse_report(content, f"{REPORT_NAME} in the image")
    check_subject(report, bundle, record.accepted_by if record else None)
    return PublishedGate(report, hashlib.sha256(content).hexdigest(), record)


def check_labels(contents: Contents, version: str, bundle_digest: str) -> None:
    """Raises: RefusedError."""
    for label, expected in ((VERSION_LABEL, version), (BUNDLE_LABEL, bundle_digest)):
        if (found := contents.labels.get(label)) != expected:
            raise RefusedError(f"label {label} is {found!r}, expected {expected!r}")
    revision = contents.labels.get(REVISION_LABEL, "")
    if len(revision) != 40 or not set(revision) <= set("0123456789abcdef"):
        raise RefusedError(f"label {REVISION_LABEL} is {revision!r}, expected a commit's 40 hexadecimal digits")


def describe_quality(report: Report) -> tuple[tuple[str, str], ...]:
    """The leading metrics of the candidate, as `0.941 [0.884, 0.981]`."""
    known = [metric for metric in report.metrics if "candidate" in metric.values]
    leading = [metric for metric in known if metric.name in LEADING] or known[: len(LEADING)]
    return tuple((metric.label, format_interval(metric.values["candidate"])) for metric in leading)


def format_interval(interval: Interval) -> str:
    return f"{interval.mean:.3f} [{interval.low:.3f}, {interval.high:.3f}]"
