"""Signs a published image and attaches its attestations; what is there already, by the same signer, stays."""

import json
from pathlib import Path
from typing import Any

from cli import console
from cli.errors import RefusedError
from contract.report import REPORT_NAME
from release.manifests.overlays import SHOWN_DIGITS
from release.registry.attestations import CHECKS, GATE, PROVENANCE, SBOM, Kind, compose_gate
from release.registry.contents import read_contents
from release.registry.published import PublishedImage, open_bundle, open_judgement
from release.registry.registry import Registry
from release.registry.sbom import list_components
from release.registry.signing import SignedImage, Signer, Verifier

ENDINGS = {SBOM: ".sbom.cdx.json", PROVENANCE: ".provenance.json"}  # of the files beside the release's record


def attach_all(
    registry: Registry, image: PublishedImage, signer: Signer, documents: dict[str, Any], folder: Path
) -> Verifier:
    """Signature and attestations, each once; `documents` becomes what is attached in the end.

    Raises: RefusedError, OutsideError.
    """
    signed = SignedImage(registry, image.repository, image.digest)
    verifier = Verifier(signer.write_public_key(folder), image.version)
    contents = read_contents(registry, image.repository, image.digest)
    gate = compose_gate(image, contents.files[REPORT_NAME], open_judgement(contents, open_bundle(contents)))
    wanted = {GATE: gate, **{kind: documents[ending] for kind, ending in ENDINGS.items()}}
    for kind, check in CHECKS:
        attached = find_attached(verifier, signed, kind, image, check, wanted[kind])
        if attached is None:
            path = folder / "predicate.json"
            path.write_text(json.dumps(wanted[kind]), encoding="utf-8")
            signer.attest(signed, kind.cosign, path)
            console.print_done(f"{kind.name} is attached to {image.digest[: len('sha256:') + SHOWN_DIGITS]}")
        elif kind in ENDINGS:
            documents[ENDINGS[kind]] = attached
    if not is_signed(verifier, signed):
        signer.sign(signed)
        console.print_done(f"{image.digest[: len('sha256:') + SHOWN_DIGITS]} is signed ({signer.kind})")
    return verifier


def find_attached(
    verifier: Verifier, signed: SignedImage, kind: Kind, image: PublishedImage, check: Any, wanted: Any
) -> Any | None:
    """The one statement of a kind, if it is right; anything else is to be replaced.

    Raises: OutsideError.
    """
    try:
        statements = verifier.read_attestations(signed, kind.cosign, kind.predicate_type)
        check(statements[0], image)
    except RefusedError:
        return None
    is_stale = kind is SBOM and list_components(statements[0]) != list_components(wanted)
    return None if len(statements) > 1 or is_stale else statements[0]


def is_signed(verifier: Verifier, signed: SignedImage) -> bool:
    """Raises: OutsideError."""
    try:
        verifier.check_signature(signed)
    except RefusedError:
        return False
    return True
