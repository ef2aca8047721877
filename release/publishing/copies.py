"""The same image in other registries: Docker Hub, ECR, Artifact Registry, as LATHE_COPY_TO lists them."""

import os
from collections.abc import Mapping

from cli import console
from cli.errors import RefusedError
from release.manifests.overlays import SHOWN_DIGITS
from release.registry.registry import Registry, check_repository

COPY_TO = "LATHE_COPY_TO"
# where cosign keeps what belongs to a digest
ATTACHED = ("sig", "att")


def list_targets(environment: Mapping[str, str] = os.environ) -> tuple[str, ...]:
    """Repositories, each once.

    Raises: InputError.
    """
    given = environment.get(COPY_TO, "").split()
    return tuple(dict.fromkeys(check_repository(repository, COPY_TO) for repository in given))


def copy_image(registry: Registry, repository: str, version: str, digest: str, target: str) -> None:
    """Image, signature and attestations; the digest there is the same. What is there already is not copied again.

    Raises: RefusedError if that version is something else there, OutsideError.
    """
    present = registry.find_digest(target, version)
    if present not in (None, digest):
        raise RefusedError(f"{target}:{version} is {present}, expected {digest}: a released version never moves")
    for attached in ATTACHED:  # first, so that whoever sees the tag can verify it
        copy_attached(registry, repository, digest, target, attached)
    if present is None:
        registry.copy(f"{repository}@{digest}", target, version)
    if (copied := registry.find_digest(target, version)) != digest:
        raise RefusedError(f"{target}:{version} is {copied} after the copy, expected {digest}")
    console.print_done(f"{target}:{version} is the same image, {digest[: len('sha256:') + SHOWN_DIGITS]}")


def copy_attached(registry: Registry, repository: str, digest: str, target: str, attached: str) -> None:
    tag = f"{digest.replace(':', '-')}.{attached}"
    wanted = registry.find_digest(repository, tag)
    if wanted is not None and registry.find_digest(target, tag) != wanted:
        registry.copy(f"{repository}:{tag}", target, tag)
