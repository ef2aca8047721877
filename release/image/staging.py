"""What goes into the image: the bundle as it was verified, the gate's report of it, and who approved it."""

from dataclasses import dataclass
from pathlib import Path

from cli.errors import InputError
from cli.files import write_folder
from contract.approval import BUNDLE_FOLDER, RECORD_NAME
from contract.bundle import MANIFEST_NAME
from contract.report import REPORT_NAME
from release.image.judgement import check_judgement
from review.bundle import read_bundle


@dataclass(frozen=True)
class StagedModel:
    """What the image will hold; `digest` stands for the whole bundle."""

    digest: str
    headline: str


def stage_model(bundle: Path, report: Path, folder: Path, approval: Path | None = None) -> StagedModel:
    """Puts bundle, report and the record of approval into `folder`, replacing it in one step, once they fit together.

    What is written are the very bytes that were verified. Any user in the image may read them.

    Raises: InputError, RefusedError if neither the gate nor a person by name let the bundle through.
    """
    if not (bundle / MANIFEST_NAME).exists():
        raise InputError(
            f"{bundle / MANIFEST_NAME} is not there: run `make up`, or name a bundle's folder with --bundle"
        )
    verified = read_bundle(bundle)
    judgement = check_judgement(report, approval, verified.digest)
    files = {f"{BUNDLE_FOLDER}/{name}": content for name, content in verified.files.items()}
    files[REPORT_NAME] = judgement.report
    if judgement.approval is not None:
        files[RECORD_NAME] = judgement.approval
    write_folder(folder, files)
    return StagedModel(verified.digest, judgement.headline)
