"""What an environment costs a month: written by `make cost`, read by the comment on a pull request."""

import msgspec


class CostLine(msgspec.Struct, frozen=True):
    """`monthly` in US dollars; `basis`: planned or assumed; `unverified`: the price has no dated source."""

    part: str
    text: str
    amount: float
    unit: str
    price: float
    monthly: float
    basis: str
    unverified: bool


class EnvironmentCost(msgspec.Struct, frozen=True):
    """One environment of one cloud, each thing that is paid for on a line."""

    cloud: str
    environment: str
    region: str
    lines: list[CostLine]

    @property
    def monthly(self) -> float:
        return sum(line.monthly for line in self.lines)

    def sum_part(self, part: str) -> float:
        return sum(line.monthly for line in self.lines if line.part == part)


class CloudCosts(msgspec.Struct, frozen=True):
    """`before` is the same at the revision that is compared with; empty without one."""

    prices_date: str
    now: list[EnvironmentCost]
    before: list[EnvironmentCost] = []
