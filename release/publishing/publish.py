"""From a tag and its approved bundle to a signed image in the registry; again, it adds only what lacks."""

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cli import console
from cli.errors import InputError, RefusedError
from cli.files import read_file
from contract.approval import BUNDLE_FOLDER, RECORD_NAME, ApprovalRecord
from contract.bundle import FILE_NAMES
from contract.report import REPORT_NAME
from release.checks.tags import Tag, check_tag
from release.checks.verify import Sources, verify_line
from release.documents import write_document
from release.git.remote import Remote
from release.image.builders import find_builder, save_image
from release.image.image import ImageRequest, build_image, describe_revision
from release.manifests.overlays import REPOSITORIES, SHOWN_DIGITS, ImageLine
from release.publishing.attachment import attach_all
from release.publishing.copies import copy_image, list_targets
from release.publishing.provenance import ImageOrigin, compose_provenance, find_base
from release.registry.published import PublishedImage, read_published
from release.registry.registry import Registry, digest_archive, open_registry
from release.registry.sbom import compose_sbom
from release.registry.signing import Signer, Verifier, find_signer
from release.tools import ROOT
from review.approval.record import verify_approved

NAME = "predictor"
MAX_FILE_BYTES = 128 * 1024 * 1024


@dataclass(frozen=True)
class PublishRequest:
    """What a person, or release.yml, asks for."""

    version: str
    artifacts: Path = Path("artifacts")
    base: str | None = None
    builder: str | None = None
    unsigned: bool = False

    @property
    def approved(self) -> Path:
        return self.artifacts / "approved"

    def place(self, ending: str) -> Path:
        return self.artifacts / "release" / f"{self.version}{ending}"


@dataclass(frozen=True)
class Approved:
    """The bundle that may be released, and the record that says who let it."""

    bundle_digest: str
    record: ApprovalRecord


def publish_version(request: PublishRequest) -> PublishedImage:
    """Raises: InputError, RefusedError for what must not be released or never moves, OutsideError."""
    registry, targets = open_registry(), list_targets()
    signer = require_signer(request)
    tag = check_tag(request.version, Remote(ROOT), registry)
    check_checkout(tag)
    approved = read_approved(request.approved)
    line = ImageLine(NAME, REPOSITORIES[NAME], tag.version, registry.find_digest(REPOSITORIES[NAME], tag.version))
    with tempfile.TemporaryDirectory(prefix="lathe-publish-") as folder:
        archive = Path(folder) / "image.tar"
        was_there = line.digest is not None
        if was_there:
            take_image(registry, line, tag, approved, archive)
        else:
            build_archive(request, line, archive)
        sbom = compose_sbom(request.artifacts / "sbom.cdx.json", archive)
        image = read_published(line if was_there else push_archive(registry, line, archive), registry)
        origin = ImageOrigin(
            tag.version,
            tag.commit,
            line.repository,
            approved.bundle_digest,
            approved.record,
            find_base(ROOT, request.base),
            was_there,
        )
        documents = {".sbom.cdx.json": sbom, ".provenance.json": compose_provenance(origin)}
        verifier = attach_all(registry, image, signer, documents, Path(folder)) if signer else None
        for target in targets:
            copy_image(registry, image.repository, image.version, image.digest, target)
        if verifier:
            verify_result(registry, image, verifier)
    for ending, document in documents.items():
        write_document(request.place(ending), document)
    write_document(request.place(".json"), describe_release(image, targets, signer))
    return image


def require_signer(request: PublishRequest) -> Signer | None:
    """Raises: RefusedError without a signer, unless an unsigned image is requested."""
    if request.unsigned:
        console.print_warning(f"{request.version} will have no signature and no attestation: `verify` will refuse it")
        return None
    if signer := find_signer():
        return signer
    raise RefusedError(
        "nobody can sign: give LATHE_SIGNING_KEY (a file or env://NAME) and COSIGN_PASSWORD, "
        "or run in release.yml, or say --unsigned"
    )


def check_checkout(tag: Tag) -> None:
    """Raises: InputError if what would be built is not what was tagged."""
    if (found := describe_revision()) != tag.commit:
        raise InputError(
            f"the checkout is at {found}, expected {tag.commit}, the commit of {tag.version}: "
            f"run `git switch --detach {tag.version}` with no file changed"
        )


def read_approved(folder: Path) -> Approved:
    """What `make approved` fetched, every part bound to the others.

    Raises: InputError, RefusedError.
    """
    names = (RECORD_NAME, REPORT_NAME, *(f"{BUNDLE_FOLDER}/{name}" for name in FILE_NAMES))
    if not (folder / RECORD_NAME).is_file():
        raise InputError(f"{folder / RECORD_NAME} is not there: fetch what was approved with `make approved`")
    files = {name: read_file(folder / name, MAX_FILE_BYTES) for name in names if (folder / name).exists()}
    record, bundle = verify_approved(files, str(folder))
    return Approved(bundle.digest, record)


def take_image(registry: Registry, line: ImageLine, tag: Tag, approved: Approved, archive: Path) -> None:
    """The image that an earlier run has pushed.

    Raises: RefusedError if it is of another commit or bundle; OutsideError.
    """
    published = read_published(line, registry)
    for name, is_, expected in (
        ("commit", published.revision, tag.commit),
        ("bundle", published.bundle_digest, approved.bundle_digest),
    ):
        if is_ != expected:
            raise RefusedError(
                f"{line.repository}:{line.tag} is there with {name} {is_[:SHOWN_DIGITS]}, expected "
                f"{expected[:SHOWN_DIGITS]}: a released version never moves; release a new one"
            )
    console.print_done(f"{line.repository}:{line.tag} is in the registry already, {line.digest}")
    with console.step("Reading what it installs"):
        registry.pull(line.repository, published.digest, archive)


def build_archive(request: PublishRequest, line: ImageLine, archive: Path) -> None:
    """Raises: InputError, RefusedError, OutsideError."""
    builder = find_builder(request.builder)
    name = f"{line.repository}:{line.tag}"
    approved = request.approved
    build_image(
        ImageRequest(
            NAME,
            name,
            approved / BUNDLE_FOLDER,
            approved / REPORT_NAME,
            approved / RECORD_NAME,
            request.base,
            builder,
            line.tag,
        )
    )
    save_image(builder, name, archive)


def push_archive(registry: Registry, line: ImageLine, archive: Path) -> ImageLine:
    """By digest first: the tag never names half an image. The digest is fixed from here on.

    Raises: OutsideError.
    """
    with console.step(f"Pushing {digest_archive(archive)} to {registry.name(line.repository)}"):
        digest = registry.push(archive, line.repository)
        registry.tag(line.repository, digest, line.tag)
    console.print_done(f"{line.repository}:{line.tag} is pushed, {digest}")
    return ImageLine(line.name, line.repository, line.tag, digest)


def verify_result(registry: Registry, image: PublishedImage, verifier: Verifier) -> None:
    """As whoever lets it run will verify it.

    Raises: RefusedError, OutsideError.
    """
    line = ImageLine(NAME, image.repository, image.version, image.digest)
    findings, _ = verify_line(line, f"{line.short_name} {line.version}", Sources(registry, verifier=verifier))
    findings.print()
    findings.require()


def describe_release(image: PublishedImage, targets: tuple[str, ...], signer: Signer | None) -> dict[str, Any]:
    """What the steps after this one read; release/github_release/dossier.py knows its shape."""
    return {
        "version": image.version,
        "revision": image.revision,
        "repository": image.repository,
        "digest": image.digest,
        "bundle": image.bundle_digest,
        "report": image.report_sha256,
        "copies": [f"{target}:{image.version}" for target in targets],
        "signed": signer.kind if signer else None,
    }
