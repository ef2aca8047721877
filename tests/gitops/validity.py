"""Checks every object against the schema of its kind (K2): Kubernetes' own, several versions, and the vendored ones."""

import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import kubernetes_validate  # type: ignore[import-untyped]
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]

from release.manifests.render import Object
from tests.gitops.findings import Finding, name_object
from tests.gitops.scenes import Scene

VERSIONS = ("1.32", "1.33", "1.34", "1.35")
SCHEMAS = Path(__file__).parent / "schemas"


def find_invalid(scene: Scene) -> Iterator[Finding]:
    """Each object in each version, strictly: a field that the schema does not name is a problem."""
    for found in scene.objects:
        text = json.dumps(found, sort_keys=True)
        if schema := find_schema(found):
            yield name_object(found), judge_custom(text, schema)
        else:
            yield from ((f"{name_object(found)} in {version}", judge_own(text, version)) for version in VERSIONS)


def find_schema(found: Object) -> Path | None:
    """The vendored schema of a custom resource."""
    group, _, version = found["apiVersion"].rpartition("/")
    path = SCHEMAS / f"{found['kind']}.{group}.{version}.json"
    return path if path.exists() else None


@cache
def judge_own(text: str, version: str) -> list[str]:
    """By Kubernetes' own schema; a kind without one is a problem, not a warning."""
    try:
        used = kubernetes_validate.validate(json.loads(text), version, strict=True)
    except kubernetes_validate.SchemaNotFoundError as error:
        return [error.message]
    except kubernetes_validate.ValidationError as error:
        return [f"{'.'.join(map(str, error.path))}: {error.message}"]
    return [] if used == version else [f"judged by {used}: there is no schema of {version}"]


@cache
def judge_custom(text: str, schema: Path) -> list[str]:
    errors = Draft202012Validator(read_schema(schema)).iter_errors(json.loads(text))
    return [f"{error.json_path}: {error.message}" for error in errors]


@cache
def read_schema(path: Path) -> dict[str, object]:
    schema: dict[str, object] = json.loads(path.read_text(encoding="utf-8"))
    return schema
