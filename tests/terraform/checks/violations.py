"""The planted violations: for each check, changes of the example root that must turn it red."""

from dataclasses import dataclass
from pathlib import Path

from ruamel.yaml import YAML

from tests.terraform.checks.roots import Root, copy_root

EXAMPLE = Root("example", Path(__file__).parent / "example")
FILE = Path(__file__).parent / "violations.yaml"


@dataclass(frozen=True)
class Violation:
    """In `file`, `old` becomes `new`; without `old` the file becomes `new`. `finds` stands in what the check says."""

    check: str
    says: str
    file: str
    new: str
    finds: str
    old: str = ""


def read_violations(path: Path = FILE) -> list[Violation]:
    return [Violation(**entry) for entry in YAML(typ="safe").load(path.read_text(encoding="utf-8"))]


def plant(violation: Violation, folder: Path) -> Root:
    """The example root with the violation in it, in a new folder."""
    root = copy_root(EXAMPLE, folder)
    path = root.folder / violation.file
    text = path.read_text(encoding="utf-8") if violation.old else ""
    assert violation.old in text, f"{violation.file} no longer holds {violation.old!r}"
    path.write_text(text.replace(violation.old, violation.new) if violation.old else violation.new, encoding="utf-8")
    return root
