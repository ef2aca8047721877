"""`python -m tests.gitops.vendor`: the schemas of custom resources, out of the Go modules that define them."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

GO = Path(sys.executable).with_name("go")  # of the dev group
SCHEMAS = Path(__file__).parent / "schemas"
OPEN = "x-kubernetes-preserve-unknown-fields"
EITHER = "x-kubernetes-int-or-string"
KEPT = ("type", "enum", "pattern", "minimum", "maximum", "minLength", "maxLength", "minItems", "maxItems", "required")
NESTED_LISTS = ("anyOf", "oneOf", "allOf")


def read_sources() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = YAML(typ="safe").load(SCHEMAS / "sources.yaml")
    return found


def download_module(module: str, version: str) -> Path:
    """The module's folder in Go's cache, checked against Go's checksum database."""
    done = subprocess.run([GO, "mod", "download", "-json", f"{module}@{version}"], capture_output=True, check=True)
    return Path(json.loads(done.stdout)["Dir"])


def read_definitions(path: Path) -> Iterator[dict[str, Any]]:
    """The documents of a file; `=`, one of the matchers of Alertmanager, is only a text."""
    yaml = YAML(typ="safe", pure=True)
    yaml.constructor.add_constructor("tag:yaml.org,2002:value", lambda _, node: node.value)
    yield from yaml.load_all(path)


def close_schema(schema: dict[str, Any], is_root: bool = False) -> dict[str, Any]:
    """What of an OpenAPI schema judges a value; an object takes no field that is not named."""
    closed = {name: schema[name] for name in KEPT if name in schema}
    if schema.get(EITHER):
        return {"type": ["integer", "string"]}
    if "properties" in schema:
        closed["properties"] = {name: close_schema(inner) for name, inner in schema["properties"].items()}
    if isinstance(schema.get("additionalProperties"), dict):
        closed["additionalProperties"] = close_schema(schema["additionalProperties"])
    elif schema.get("properties") and not schema.get(OPEN):
        closed["additionalProperties"] = False
    if "items" in schema:
        closed["items"] = close_schema(schema["items"])
    for name in NESTED_LISTS:  # they only add conditions: closing them would forbid what stands beside them
        if name in schema:
            closed[name] = [strip_prose(inner) for inner in schema[name]]
    if schema.get("nullable") and "type" in closed:
        closed["type"] = [closed["type"], "null"]
    if is_root:
        closed["properties"]["metadata"] = {"type": "object"}
    return closed


def strip_prose(schema: dict[str, Any]) -> dict[str, Any]:
    """A condition as it stands, without its descriptions."""
    kept = {name: schema[name] for name in KEPT if name in schema}
    if "properties" in schema:
        kept["properties"] = {name: strip_prose(inner) for name, inner in schema["properties"].items()}
    if "not" in schema:
        kept["not"] = strip_prose(schema["not"])
    return kept | {name: [strip_prose(inner) for inner in schema[name]] for name in NESTED_LISTS if name in schema}


def list_versions(definition: dict[str, Any], source: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """The file name and the schema of each served version of a custom resource."""
    spec = definition["spec"]
    for version in spec["versions"]:
        if version["served"]:
            name = f"{spec['names']['kind']}.{spec['group']}.{version['name']}.json"
            yield name, {"$comment": source, **close_schema(version["schema"]["openAPIV3Schema"], is_root=True)}


def main() -> None:
    for path in SCHEMAS.glob("*.json"):
        path.unlink()
    for source in read_sources():
        folder = download_module(source["module"], source["version"])
        for name in source["files"]:
            for definition in read_definitions(folder / name):
                for file, schema in list_versions(definition, f"{source['module']}@{source['version']} {name}"):
                    (SCHEMAS / file).write_text(json.dumps(schema, separators=(",", ":"), sort_keys=True) + "\n")


if __name__ == "__main__":
    main()
