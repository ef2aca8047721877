"""The contract's data: strict, immutable, the same after a round through JSON."""

import ast

import msgspec
import pytest

from contract import schema as schema_module
from contract.bundle import Bundle
from contract.schema import Column, Interval, Manifest, ModelSchema, Struct
from tests.conftest import ROOT


def test_a_manifest_survives_json(bundle: Bundle, other_bundle: Bundle) -> None:
    for manifest in (bundle.manifest, other_bundle.manifest):
        assert msgspec.json.decode(msgspec.json.encode(manifest), type=Manifest) == manifest


@pytest.mark.parametrize("kind", Struct.__subclasses__(), ids=lambda kind: kind.__name__)
def test_every_part_is_immutable_and_refuses_what_it_does_not_know(kind: type[Struct]) -> None:
    assert kind.__struct_config__.frozen
    assert kind.__struct_config__.forbid_unknown_fields
    with pytest.raises(msgspec.ValidationError, match="unknown field `surprise`"):
        msgspec.convert({"surprise": 1}, kind)


def test_a_value_of_the_wrong_type_is_named_with_its_place() -> None:
    with pytest.raises(msgspec.ValidationError, match=r"Expected `float`, got `str` - at `\$.low`"):
        msgspec.json.decode(b'{"mean": 1, "low": "0", "high": 2}', type=Interval)


def test_a_column_type_outside_the_three_is_refused() -> None:
    column = {"name": "a", "source": "A", "type": "date", "description": ""}
    with pytest.raises(msgspec.ValidationError, match="Invalid enum value 'date'"):
        msgspec.convert(column, Column)


def test_a_schema_cannot_be_changed(bundle: Bundle) -> None:
    schema: ModelSchema = bundle.manifest.schema
    with pytest.raises(AttributeError, match="immutable"):
        schema.features = ()  # type: ignore[misc]


def test_the_schema_module_holds_data_and_no_behaviour() -> None:
    tree = ast.parse((ROOT / "contract" / "schema.py").read_text())
    assert not [node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
    assert max(schema_module.READABLE_VERSIONS) == schema_module.SCHEMA_VERSION
