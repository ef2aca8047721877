"""docs/datasets.md and the code know the same fields, and every example of the page is taken."""

import re
from pathlib import Path
from typing import Any

import msgspec
import pytest
from ruamel.yaml import YAML

from contract import dataset
from contract.dataset import Accepted
from contract.schema import Column, DerivedFeature, Target

PAGE = Path(__file__).parents[3] / "docs" / "datasets.md"
ROW = re.compile(r"\| `(?P<name>\w+)` \| `(?P<example>[^`]+)` \| ?(?P<text>[^|]*) ?\|")
KINDS: dict[str, Any] = {
    "Dataset": dataset.Dataset,
    "Column": Column,
    "Derived feature": DerivedFeature,
    "Target": Target,
    "Order": dataset.Order,
    "Prevalence": dataset.Prevalence,
    "Group": dataset.Group,
    "Costs": dataset.Costs,
    "Behaviour": dataset.Behaviour,
    "Direction": dataset.Direction,
    "Minimum function": dataset.MinimumFunction,
    "Accepted": Accepted,
    "Rule": dataset.Rule,
    "Conjunction": dataset.Conjunction,
    "Condition": dataset.Condition,
    "Generator": dataset.Generator,
}


def read_tables() -> dict[str, list[dict[str, str]]]:
    """The rows of each section's table."""
    _, *parts = re.split(r"^## ", PAGE.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return {part.partition("\n")[0]: [found.groupdict() for found in ROW.finditer(part)] for part in parts}


def test_every_part_of_a_dataset_file_has_its_section() -> None:
    assert list(read_tables()) == list(KINDS)
    told = {kind for kind in vars(dataset).values() if isinstance(kind, type) and issubclass(kind, msgspec.Struct)}
    own = {kind for kind in told if kind.__module__ == dataset.__name__}
    assert own <= set(KINDS.values())


@pytest.mark.parametrize("title", KINDS)
def test_the_page_has_every_field_and_an_example_of_it_that_is_taken(title: str) -> None:
    rows = read_tables()[title]
    fields = {field.encode_name: field for field in msgspec.structs.fields(KINDS[title])}
    assert sorted(row["name"] for row in rows) == sorted(fields)
    for row in rows:
        field = fields[row["name"]]
        msgspec.convert(YAML(typ="safe", pure=True).load(row["example"]), field.type)
        assert row["text"].startswith("required") == field.required, row["name"]
