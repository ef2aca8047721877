"""What goes into the image: the bundle, verified as a copy, and the gate's report of that very bundle."""

import contextlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from release.errors import InputError, RefusedError

ROOT = Path(__file__).parents[1]
MANIFEST_NAME = "bundle.json"
REPORT_VERSION = 1
VERIFY_SECONDS = 120


@dataclass(frozen=True)
class StagedModel:
    """What the image will hold; `digest` stands for the whole bundle."""

    digest: str
    headline: str


def stage_model(bundle: Path, report: Path, folder: Path) -> StagedModel:
    """Puts bundle and report into `folder`, replacing it in one step, once both are what they must be.

    Raises: InputError, RefusedError if the gate did not let the bundle pass.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    staging = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
    try:
        copy_bundle(bundle, staging / "bundle")
        verify_bundle(staging / "bundle", bundle)
        digest = str(_read_object(staging / "bundle" / MANIFEST_NAME)["digest"])
        headline = check_report(report, digest)
        shutil.copyfile(report, staging / "report.json")
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
    """Every checksum, by the program that knows bundles; what it says of the copy is said of `bundle`.

    Raises: InputError.
    """
    command = [sys.executable, "-m", "training", "inspect", str(copy)]
    done = subprocess.run(  # noqa: S603
        command, cwd=ROOT, capture_output=True, text=True, timeout=VERIFY_SECONDS, check=False
    )
    if done.returncode:
        said = done.stderr.strip().splitlines() or ["it says nothing"]
        raise InputError(said[-1].removeprefix("error: ").replace(str(copy), str(bundle)))


def check_report(path: Path, digest: str) -> str:
    """The headline of the gate's report, if it says that the bundle `digest` passed.

    Raises: InputError if it is no report of that bundle, RefusedError if the verdict is another.
    """
    report = _read_object(path)
    found = report.get("schema_version")
    if found != REPORT_VERSION:
        raise InputError(f"{path} has schema version {found}, expected {REPORT_VERSION}; run `make gate`")
    candidate = report.get("candidate")
    judged = candidate.get("digest") if isinstance(candidate, dict) else None
    if judged != digest:
        raise InputError(
            f"{path} is of bundle {str(judged)[:12]}, expected {digest[:12]}; run `make gate` on this bundle"
        )
    verdict, headline = report.get("verdict"), str(report.get("headline", ""))
    if verdict != "pass":
        raise RefusedError(f"the gate's verdict on bundle {digest[:12]} is {verdict!r}, expected 'pass': {headline}")
    return headline


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


def _read_object(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_bytes())
    except OSError as error:
        raise InputError(
            f"{path} cannot be read: {error.strerror}; run `make gate`, or name it with --report"
        ) from error
    except ValueError as error:
        raise InputError(f"{path} is not JSON: {error}; run `make gate`") from error
    if not isinstance(found, dict):
        raise InputError(f"{path} holds a {type(found).__name__}, expected an object; run `make gate`")
    return found
