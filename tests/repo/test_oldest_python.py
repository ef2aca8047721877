"""What the oldest Python that pyproject.toml promises does wrong, and the code therefore must not use."""

import ast
import re

import pytest

from tests.repo.sources import ROOT, list_python

PRODUCT = ("app", "cli", "contract", "training", "review", "release", "terraform")
# Python 3.11.2, Debian's, ends these in the wrong place: a match is cut in the middle of a value
POSSESSIVE_GROUP = re.compile(r"\)(?:[*+?]|\{[\d,]+\})\+|\(\?>")


def find_possessive_groups(tree: ast.AST) -> list[str]:
    texts = (node.value for node in ast.walk(tree) if isinstance(node, ast.Constant))
    plain = (
        text.decode("latin-1") if isinstance(text, bytes) else text for text in texts if isinstance(text, (str, bytes))
    )
    return [text for text in plain if POSSESSIVE_GROUP.search(text)]


def test_no_regular_expression_repeats_a_group_possessively() -> None:
    found = {name: texts for name, tree in list_python(ROOT, *PRODUCT) if (texts := find_possessive_groups(tree))}
    assert not found


@pytest.mark.parametrize("pattern", [r"(?:ab)*+", r"(a|b)++", r"(?:a){1,3}+", r"(?>ab)"])
def test_a_possessive_group_is_found(pattern: str) -> None:
    assert find_possessive_groups(ast.parse(f"import re\nre.compile({pattern!r})"))


def test_a_possessive_repeat_of_one_character_is_no_group() -> None:
    assert not find_possessive_groups(ast.parse('import re\nre.compile(r"[ab]*+a++")'))
