"""What a registry holds of a release: the image's manifest digest, its labels, and what is in its last layer."""

from dataclasses import dataclass


@dataclass(frozen=True)
class PublishedImage:
    """One image of ours. `quality` names and values are the gate's, as a person reads them."""

    repository: str
    version: str
    digest: str
    revision: str
    bundle_digest: str
    report_sha256: str
    verdict: str
    accepted_by: str | None
    headline: str
    quality: tuple[tuple[str, str], ...]
