"""The roots of the clouds beside each other: the same files, variables and outputs, so that what stands on top of
them need not know which cloud it is.
"""

from collections.abc import Sequence

from tests.terraform.checks.looks import Look
from tests.terraform.checks.roots import Root, list_blocks


def check_sameness(roots: Sequence[Root]) -> Look:
    """Every root against the first one; a variable has the same type, and what may be left out may be so everywhere."""
    if len(roots) < 2:
        return Look(0, "roots", ["one root alone is the same as nothing"])
    described = {root.name: describe_root(root) for root in roots}
    (first, wanted), *others = described.items()
    problems = [
        f"{name} {has(found, thing)}, {first} {has(wanted, thing)}"
        for name, found in others
        for thing in sorted({*wanted, *found})
        if wanted.get(thing) != found.get(thing)
    ]
    return Look(sum(map(len, described.values())), "files, variables, outputs, environments", problems)


def describe_root(root: Root) -> dict[str, str]:
    """Each thing that must be the same, and how it stands there."""
    described = {f"file {path.name}": "there" for path in root.folder.glob("*.tf")}
    described |= {f"environment {path.name}": "there" for path in (root.folder / "envs").glob("*.tfvars")}
    for block in list_blocks(root):
        if block.kind == "variable":
            needed = "with a default" if "default" in block.content else "to be given"
            described[f"variable {block.labels[0]}"] = f"{block.content.get('type')}, {needed}"
        elif block.kind == "output":
            described[f"output {block.labels[0]}"] = "there"
    return described


def has(found: dict[str, str], thing: str) -> str:
    return f"has {thing} ({found[thing]})" if thing in found else f"lacks {thing}"
