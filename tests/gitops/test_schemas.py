"""The vendored schemas say where they come from, and take nothing that they do not name."""

import json
from pathlib import Path

import pytest

from tests.gitops.scenes import Scene
from tests.gitops.validity import SCHEMAS, find_schema
from tests.gitops.vendor import close_schema, read_sources

FILES = sorted(SCHEMAS.glob("*.json"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_schema_names_its_module_version_and_file(path: Path) -> None:
    comment = json.loads(path.read_text(encoding="utf-8"))["$comment"]
    known = [f"{source['module']}@{source['version']} {name}" for source in read_sources() for name in source["files"]]
    assert comment in known


def test_every_custom_resource_that_is_rendered_has_a_schema(scenes: list[Scene]) -> None:
    used = {path for scene in scenes for found in scene.objects if (path := find_schema(found))}
    assert {path.name.partition(".")[0] for path in used} >= {
        "AnalysisTemplate", "AppProject", "Application", "ApplicationSet", "ExternalSecret", "HTTPRoute", "Rollout",
        "ScaledObject", "ServiceMonitor",
    }  # fmt: skip # a table


@pytest.mark.parametrize(
    ("schema", "closed"),
    [
        ({"type": "object", "description": "prose", "properties": {"a": {"type": "string"}}}, True),
        ({"type": "object", "properties": {"a": {}}, "x-kubernetes-preserve-unknown-fields": True}, False),
        ({"type": "object", "additionalProperties": {"type": "string"}}, False),
        ({"type": "object"}, False),
    ],
)
def test_an_object_is_closed_unless_its_definition_opens_it(schema: dict[str, object], closed: bool) -> None:
    made = close_schema(schema)
    assert (made.get("additionalProperties") is False) is closed
    assert "description" not in made


def test_a_number_or_text_is_either() -> None:
    assert close_schema({"x-kubernetes-int-or-string": True, "anyOf": []}) == {"type": ["integer", "string"]}
