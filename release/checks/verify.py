"""Whether image, labels, bundle, gate report, signatures and overlay name the same digests; nothing is changed."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from cli.errors import RefusedError
from release.checks.findings import Findings, Mark
from release.checks.readiness import check_readiness
from release.git.clone import Clone
from release.manifests.overlays import SHOWN_DIGITS, ImageLine, find_problems
from release.registry.attestations import CHECKS, Kind
from release.registry.contents import REVISION_LABEL, Contents, read_contents
from release.registry.published import (
    PublishedGate,
    PublishedImage,
    check_labels,
    describe_contents,
    open_bundle,
    open_judgement,
    require_digest,
)
from release.registry.registry import Registry, open_registry
from release.registry.signing import SignedImage, Verifier, find_verifier
from release.tools import ROOT
from release.versions import parse_version
from review.bundle import VerifiedBundle


@dataclass(frozen=True)
class Sources:
    """Where the answers come from: the registry, this clone for the tag, and a running predictor if there is one."""

    registry: Registry = field(default_factory=open_registry)
    clone: Clone = field(default_factory=lambda: Clone(ROOT))
    url: str | None = None
    verifier: Verifier | None = None


def verify_line(line: ImageLine, subject: str, sources: Sources) -> tuple[Findings, PublishedImage | None]:
    """Every check of one image line; a check that needs an earlier answer is left out without it."""
    findings = Findings(subject)
    if findings.attempt("reference", lambda: check_reference(line)) is None:
        return findings, None
    image = verify_contents(findings, line, sources)
    if image is None:
        return findings, None
    verify_signatures(findings, image, sources)
    if sources.url:
        url = sources.url
        findings.attempt("predictor", lambda: check_readiness(url, image.bundle_digest))
    return findings, image


def require_verified(line: ImageLine, sources: Sources | None = None) -> PublishedImage:
    """The image of a line, verified; without a digest it is the one that the tag names now.

    Raises: RefusedError if anything does not hold, OutsideError if a check cannot be made.
    """
    sources = sources or Sources()
    if line.digest is None:
        parse_version(line.tag)
        line = ImageLine(line.name, line.repository, line.tag, require_digest(sources.registry, line))
    findings, image = verify_line(line, f"{line.short_name} {line.version}", sources)
    findings.require()
    if image is None:
        raise RefusedError(f"{line.short_name} {line.version} is not verified")
    return image


def check_reference(line: ImageLine) -> str:
    """Raises: RefusedError for an unknown repository, a tag that is no version, or no digest; InputError."""
    for problem in find_problems(line):
        raise RefusedError(problem)
    parse_version(line.tag)
    if not line.is_released:
        raise RefusedError(f"{line.tag} means that nothing is released yet")
    return f"{line.repository} by tag and digest"


def verify_contents(findings: Findings, line: ImageLine, sources: Sources) -> PublishedImage | None:
    """The registry, the labels, the tag in Git, and what is inside; None if any of it does not hold."""
    registry, digest = sources.registry, str(line.digest)
    findings.attempt("registry", lambda: check_registry(registry, line), lambda found: f"{line.tag} is {found}")
    if findings.find(Mark.UNKNOWN):
        return None
    contents = findings.attempt(
        "content", lambda: read_contents(registry, line.repository, digest), lambda found: f"{found.digest} is whole"
    )
    if contents is None:
        return None
    bundle = findings.attempt("bundle", lambda: open_bundle(contents), lambda found: f"{found.digest} by its manifest")
    expected = bundle.digest if bundle else "the bundle's own"
    findings.attempt("labels", lambda: describe_labels(contents, line.tag, expected))
    verify_tag(findings, contents, line.tag, sources.clone)
    if bundle:
        findings.attempt("gate", lambda: open_judgement(contents, bundle), lambda found: describe_gate(found, bundle))
    return None if findings.find(Mark.FAILS) else describe_contents(line, contents)


def check_registry(registry: Registry, line: ImageLine) -> str:
    """Raises: RefusedError if the tag is missing or names another digest; OutsideError."""
    if (found := require_digest(registry, line)) != line.digest:
        raise RefusedError(f"{line.tag} is {found} there, expected {line.digest}: somebody moved the tag")
    return found


def describe_labels(contents: Contents, version: str, bundle_digest: str) -> str:
    check_labels(contents, version, bundle_digest)
    return f"{version}, commit {contents.labels[REVISION_LABEL][:SHOWN_DIGITS]}, bundle {bundle_digest[:SHOWN_DIGITS]}"


def describe_gate(judgement: PublishedGate, bundle: VerifiedBundle) -> str:
    accepted = f", accepted by {judgement.accepted_by}" if judgement.accepted_by else ""
    return f"{judgement.report.verdict}{accepted} on bundle {bundle.digest[:SHOWN_DIGITS]}"


def verify_tag(findings: Findings, contents: Contents, version: str, clone: Clone) -> None:
    """The label's commit is the tag's, where this clone has the tag."""
    if not clone.has(f"refs/tags/{version}"):
        findings.note("tag", Mark.SKIPPED, f"this clone has no tag {version}: not compared")
        return
    findings.attempt("tag", lambda: check_tag_commit(contents, version, clone))


def check_tag_commit(contents: Contents, version: str, clone: Clone) -> str:
    """Raises: RefusedError, InputError."""
    commit = clone.ask("rev-parse", f"refs/tags/{version}^{{commit}}")
    if (found := contents.labels.get(REVISION_LABEL)) != commit:
        raise RefusedError(
            f"the image is of commit {str(found)[:SHOWN_DIGITS]}, tag {version} of {commit[:SHOWN_DIGITS]}"
        )
    return f"{version} is commit {commit[:SHOWN_DIGITS]}"


def verify_signatures(findings: Findings, image: PublishedImage, sources: Sources) -> None:
    """The signature of the digest, and each attestation of it."""
    signed = SignedImage(sources.registry, image.repository, image.digest)
    verifier = findings.attempt(
        "signer", lambda: sources.verifier or find_verifier(image.version), lambda found: f"expected: {found.name}"
    )
    if verifier is None:
        return
    findings.attempt("signature", lambda: check_signature(verifier, signed))
    for kind, check in CHECKS:
        findings.attempt(kind.name, partial(check_attestation, verifier, signed, kind, check, image))


def check_signature(verifier: Verifier, signed: SignedImage) -> str:
    verifier.check_signature(signed)
    return f"{signed.digest[: len('sha256:') + SHOWN_DIGITS]} by {verifier.name}"


def check_attestation(
    verifier: Verifier,
    signed: SignedImage,
    kind: Kind,
    check: Callable[[Any, PublishedImage], str],
    image: PublishedImage,
) -> str:
    """What the statements of one kind say, each of which must be right.

    Raises: RefusedError, OutsideError.
    """
    found = verifier.read_attestations(signed, kind.cosign, kind.predicate_type)
    return [check(predicate, image) for predicate in found][-1]
