"""What goes into the image: the bundle, verified as a copy, the gate's report of it, and who approved it."""

import contextlib
import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from cli.errors import InputError
from contract.bundle import MANIFEST_NAME
from contract.bundle import MAX_BYTES as MAX_BUNDLE_BYTES
from release.image.judgement import check_judgement, read_object
from release.tools import ROOT

VERIFY_SECONDS = 120


@dataclass(frozen=True)
class StagedModel:
    """What the image will hold; `digest` stands for the whole bundle."""

    digest: str
    headline: str


def stage_model(bundle: Path, report: Path, folder: Path, approval: Path | None = None) -> StagedModel:
    """Puts bundle, report and the record of approval into `folder`, replacing it in one step, once they fit together.

    Raises: InputError, RefusedError if neither the gate nor a person by name let the bundle through.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    staging = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
    try:
        copy_bundle(bundle, staging / "bundle")
        verify_bundle(staging / "bundle", bundle)
        digest = str(read_object(staging / "bundle" / MANIFEST_NAME, limit=MAX_BUNDLE_BYTES)["digest"])
        headline = check_judgement(report, approval, digest)
        shutil.copyfile(report, staging / "report.json")
        if approval is not None:
            shutil.copyfile(approval, staging / "approval.json")
        set_modes(staging)
        replace_folder(staging, folder)
    finally:
        shutil.rmtree(staging, ignore_errors=True)
    return StagedModel(digest, headline)


def copy_bundle(bundle: Path, copy: Path) -> None:
    """Raises: InputError if it is not a folder of regular files with a manifest."""
    if not (bundle / MANIFEST_NAME).is_file():
        raise InputError(
            f"{bundle / MANIFEST_NAME} is not there: run `make up`, or name a bundle's folder with --bundle"
        )
    copy.mkdir()
    for path in sorted(bundle.iterdir()):
        if not path.is_file():  # a pipe would never end
            raise InputError(f"{path} is not a regular file; expected only a bundle's files")
        shutil.copyfile(path, copy / path.name)


def verify_bundle(copy: Path, bundle: Path) -> None:
    """Every checksum, by the program that knows bundles; its errors on the copy name `bundle`.

    Raises: InputError.
    """
    command = [sys.executable, "-m", "training", "inspect", str(copy)]
    done = subprocess.run(  # noqa: S603
        command, cwd=ROOT, capture_output=True, text=True, timeout=VERIFY_SECONDS, check=False
    )
    if done.returncode:
        stderr = done.stderr.strip().splitlines() or ["it says nothing"]
        raise InputError(stderr[-1].removeprefix("error: ").replace(str(copy), str(bundle)))


def set_modes(folder: Path) -> None:
    """Whatever this user's umask is, any user in the image may read, and two builds give the same bytes."""
    folder.chmod(0o755)
    for path in folder.rglob("*"):
        path.chmod(0o755 if path.is_dir() else 0o644)


def replace_folder(new: Path, folder: Path) -> None:
    former = folder.with_name(f".{folder.name}.former.{os.getpid()}")
    with contextlib.suppress(FileNotFoundError):
        folder.rename(former)
    new.rename(folder)
    shutil.rmtree(former, ignore_errors=True)
