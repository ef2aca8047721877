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


def find_archive_filters(tree: ast.AST) -> list[int]:
    """Lines that unpack an archive with `filter`, which Python 3.11.2 does not have."""
    return [
        node.lineno
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and getattr(node.func, "attr", "") in {"extract", "extractall", "unpack_archive"}
        and any(keyword.arg == "filter" for keyword in node.keywords)
    ]


def test_no_archive_is_unpacked_by_what_the_oldest_python_lacks() -> None:
    found = {
        name: lines for name, tree in list_python(ROOT, *PRODUCT, "tests") if (lines := find_archive_filters(tree))
    }
    assert not found


@pytest.mark.parametrize("call", ['tar.extractall(x, filter="data")', 'shutil.unpack_archive(x, y, filter="tar")'])
def test_an_archive_filter_is_found(call: str) -> None:
    assert find_archive_filters(ast.parse(call)) == [1]
