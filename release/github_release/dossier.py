"""What a release is made of: what `make publish` wrote of the image, and what was approved, bound by digest."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import msgspec

from cli.errors import InputError, RefusedError
from cli.files import read_file
from contract.approval import BUNDLE_FOLDER, RECORD_NAME, ApprovalRecord
from contract.bundle import FILE_NAMES
from contract.report import REPORT_NAME, Report
from release.documents import read_document
from release.versions import parse_version
from review.approval.record import LIMITS_BYTES, verify_approved
from review.bundle import VerifiedBundle
from review.report import parse_report

APPROVED, RELEASES = "approved", "release"
NAMES = (RECORD_NAME, REPORT_NAME, *(f"{BUNDLE_FOLDER}/{name}" for name in FILE_NAMES))


class PublishRecord(msgspec.Struct, frozen=True):
    """The file that `make publish` left: the fields that a release page shows."""

    version: str
    revision: Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{40}\Z")]
    repository: Annotated[str, msgspec.Meta(pattern=r"^[a-z0-9][a-z0-9./:_-]{0,200}\Z")]
    digest: Annotated[str, msgspec.Meta(pattern=r"^sha256:[0-9a-f]{64}\Z")]
    bundle: Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{64}\Z")]
    copies: tuple[str, ...] = ()
    signed: str | None = None  # by a `key`, or `keyless`

    @property
    def reference(self) -> str:
        return f"{self.repository}@{self.digest}"


@dataclass(frozen=True)
class Dossier:
    """`files` are those of the approved artifact, by name."""

    image: PublishRecord
    record: ApprovalRecord
    bundle: VerifiedBundle
    report: Report
    files: dict[str, bytes]


def read_dossier(version: str, artifacts: Path) -> Dossier:
    """Raises: InputError if something is not there, RefusedError if the parts are not of each other."""
    parse_version(version)
    image = read_image(artifacts / RELEASES / f"{version}.json", version)
    folder = artifacts / APPROVED
    files = {name: read_file(folder / name, LIMITS_BYTES) for name in NAMES if (folder / name).exists()}
    record, bundle = verify_approved(files, str(folder))
    report = parse_report(files[REPORT_NAME], str(folder / REPORT_NAME))
    if bundle.digest != image.bundle:
        raise RefusedError(
            f"{folder} holds bundle {bundle.digest[:12]}, the image of {version} has {image.bundle[:12]}: "
            "run `make approved` for the tag's commit"
        )
    return Dossier(image, record, bundle, report, files)


def read_image(path: Path, version: str) -> PublishRecord:
    """Raises: InputError, RefusedError for a file of another version."""
    if not path.is_file():
        raise InputError(f"{path} is not there: run `make publish` for {version} first")
    content = read_document(path)
    try:
        image = msgspec.json.decode(content, type=PublishRecord)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise InputError(f"{path} is not what `make publish` writes: {error}; run it again") from error
    if image.version != version:
        raise RefusedError(f"{path} is of {image.version!r}, expected {version!r}; run `make publish` again")
    return image
