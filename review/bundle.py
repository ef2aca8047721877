"""A bundle as a pull request hands it on: read by the contract's one reader, with the manifest's bytes beside it."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from cli.errors import InputError, RefusedError
from cli.files import read_file
from contract.bundle import FILE_NAMES, MAX_BYTES, digest_inputs, open_bundle
from contract.errors import BundleError
from contract.schema import Manifest
from contract.soundness import check_served


@dataclass(frozen=True)
class VerifiedBundle:
    manifest: Manifest
    files: dict[str, bytes]  # with the manifest's own

    @property
    def digest(self) -> str:
        return self.manifest.digest

    @property
    def inputs_digest(self) -> str:
        """One SHA-256 over the digests of everything that the model was made from."""
        return digest_inputs(self.manifest.inputs)


def verify_bundle(files: Mapping[str, bytes], what: str) -> VerifiedBundle:
    """The bundle in `files`, by the checks that the predictor makes before it serves one; `what` names it in errors.

    Raises: RefusedError.
    """
    try:
        manifest = open_bundle(files).manifest
        check_served(manifest)
    except BundleError as error:
        raise RefusedError(f"{what}: {error}") from error
    return VerifiedBundle(manifest, dict(files))


def read_bundle(folder: Path) -> VerifiedBundle:
    """Raises: InputError if it is not there, RefusedError if it was changed."""
    if not folder.is_dir():
        raise InputError(f"{folder} is not a folder; expected a bundle's, such as artifacts/candidate")
    if extra := sorted(path.name for path in folder.iterdir() if path.name not in FILE_NAMES):
        raise InputError(f"{folder} holds {extra[0]!r}, expected only {', '.join(FILE_NAMES)}")
    return verify_bundle({path.name: read_file(path, MAX_BYTES) for path in sorted(folder.iterdir())}, str(folder))
