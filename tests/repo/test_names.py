"""One word for one thing: a public class stands in one module, and names are words of the field."""

import ast
import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.repo.sources import ROOT, list_python

PRODUCT = ("app", "contract", "cli", "training", "review", "release", "terraform")
MOST_LINES = 250
# names that stand in more than one module: none may be added, and one that is gone is taken out here
SHARED_CLASSES: set[str] = set()
# how many identifiers hold a word that says nothing of what it names: these numbers only fall
WORDS = {"told": 0, "said": 0, "begun": 0, "asked": 0, "contender": 0, "contestant": 0, "rival": 0}


def list_shared_classes(root: Path) -> set[str]:
    """Public class names that more than one module defines."""
    modules = defaultdict(set)
    for module, tree in list_python(root, *PRODUCT):
        for node in ast.walk(tree):
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                modules[node.name].add(module)
    return {name for name, defined in modules.items() if len(defined) > 1}


def list_identifiers(tree: ast.AST) -> Iterator[str]:
    """Every name that the code itself writes: variables, arguments, attributes, functions, classes."""
    for node in ast.walk(tree):
        match node:
            case ast.Name(id=name) | ast.arg(arg=name) | ast.Attribute(attr=name) | ast.keyword(arg=str(name)):
                yield name
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                yield name


def count_words(root: Path) -> dict[str, int]:
    """By word of WORDS, how many identifiers have it as a part, in the singular or the plural."""
    counts = Counter(
        part.lower().removesuffix("s")
        for _, tree in list_python(root, *PRODUCT)
        for name in list_identifiers(tree)
        for part in re.findall(r"[A-Z]?[a-z]+|[A-Z]+", name)
    )
    return {word: counts[word] for word in WORDS}


def test_a_public_class_stands_in_one_module() -> None:
    assert list_shared_classes(ROOT) == SHARED_CLASSES


def test_names_are_words_of_the_field() -> None:
    assert count_words(ROOT) == WORDS


def find_long_modules(root: Path) -> list[str]:
    paths = [path for folder in PRODUCT for path in (root / folder).rglob("*.py")]
    counts = {path: len(path.read_text(encoding="utf-8").splitlines()) for path in paths}
    return [f"{path.relative_to(root)}: {count}" for path, count in counts.items() if count > MOST_LINES]


def test_a_module_is_short_enough_to_be_read_in_one_go() -> None:
    assert find_long_modules(ROOT) == []


def test_a_planted_long_module_is_found(tmp_path: Path) -> None:
    (tmp_path / "app").mkdir()
    (tmp_path / "app" / "long.py").write_text("pass\n" * (MOST_LINES + 1), encoding="utf-8")
    assert find_long_modules(tmp_path) == ["app/long.py: 251"]


@pytest.fixture
def planted(tmp_path: Path) -> Path:
    code = 'class Table:\n    def tell(self, asked: str) -> str:\n        told = "said"\n        return told\n'
    for folder in ("app", "training"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "table.py").write_text(code, encoding="utf-8")
    return tmp_path


def test_a_planted_class_of_the_same_name_is_found(planted: Path) -> None:
    assert list_shared_classes(planted) == {"Table"}


def test_a_planted_word_is_counted(planted: Path) -> None:
    counts = count_words(planted)
    assert {word: count for word, count in counts.items() if count} == {"told": 4, "asked": 2}
