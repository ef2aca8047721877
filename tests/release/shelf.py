"""Releases in a real registry, signed with a key of their own: right ones, and ones with something planted."""

import hashlib
import itertools
import json
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from contract.approval import ApprovalRecord
from contract.bundle import MANIFEST_NAME, NO_DIGEST, OPENING
from release.checks.verify import Sources
from release.git.clone import Clone
from release.manifests.overlays import REPOSITORIES, ImageLine
from release.publishing.attachment import attach_all
from release.publishing.provenance import ImageOrigin, compose_provenance
from release.registry.published import PublishedImage
from release.registry.signing import Signer, Verifier
from release.tools import TOOLS
from review.approval.record import write_record
from tests.needs import need_program
from tests.release.dossiers import AUTHOR
from tests.release.images import SETTINGS, make_environment, read_model, write_image
from tests.release.registry_server import RegistryServer
from tests.release.reports import read_digest
from tests.review.worlds import TREE, report_of

REPOSITORY = REPOSITORIES["predictor"]
PASSWORD = "a password that nobody may read"
PACKAGES = {("fastapi", "0.165.0"), ("numpy", "2.4.6")}
SBOM = {
    "bomFormat": "CycloneDX",
    "specVersion": "1.5",
    "version": 1,
    "components": [{"type": "library", "name": name, "version": version} for name, version in sorted(PACKAGES)],
}


def write_keys(folder: Path, name: str = "cosign", password: str = PASSWORD) -> tuple[Path, Path]:
    """A private key and its public half."""
    folder.mkdir(parents=True, exist_ok=True)
    subprocess.run(
        [need_program("cosign", str(TOOLS)), "generate-key-pair", "--output-key-prefix", name],
        cwd=folder,
        env={"COSIGN_PASSWORD": password, "HOME": str(folder)},
        check=True,
        capture_output=True,
    )
    return folder / f"{name}.key", folder / f"{name}.pub"


def approve(folder: Path, bundle: Path, name: str = "good") -> ApprovalRecord:
    """What `make approved` fetches: bundle, report and record."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    report = folder.with_name(f"{folder.name}-judged.json")
    report.write_text(json.dumps(report_of(bundle, name)), encoding="utf-8")
    accepted = "reviewer" if name == "uncertain" else None
    return write_record(
        report, bundle, folder, tree=TREE, number=7, run_id=500, approved_by=["maintainer"], accepted_by=accepted
    )


@dataclass
class Shelf:
    """`approved` is what every image holds unless something else is planted."""

    server: RegistryServer
    folder: Path
    approved: Path
    record: ApprovalRecord
    keys: tuple[Path, Path]
    numbers: "itertools.count[int]" = field(default_factory=lambda: itertools.count(1))

    def __post_init__(self) -> None:
        self.git("init", "--quiet", "--initial-branch=main")
        self.git("commit", "--quiet", "--allow-empty", "--message", "first")

    def git(self, *arguments: str) -> str:
        command = ["git", *AUTHOR, *arguments]
        done = subprocess.run(command, cwd=self.folder, capture_output=True, text=True, check=True)
        return done.stdout.strip()

    @property
    def revision(self) -> str:
        return self.git("rev-parse", "HEAD")

    def push(
        self,
        *,
        labels: Mapping[str, str] | None = None,
        model: Mapping[str, bytes] | None = None,
        settings: Mapping[str, str] = SETTINGS,
        tagged: bool = True,
    ) -> ImageLine:
        """A new version in the registry, and its tag in Git."""
        version = f"v1.0.{next(self.numbers)}"
        known = {
            "org.opencontainers.image.version": version,
            "org.opencontainers.image.revision": self.revision,
            "dev.lathe.bundle.digest": read_digest(self.approved / "bundle"),
        }
        layers = [make_environment(PACKAGES), read_model(self.approved) if model is None else model]
        archive = write_image(self.folder.with_name("image.tar"), {**known, **(labels or {})}, layers, settings)
        digest = self.server.client.push(archive, REPOSITORY)
        self.server.client.tag(REPOSITORY, digest, version)
        if tagged:
            self.git("tag", "--annotate", "--message", version, version)
        return ImageLine("predictor", REPOSITORY, version, digest)

    def sign(self, line: ImageLine, *, signer: Signer | None = None, **changes: Any) -> None:
        """Everything that `publish` attaches; `changes` are to what the provenance and the gate's report say."""
        image = PublishedImage(
            **{
                "repository": line.repository,
                "version": line.tag,
                "digest": line.digest,
                "revision": self.revision,
                "bundle_digest": read_digest(self.approved / "bundle"),
                "report_sha256": self.record.report_sha256,
                "verdict": "pass",
                "accepted_by": None,
                "headline": "",
                "quality": (),
                **changes,
            }
        )
        origin = ImageOrigin(
            image.version, image.revision, image.repository, image.bundle_digest, self.record, ("base", None), False
        )
        documents = {".sbom.cdx.json": SBOM, ".provenance.json": compose_provenance(origin)}
        attach_all(self.server.client, image, signer or Signer(str(self.keys[0])), documents, self.folder.parent)

    def put(self, **changes: Any) -> ImageLine:
        """A release on which everything agrees, but for the changes."""
        line = self.push(**changes)
        self.sign(line)
        return line

    def sources(self, line: ImageLine, **changes: Any) -> Sources:
        known = {"registry": self.server.client, "clone": Clone(self.folder)}
        return Sources(**{**known, "verifier": Verifier(self.keys[1], line.tag), **changes})


def reseal(approved: Path, folder: Path) -> Path:
    """Another bundle that is as valid: the same model under another name, approved by another report."""
    shutil.copytree(approved / "bundle", folder / "bundle")
    manifest = folder / "bundle" / MANIFEST_NAME
    content = manifest.read_bytes().replace(b'"name": "ai4i"', b'"name": "other"', 1)
    former = OPENING.match(content)
    assert former is not None
    assert content != manifest.read_bytes()
    blank = content.replace(former.group(1), NO_DIGEST.encode(), 1)
    manifest.write_bytes(blank.replace(NO_DIGEST.encode(), hashlib.sha256(blank).hexdigest().encode(), 1))
    (folder / "report.json").write_text(json.dumps(report_of(folder / "bundle")), encoding="utf-8")
    return folder
