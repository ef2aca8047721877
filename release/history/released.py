"""Which versions were released: a tag alone says no more than that somebody typed it."""

import tomllib
from collections.abc import Iterable, Mapping, Sequence

from release.git.clone import Clone
from release.history.commits import read_texts
from release.history.moves import Move
from release.manifests.overlays import UNRELEASED
from release.versions import is_version

PROJECT = "pyproject.toml"


def list_released(clone: Clone, moves: Mapping[str, Sequence[Move]]) -> set[str]:
    """Every version that ran anywhere, or whose tag is on a commit of that very version of the package.

    A mistyped tag is on a commit of another one, `check-tag` refuses it, and it counts for nothing.
    """
    ran = list_ran(moves)
    tags = [tag for tag in clone.ask("tag", "--list", "v*").split() if is_version(tag) and tag not in ran]
    texts = read_texts(clone, [f"refs/tags/{tag}:{PROJECT}" for tag in tags])
    return ran | {tag for tag, text in zip(tags, texts, strict=True) if text and read_package(text) == tag}


def list_ran(moves: Mapping[str, Sequence[Move]]) -> set[str]:
    """The versions that any environment ever ran; every release runs in test."""
    lines: Iterable[str] = (move.new.tag for own_moves in moves.values() for move in own_moves if move.new)
    return {tag for tag in lines if is_version(tag) and tag != UNRELEASED}


def read_package(text: str) -> str:
    """The version that a pyproject.toml says, as its tag; empty if it says none."""
    try:
        return f"v{tomllib.loads(text)['project']['version']}"
    except (tomllib.TOMLDecodeError, KeyError, TypeError):
        return ""
