"""Every check over every root, and what of it is printed."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from terraform.verbs.program import Terraform
from tests.terraform.checks import rules, static
from tests.terraform.checks.looks import Check, Look
from tests.terraform.checks.roots import copy_root, list_roots
from tests.terraform.checks.sameness import check_sameness

CHECKS: dict[str, Check] = {
    "format": static.check_format,
    "schema": static.check_schema,
    "language": rules.check_language,
    "security": rules.check_security,
    "tests": static.check_tests,
}
CLOUDS = ("eks", "gke")  # the roots that are the same beside each other; the others make the clouds' own state


@dataclass(frozen=True)
class Line:
    """What one check says of one root."""

    root: str
    check: str
    look: Look


def run_checks(folder: Path, terraform: Terraform, wanted: list[str]) -> Iterator[Line]:
    """Over copies in `folder`, of the roots of these names or of all; then the clouds' roots beside each other."""
    roots = [copy_root(root, folder) for root in list_roots() if not wanted or root.name in wanted]
    for root in roots:
        for name, check in CHECKS.items():
            if name != "tests" or root.list_files("*.tftest.hcl") or root.name in CLOUDS:
                yield Line(root.name, name, check(root, terraform))
    if not wanted:
        clouds = [root for root in roots if root.name in CLOUDS]
        yield Line(" and ".join(CLOUDS), "sameness", check_sameness(clouds))


def list_rows(lines: list[Line]) -> Iterator[tuple[str, ...]]:
    for line in lines:
        look = line.look
        state = "left out" if look.left_out else ("green" if look.is_green else "red")
        scanned = f"{look.scanned} {look.what}".strip() if not look.left_out else "–"
        yield line.root, line.check, scanned, str(len(look.problems)), str(len(look.skipped)), state
