"""What stands in the cloud and is in no state of Terraform's, because a controller of the cluster made it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from cli import console


@dataclass(frozen=True)
class Leftover:
    """A thing of the cloud: what made it, and the command that removes it."""

    kind: str
    id: str
    maker: str
    remove: str


class Cloud(Protocol):
    """What a destroy looks up in a cloud; all raise OutsideError."""

    def check_identity(self) -> str:
        """Who is asking, in which account or project."""

    def has_cluster(self) -> bool:
        """Whether the cloud still has the cluster."""

    def list_leftovers(self, is_destroyed: bool) -> list[Leftover]:
        """What controllers made; once all is destroyed, also whatever else is left of the network and the cluster."""


def print_leftovers(leftovers: Sequence[Leftover]) -> None:
    """Each with the command that removes it, whole, so that it can be copied."""
    for one in leftovers:
        console.print_warning(f"left: {one.kind} {one.id}, made by {one.maker}; remove it: {one.remove}")


def count_kinds(leftovers: Sequence[Leftover]) -> str:
    """As `2 load balancers, 1 volume`."""
    kinds = [one.kind for one in leftovers]
    return ", ".join(f"{kinds.count(kind)} {kind}{'s' * (kinds.count(kind) > 1)}" for kind in dict.fromkeys(kinds))
