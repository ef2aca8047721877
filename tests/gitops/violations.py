"""The planted violations: for each check, changes that must turn it red."""

from dataclasses import dataclass
from pathlib import Path

from ruamel.yaml import YAML

from tests.gitops.scenes import Recipe, read_recipe

VIOLATIONS = Path(__file__).parent / "violations.yaml"


@dataclass(frozen=True)
class Violation:
    check: str
    says: str
    recipe: Recipe


def read_violations(path: Path = VIOLATIONS) -> list[Violation]:
    """The violations of violations.yaml."""
    return [Violation(entry["check"], entry["says"], read_recipe(entry)) for entry in YAML(typ="safe").load(path)]
