"""Where an image comes from, as SLSA's provenance v1 says it: docs/provenance.md explains every field."""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cli.errors import InputError
from contract.approval import ApprovalRecord
from review.github.settings import find_run_url

SOURCE = "https://github.com/lathe-ml/lathe"
BUILD_TYPE = f"{SOURCE}/blob/main/docs/provenance.md"
LAPTOP = f"{SOURCE}/blob/main/docs/provenance.md#built-by-hand"
BASE = re.compile(r"^ARG BASE_IMAGE=(?P<name>\S+?)(?:@(?P<digest>sha256:[0-9a-f]{64}))?$", re.MULTILINE)
REFERENCE = re.compile(r"(?P<name>\S+?)(?:@(?P<digest>sha256:[0-9a-f]{64}))?")


@dataclass(frozen=True)
class ImageOrigin:
    """What an image was made from; `was_there` if an earlier attempt at the same tag had pushed it already."""

    version: str
    revision: str
    repository: str
    bundle_digest: str
    record: ApprovalRecord | None
    base: tuple[str, str | None]
    was_there: bool


def compose_provenance(origin: ImageOrigin, environment: Mapping[str, str] = os.environ) -> dict[str, Any]:
    """The predicate."""
    definition = {
        "buildType": BUILD_TYPE,
        "externalParameters": {
            "tag": origin.version,
            "repository": origin.repository,
            "bundle": origin.bundle_digest,
            "approval": describe_approval(origin.record),
        },
        "internalParameters": {"image": "pushed by an earlier attempt" if origin.was_there else "built by this run"},
        "resolvedDependencies": list(list_dependencies(origin)),
    }
    details = {"builder": {"id": name_builder(environment)}, "metadata": describe_run()}
    return {"buildDefinition": definition, "runDetails": details}


def describe_approval(record: ApprovalRecord | None) -> dict[str, Any] | None:
    """The run that judged the bundle, and who opened the environment for it."""
    if record is None:
        return None
    return {"pullRequest": record.pull_request, "runId": record.run_id, "approvedBy": list(record.approved_by)}


def list_dependencies(origin: ImageOrigin) -> list[dict[str, Any]]:
    name, digest = origin.base
    release = f"{SOURCE}/releases/tag/{origin.version}"
    base: dict[str, Any] = {"name": "base", "uri": f"oci://{name}"}
    if digest:
        base["digest"] = {"sha256": digest.removeprefix("sha256:")}
    return [
        {"name": "source", "uri": f"git+{SOURCE}@refs/tags/{origin.version}", "digest": {"gitCommit": origin.revision}},
        {
            "name": "bundle",
            "uri": release,
            "digest": {"latheBundle": origin.bundle_digest},
        },
        base,
    ]


def name_builder(environment: Mapping[str, str]) -> str:
    """The workflow that ran, or nobody's but a person's machine."""
    server, workflow = (environment.get(f"GITHUB_{name}") for name in ("SERVER_URL", "WORKFLOW_REF"))
    return f"{server}/{workflow}" if server and workflow else LAPTOP


def describe_run() -> dict[str, str]:
    url = find_run_url()
    attempt = os.environ.get("GITHUB_RUN_ATTEMPT", "1")
    return {"invocationId": f"{url}/attempts/{attempt}"} if url else {}


def find_base(root: Path, given: str | None) -> tuple[str, str | None]:
    """Name and digest of the image that ours is built on: the given one, or the Dockerfile's.

    Raises: InputError.
    """
    match = REFERENCE.fullmatch(given) if given else BASE.search((root / "Dockerfile").read_text(encoding="utf-8"))
    if not match:
        raise InputError(f"the base image {given or 'in Dockerfile'!r} is not usable, expected NAME:TAG@sha256:…")
    return match["name"], match["digest"]
