"""What the double serves is what the bindings say, for every kind that terraform/ uses."""

import json
from pathlib import Path

import pytest

from tests.terraform.google.bindings import BindingsError, read_kinds
from tests.terraform.google.schema import PUBLISHED, find_used, write_schema

BINDINGS = """
class GoogleThing extends cdktn.TerraformResource {
    static tfResourceType = "google_thing";
    // id - computed: true, optional: true, required: false
    get id() { return this.getStringAttribute('id'); }
    // labels - computed: false, optional: true, required: false
    get labels() { return this.getStringMapAttribute('labels'); }
    // mode - computed: false, optional: false, required: true
    get mode() { return this.getStringAttribute('mode'); }
    // secret_wo - computed: false, optional: true, required: false
    // Note: Write-only
    get secretWo() { return this.getStringAttribute('secret_wo'); }
    // rules - computed: false, optional: true, required: false
    _rules = new GoogleThingRulesList(this, "rules", true);
    // settings - computed: false, optional: false, required: true
    _settings = new GoogleThingSettingsOutputReference(this, "settings");
}
class GoogleThingRulesOutputReference extends cdktn.ComplexObject {
    // port - computed: false, optional: true, required: false
    get port() { return this.getNumberAttribute('port'); }
}
class GoogleThingSettingsOutputReference extends cdktn.ComplexObject {
    // enabled - computed: false, optional: false, required: true
    get enabled() { return this.getBooleanAttribute('enabled'); }
}
"""
DECLARATIONS = """
export interface GoogleThingConfig extends cdktn.TerraformMetaArguments {
    /**
    * Either one. Possible values: ["ON", "OFF"]
    *
    * Docs at Terraform Registry: {@link https://registry.terraform.io/google/thing#mode GoogleThing#mode}
    */
    readonly mode: string;
}
"""


def test_attributes_and_blocks_are_read_with_what_terraform_checks() -> None:
    thing = read_kinds(BINDINGS, DECLARATIONS)["google_thing"]
    assert thing["attributes"] == {
        "id": ["string", "co"],
        "labels": [["map", "string"], "o"],
        "mode": ["string", "r", ["ON", "OFF"]],
        "secret_wo": ["string", "ow"],
    }
    rules, settings = thing["blocks"]["rules"], thing["blocks"]["settings"]
    assert (rules["nesting"], rules["min"], rules["max"]) == ("set", 0, 0)
    assert rules["block"]["attributes"] == {"port": ["number", "o"]}
    assert (settings["nesting"], settings["min"], settings["max"]) == ("list", 1, 1)


def test_an_attribute_of_an_unknown_type_is_no_guess() -> None:
    with pytest.raises(BindingsError, match=r"GoogleThing\.mode has the unknown type 'Duration'"):
        read_kinds(BINDINGS.replace("getStringAttribute('mode')", "getDurationAttribute('mode')"))


def test_an_attribute_without_a_type_is_no_guess() -> None:
    with pytest.raises(BindingsError, match=r"GoogleThing\.mode has no type"):
        read_kinds(BINDINGS.replace("return this.getStringAttribute('mode');", ""))


def test_the_double_knows_exactly_the_kinds_that_the_roots_use() -> None:
    schema = json.loads(PUBLISHED.read_text(encoding="utf-8"))
    resources, data_sources = find_used()
    assert (set(schema["resources"]), set(schema["data_sources"])) == (resources, data_sources)


def test_the_published_schema_is_written_one_line_a_kind(tmp_path: Path) -> None:
    schema = json.loads(PUBLISHED.read_text(encoding="utf-8"))
    write_schema(schema, tmp_path / "google.json")
    assert (tmp_path / "google.json").read_bytes() == PUBLISHED.read_bytes()
