"""What a plan of Terraform would do, without a value of it: names and actions, to be shown to anybody."""

import msgspec

ADD, CHANGE, REPLACE, DESTROY = "add", "change", "replace", "destroy"


class CloudChange(msgspec.Struct, frozen=True):
    """`attributes` are those of a changed resource that differ, by name alone: a value may be a secret."""

    address: str
    action: str
    attributes: list[str]


class CloudPlan(msgspec.Struct, frozen=True):
    """`commit` is what was planned; `sha256` that of the saved plan, which is applied as it is or not at all."""

    cloud: str
    environment: str
    commit: str
    sha256: str
    changes: list[CloudChange]

    @property
    def name(self) -> str:
        return f"{self.cloud}-{self.environment}"

    def count(self, *actions: str) -> int:
        return sum(change.action in actions for change in self.changes)
