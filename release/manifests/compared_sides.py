"""The two sides of a comparison: `test`, `test@v1.2.0`, or a revision for every overlay; `.` is the work tree."""

import subprocess
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from cli.errors import InputError
from release.manifests.diff import Change, compare_renderings
from release.manifests.overlays import list_overlays
from release.manifests.render import open_revision, render_overlay
from release.tools import ROOT, find_tool

WORK_TREE = "."


@dataclass(frozen=True)
class Side:
    """An overlay, or every overlay for None, at a revision, or in the work tree for None."""

    text: str
    overlay: str | None
    revision: str | None


@dataclass(frozen=True)
class Comparison:
    """One overlay's part of the answer; `changes` is None where only one side has the overlay."""

    title: str
    changes: list[Change] | None


def read_side(text: str, root: Path = ROOT) -> Side:
    """What a person typed as one side.

    Raises: InputError.
    """
    overlay, _, revision = text.partition("@")
    if overlay in list_overlays(root):
        return Side(text, overlay, check_revision(revision, root) if revision else None)
    if text == WORK_TREE:
        return Side(text, None, None)
    return Side(text, None, check_revision(text, root))


def check_revision(revision: str, root: Path) -> str:
    """The revision, which Git knows.

    Raises: InputError.
    """
    command = [find_tool("git"), "rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}"]
    if not revision or subprocess.run(command, cwd=root, capture_output=True, check=False).returncode:  # noqa: S603 - no shell, our own arguments
        names = ", ".join(list_overlays(root))
        raise InputError(f"{revision!r} is neither an overlay ({names}), nor `.`, nor a revision that Git knows")
    return revision


def compare_sides(old: Side, new: Side, root: Path = ROOT) -> list[Comparison]:
    """The differences of one overlay with another, or of each overlay at two revisions.

    Raises: InputError.
    """
    if (old.overlay is None) != (new.overlay is None):
        raise InputError(f"{old.text} and {new.text} are an overlay and a revision: compare two of one sort")
    with ExitStack() as trees:
        before = trees.enter_context(open_revision(old.revision, root))
        after = trees.enter_context(open_revision(new.revision, root))
        if old.overlay is not None and new.overlay is not None:
            return [compare_overlays((old.overlay, before), (new.overlay, after), f"{old.text} → {new.text}")]
        there, here = list_overlays(before), list_overlays(after)
        return [
            compare_overlays((name, before), (name, after), name)
            if name in there and name in here
            else Comparison(f"{name}: only in {old.text if name in there else new.text}", None)
            for name in sorted({*there, *here})
        ]


def compare_overlays(old: tuple[str, Path], new: tuple[str, Path], title: str) -> Comparison:
    return Comparison(title, compare_renderings(render_overlay(*old), render_overlay(*new)))
