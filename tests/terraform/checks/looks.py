"""What a check says of a root: how much it looked at, what is wrong, what is let through, or why it did not run."""

from collections.abc import Callable
from dataclasses import dataclass, field

from terraform.verbs.program import Terraform
from tests.terraform.checks.roots import Root


@dataclass(frozen=True)
class Look:
    """`left_out` is the reason where the check could not run at all; then the rest is empty.

    `skipped` are rules that were let through in the sources, each with the reason that stands there.
    """

    scanned: int
    what: str
    problems: list[str] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)
    left_out: str = ""

    @property
    def is_green(self) -> bool:
        """Nothing wrong, and something looked at."""
        return bool(self.left_out) or (self.scanned > 0 and not self.problems)


def leave_out(reason: str) -> Look:
    return Look(0, "", left_out=reason)


Check = Callable[[Root, Terraform], Look]
