"""YAML that people review line by line: one entry a line, so that a change shows as itself."""

from collections.abc import Iterator
from typing import Any

import pytest
from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq

from tests.repo.sources import ROOT

FILES = sorted([*ROOT.glob(".github/**/*.yml"), *ROOT.glob("gitops/**/*.yaml")])


def list_flow_style(node: Any) -> Iterator[int]:
    """Lines, from 1, of mappings with entries within braces, and of lists within brackets that hold more than words."""
    if isinstance(node, CommentedMap):
        if node and node.fa.flow_style():
            yield node.lc.line + 1
        children = list(node.values())
    elif isinstance(node, CommentedSeq):
        children = list(node)
        if node.fa.flow_style() and any(isinstance(child, (CommentedMap, CommentedSeq)) for child in children):
            yield node.lc.line + 1
    else:
        return
    for child in children:
        yield from list_flow_style(child)


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_mappings_and_lists_of_mappings_are_in_block_style(path: Any) -> None:
    documents = YAML().load_all(path.read_text(encoding="utf-8"))
    assert [line for document in documents for line in list_flow_style(document)] == []


def test_braces_and_steps_on_one_line_are_found_and_lists_of_words_are_not() -> None:
    text = "on: {push: {}}\nbranches: [main, next]\nempty: {}\nsteps: [{run: make}]\n"
    assert sorted(set(list_flow_style(YAML().load(text)))) == [1, 4]
