"""What a person reads of renderings: a table of what each overlay holds, and the differences line by line."""

from collections.abc import Sequence

from rich.markup import escape

from cli.console import out, print_done, print_grid
from release.manifests.compared_sides import Comparison
from release.manifests.diff import ABSENT, Change, Field
from release.manifests.render import Rendering

MARKS = {"added": ("+", "green"), "removed": ("-", "red"), "changed": ("~", "yellow")}


def print_renderings(renderings: Sequence[Rendering]) -> None:
    """A column for each overlay: its objects by kind, its image, its version."""
    kinds = list(dict.fromkeys(kind for rendering in renderings for kind in rendering.kinds))
    rows = [(kind, *(str(rendering.kinds.get(kind, 0)) for rendering in renderings)) for kind in kinds]
    rows.append(("objects", *(str(len(rendering.objects)) for rendering in renderings)))
    for title, attribute in (("image", "short_name"), ("version", "version")):
        rows.append((title, *("\n".join(getattr(line, attribute) for line in one.images) for one in renderings)))
    print_grid("What each overlay renders", ("", *(rendering.overlay for rendering in renderings)), rows)


def print_comparisons(comparisons: Sequence[Comparison]) -> bool:
    """Every difference; returns whether there was one."""
    differing = [comparison for comparison in comparisons if comparison.changes != []]
    for comparison in differing:
        out.print(f"[bold]{escape(comparison.title)}[/]", soft_wrap=True)
        for change in comparison.changes or ():
            print_change(change)
    if not differing:
        print_done("no difference")
    return bool(differing)


def print_change(change: Change) -> None:
    mark, colour = MARKS[change.kind]
    out.print(f"  [{colour}]{mark} {escape(change.subject)}[/]", soft_wrap=True)
    for field in change.fields:
        out.print(f"      {describe_field(field)}", soft_wrap=True)


def describe_field(field: Field) -> str:
    old, new = (ABSENT if value is None else value for value in (field.old, field.new))
    return f"{escape(field.path)}: [red]{escape(old)}[/] → [green]{escape(new)}[/]"
