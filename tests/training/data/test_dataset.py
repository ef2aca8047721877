"""The dataset file: everything particular stands there, and it has to hold together."""

from pathlib import Path

import pytest

from cli.errors import InputError
from tests.conftest import DATASETS
from training.data.dataset_file import DATASETS as OWN
from training.data.dataset_file import load_dataset

AI4I = OWN / "ai4i.yaml"
CHURN = DATASETS / "churn.yaml"


def write_dataset(folder: Path, source: Path, old: str, new: str) -> Path:
    """The dataset file with the first such passage changed."""
    text = source.read_text()
    assert old in text
    path = folder / "changed.yaml"
    path.write_text(text.replace(old, new, 1))
    return path


@pytest.mark.parametrize("path", [*sorted(OWN.glob("*.yaml")), *sorted(DATASETS.glob("*.yaml"))], ids=lambda p: p.stem)
def test_every_dataset_file_is_sound(path: Path) -> None:
    dataset = load_dataset(str(path))
    assert dataset.name == path.stem
    for column in dataset.columns:
        assert column.description
        assert column.example is not None


def test_a_dataset_is_found_by_name_or_path() -> None:
    assert load_dataset("ai4i") == load_dataset(str(AI4I))


@pytest.mark.parametrize("name", ["iris", "", "../ai4i", "no/such.yaml"])
def test_an_unknown_dataset_is_refused_with_the_known_ones(name: str) -> None:
    with pytest.raises(InputError, match=r"is not known: expected one of .*\bai4i, .*or the path of a dataset file"):
        load_dataset(name)


def test_the_schema_carries_columns_derived_features_and_leakage() -> None:
    dataset = load_dataset("ai4i")
    schema = dataset.schema
    assert schema.columns == dataset.columns
    assert not {"air_temperature_k", "process_temperature_k"} & set(schema.features)
    assert {"temperature_difference_k", "power_w", "wear_torque_min_nm"} <= set(schema.features)
    assert schema.leakage == ("TWF", "HDF", "PWF", "OSF", "RNF")
    assert set(dataset.raw_columns) >= {*schema.leakage, dataset.target.source, *(c.source for c in schema.columns)}
    assert len(dataset.raw_columns) == 14


def test_an_unordered_category_gives_a_flag_for_each_category() -> None:
    features = load_dataset(str(CHURN)).schema.features
    assert features[:3] == ("contract=Month-to-month", "contract=One year", "contract=Two year")


@pytest.mark.parametrize(
    ("source", "old", "new", "told"),
    [
        (AI4I, "columns:", "colums:", "unknown field `colums`"),
        (AI4I, "    type: category", "    type: text", r"Invalid enum value 'text' - at `\$.columns\[0\].type`"),
        (AI4I, "minimum: 250", "minimum: cold", r"Expected `float \| null`, got `str`"),
        (
            AI4I,
            "name: ai4i",
            f"name: {'x' * 121}",
            "name has 121 characters, expected at most 120",
        ),
        (AI4I, "columns:", "columns: {", r"is not YAML: .* in line \d"),
        (AI4I, "- name: torque_nm", "- name: power_w", "the name 'power_w' stands twice"),
        (AI4I, "- name: torque_nm", "- name: score", "the name 'score' is taken"),
        (AI4I, "- name: torque_nm", "- name: torque [Nm]", "may not hold"),
        (AI4I, "categories: [L, M, H]", "categories: []", "column 'type' is a category without categories"),
        (AI4I, "categories: [L, M, H]", "categories: [L, M, L]", "has a category twice"),
        (AI4I, "categories: [L, M, H]", "categories: [L, M, missing]", "one named 'missing'"),
        (AI4I, "step: 0.1", "step: 0", "column 'air_temperature_k' has the step 0, expected one above 0"),
        (AI4I, "step: 0.1", "step: -0.1", "column 'air_temperature_k' has the step -0.1, expected one above 0"),
        (AI4I, "step: 0.1", "step: 1e9", "has the step 1e[+]09, more than from minimum 250 to maximum 350"),
        (AI4I, "    step: 1\n", "    step: 0.5\n", "is whole and has the step 0.5, expected a whole one"),
        (AI4I, "categories: [L, M, H]", "categories: [L, M, H]\n    step: 1", "is a category with a minimum, maximum"),
        (AI4I, "step: 0.1", "step: 0.1\n    categories: [a]", "is of type number with categories or `ordered`"),
        (
            AI4I,
            "{falls: tool_wear_min}",
            "{by: Machine failure}",
            "group.by names 'Machine failure', which is the",
        ),
        (AI4I, "order: UDI", "order: Machine failure", "order names 'Machine failure', which is the target"),
        (AI4I, "order: UDI", "order: {column: Machine failure}", "order names 'Machine failure', which is the target"),
        (AI4I, "key: UDI", "key: Machine failure", "key names 'Machine failure', which is the target"),
        (AI4I, "  rows: ", "  rows: -", "generator needs rows above 0 and a seed of 0 or more"),
        (AI4I, "minimum: 250", "minimum: 900", "has minimum 900 above maximum 350"),
        (AI4I, "name: ai4i", "name: ../ai 4i", r"name is '../ai 4i', expected letters, digits, '.', '_' and '-'"),
        (AI4I, "name: ai4i", 'name: ""', "name is '', expected letters"),
        (AI4I, "- name: torque_nm", '- name: ""', "the name of the column from 'Torque .Nm.' is ''"),
        (AI4I, "- name: torque_nm", "- name: Type", "column 'Type' is called like the raw column of another"),
        (AI4I, "[UDI, Product ID]", "[UDI, Product ID, Type]", "'Type' is declared as column 'type' and as an identif"),
        (
            AI4I,
            "[UDI, Product ID]",
            "[UDI, UDI]",
            "'UDI' is declared as an identifier and as an identifier, expected it",
        ),
        (AI4I, "[UDI, Product ID]", "[UDI, HDF]", "'HDF' is declared as an identifier and as leakage"),
        (AI4I, "leakage: [TWF,", "leakage: [Machine failure, TWF,", "declared as the target and as leakage"),
        (AI4I, "source: Type", "source: Tool wear [min]", "as column 'type' and as column 'tool_wear_min'"),
        (AI4I, "source: Type", "source: HDF", "comes from 'HDF', which is leakage or the target"),
        (AI4I, "source: Type", "source: Machine failure", "is leakage or the target"),
        (AI4I, "  positive: 1\n", "", "a binary task needs target.positive and costs"),
        (CHURN, "missed: 300", "missed: 0", "the costs of a mistake must be greater than 0"),
        (AI4I, "minimum: 0.005", "minimum: 0.5", "prevalence must rise"),
        (AI4I, "order: UDI", "order: Udi", "order names 'Udi', expected one of UDI"),
        (
            AI4I,
            "order: UDI",
            "order: {column: UDI, format: '%q'}",
            "order.format is '%q', expected a format",
        ),
        (AI4I, "order: UDI", "order: {column: UDI, format: '%d', counter: true}", "order needs one of `format` and"),
        (AI4I, "order: UDI", "order: {column: UDI, sort: no}", "unknown field `sort`"),
        (AI4I, "{falls: tool_wear_min}", "{}", "group needs either `by` or `falls`"),
        (AI4I, "{falls: tool_wear_min}", "{falls: wear}", "group.falls names 'wear', expected one of type, air"),
        (CHURN, "{by: Branch}", "{by: Shop}", "group.by names 'Shop', expected one of customerID"),
        (AI4I, "slices: [type]", "slices: [quality]", "slices names 'quality'"),
        (AI4I, "key: UDI", "key: ID", "key names 'ID'"),
        (
            AI4I,
            "categories: [L, M, H]",
            'categories: [L, M, " H"]',
            "a category of 'type' is ' H', which no cell can equal",
        ),
        (AI4I, "source: Torque [Nm]", 'source: "Torque [Nm] "', "the raw column 'Torque .Nm. ' is"),
        (AI4I, "{type: M, air", "{type: m, air", "an ordinary piece is no alarm': type is a known category but for"),
        (AI4I, "example: M", "example: X", "example: type is not a known category, expected one of L, M, H"),
        (AI4I, "order: UDI", "order: time", "order names 'time'"),
        (AI4I, "{UDI: integer,", "{Type: integer,", "raw_types names 'Type', expected one of UDI, Product ID, TWF"),
        (
            AI4I,
            "tie_break: tool_wear_min",
            "tie_break: power_w",
            "rule.tie_break names 'power_w', expected one of type",
        ),
        (AI4I, "{feature: power_w, below", "{feature: power_kw, below", "rule names 'power_kw'"),
        (AI4I, "minus: air_temperature_k", "minus: air", "rule names 'air'"),
        (AI4I, "from: {tool_wear_min: 100", "from: {wear: 100", "behaviour names 'wear'"),
        (
            AI4I,
            "rotational_speed_rpm: 1500, torque_nm: 40.0,",
            "rotational_speed_rpm: 1500,",
            "behaviour 'an ordinary piece is no alarm': the row lacks the column 'torque_nm', expected a value of ever",
        ),
        (
            AI4I,
            "{type: M, air_temperature_k: 300.0,",
            "{",
            "behaviour 'an ordinary piece is no alarm': the row lacks the column 'type'",
        ),
        (
            CHURN,
            ", total_charges: 2600.0}",
            "}",
            "the row lacks the column 'total_charges', expected a value of every column, or null where none is known",
        ),
        (
            AI4I,
            "torque_nm: 40.0, tool_wear_min: 50}",
            "torque_nm: 40.0, tool_wear_min: 50, power_w: 1}",
            "an ordinary piece is no alarm': the row names 'power_w', which is computed from the columns",
        ),
        (AI4I, "torque_nm: 40.0, tool_wear_min: 50}", "torque_nm: null, tool_wear_min: 50}", "torque_nm is missing"),
        (
            AI4I,
            "from: {tool_wear_min: 100, torque_nm: 45.0}",
            "from: {tool_wear_min: 100}",
            "behaviour 'overstrain raises the risk': `from` lacks 'torque_nm', expected the same names",
        ),
        (
            AI4I,
            "to: {tool_wear_min: 235, torque_nm: 60.0}",
            "to: {torque_nm: 60.0}",
            "behaviour 'overstrain raises the risk': `to` lacks 'tool_wear_min'",
        ),
        (
            AI4I,
            "given: {rotational_speed_rpm: 1400,",
            "given: {torque_nm: 45.0, rotational_speed_rpm: 1400,",
            "behaviour 'overstrain raises the risk': 'torque_nm' is in `given` and in `from` or `to`",
        ),
        (
            AI4I,
            "to: {tool_wear_min: 235, torque_nm: 60.0}",
            "to: {tool_wear_min: 100, torque_nm: 45.0}",
            "behaviour 'overstrain raises the risk': `from` and `to` are the same",
        ),
        (
            AI4I,
            "name: a worn tool under full torque is an alarm",
            "name: an ordinary piece is no alarm",
            "behaviour 'an ordinary piece is no alarm' stands twice",
        ),
        (AI4I, "unused_features: [", "unused_features: [humidity, ", "unused_features names 'humidity'"),
        (AI4I, "derivation: ai4i", "derivation: os", "derivation 'os' is not known here, expected one of ai4i"),
        (AI4I, "- name: temperature_difference_k", "- name: warmth", "does not give the feature 'warmth'"),
        (AI4I, "derivation: ai4i", "derivation: null", "comes from no column, flag or derivation"),
    ],
)
def test_what_does_not_fit_is_named_with_the_file(tmp_path: Path, source: Path, old: str, new: str, told: str) -> None:
    path = write_dataset(tmp_path, source, old, new)
    with pytest.raises(InputError, match=told) as refused:
        load_dataset(str(path))
    assert str(refused.value).startswith(str(path))
    assert len(str(refused.value).splitlines()) == 1


@pytest.mark.parametrize(
    ("content", "told"), [(b"", "got `null`"), (b"\xff\xfe\x00", "is not YAML"), (b"- 1\n", "got `array`")]
)
def test_a_file_that_is_none_is_refused(tmp_path: Path, content: bytes, told: str) -> None:
    (tmp_path / "own.yaml").write_bytes(content)
    with pytest.raises(InputError, match=told):
        load_dataset(str(tmp_path / "own.yaml"))
