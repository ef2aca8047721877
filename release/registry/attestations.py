"""The signed attestations of an image: its SBOM, its provenance, and the gate's report on its bundle."""

import json
from dataclasses import dataclass
from typing import Any

from cli.errors import RefusedError
from release.registry.published import PublishedGate, PublishedImage
from release.registry.sbom import list_components


@dataclass(frozen=True)
class Kind:
    """`cosign` is how cosign calls the type; `predicate_type` stands in the statement."""

    name: str
    cosign: str
    predicate_type: str


GATE_TYPE = "https://lathe.dev/attestation/gate-report/v1"
SBOM = Kind("SBOM", "cyclonedx", "https://cyclonedx.org/bom")
PROVENANCE = Kind("provenance", "slsaprovenance1", "https://slsa.dev/provenance/v1")
GATE = Kind("gate report", GATE_TYPE, GATE_TYPE)


def compose_gate(image: PublishedImage, report: bytes, judgement: PublishedGate) -> dict[str, Any]:
    """The gate's report, bound to the bundle, and who let it through."""
    record = judgement.record
    return {
        "bundle": image.bundle_digest,
        "reportSha256": image.report_sha256,
        "verdict": image.verdict,
        "acceptedBy": image.accepted_by,
        "approvedBy": list(record.approved_by) if record else [],
        "report": json.loads(report),
    }


def check_sbom(predicate: Any, image: PublishedImage) -> str:
    """Raises: RefusedError."""
    components = list_components(predicate)
    if not components:
        raise RefusedError(f"the SBOM of {image.version} lists nothing, expected what the image installs")
    return f"{len(components)} packages"


def check_provenance(predicate: Any, image: PublishedImage) -> str:
    """Raises: RefusedError if it is of another tag, commit, repository or bundle."""
    definition = find_field(predicate, "buildDefinition")
    given = find_field(definition, "externalParameters")
    sources = find_field(definition, "resolvedDependencies")
    commits = [find_field(find_field(one, "digest"), "gitCommit") for one in sources or () if isinstance(one, dict)]
    pairs = {
        "tag": (find_field(given, "tag"), image.version),
        "repository": (find_field(given, "repository"), image.repository),
        "bundle": (find_field(given, "bundle"), image.bundle_digest),
        "commit": (next(filter(None, commits), None), image.revision),
    }
    compare_fields("the provenance", pairs)
    builder = find_field(find_field(predicate, "runDetails"), "builder")
    return f"of commit {image.revision[:12]}, by {find_field(builder, 'id')}"


def check_gate(predicate: Any, image: PublishedImage) -> str:
    """Raises: RefusedError if it is of another bundle, or another report than the image holds."""
    pairs = {
        "bundle": (find_field(predicate, "bundle"), image.bundle_digest),
        "report": (find_field(predicate, "reportSha256"), image.report_sha256),
        "verdict": (find_field(predicate, "verdict"), image.verdict),
    }
    compare_fields("the attested gate report", pairs)
    return f"{image.report_sha256[:12]}, the one that the image holds"


def compare_fields(what: str, pairs: dict[str, tuple[Any, str]]) -> None:
    for name, (found, expected) in pairs.items():
        if found != expected:
            raise RefusedError(f"{what} is of {name} {str(found)[:19]}, the image of {expected[:19]}")


def find_field(value: Any, name: str) -> Any:
    return value.get(name) if isinstance(value, dict) else None


CHECKS = ((SBOM, check_sbom), (PROVENANCE, check_provenance), (GATE, check_gate))
