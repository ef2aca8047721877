"""A rule of Prometheus, the labels that all of ours keep, and the expressions that several of them share."""

from dataclasses import dataclass
from typing import NamedTuple

from contract.schema import Struct

PLACE = ("namespace", "environment")  # of the scrape, not of the predictor
MODEL = (*PLACE, "model_name", "model_version")
SERVICE = (*PLACE, "model_name")  # what an objective of the service goes over, across a rollout


class Record(Struct, frozen=True, omit_defaults=True):
    """A rule that keeps the value of `expr` as a series of its own."""

    record: str
    expr: str


class Alert(Struct, frozen=True, rename={"hold": "for", "keep": "keep_firing_for"}, omit_defaults=True):
    """A rule that fires once `expr` has had a value for the time `hold`, and `keep` longer than it has one."""

    alert: str
    expr: str
    hold: str
    labels: dict[str, str]
    annotations: dict[str, str]
    keep: str | None = None


@dataclass(frozen=True)
class RuleGroup:
    """Rules that are evaluated one after the other, each `interval`."""

    name: str
    interval: str
    rules: tuple[Record | Alert, ...]


class Estimate(NamedTuple):
    """Three expressions of the same labels: a value with the ends of its interval."""

    value: str
    low: str
    high: str

    def record(self, name: str, window: str) -> tuple[Record, ...]:
        """Three records: lathe:NAME:WINDOW, with _low and _high behind the name."""
        ends = (("", self.value), ("_low", self.low), ("_high", self.high))
        return tuple(Record(record=f"lathe:{name}{end}:{window}", expr=expr) for end, expr in ends)


def number(value: float) -> str:
    """To the last bit, and without a point where it is whole."""
    return str(int(value)) if value == int(value) and abs(value) < 1e15 else repr(value)


def by(labels: tuple[str, ...], operator: str = "sum") -> str:
    """The head of an aggregation."""
    return f"{operator} by ({', '.join(labels)})"


def on(labels: tuple[str, ...], *, group: bool = False, copied: str = "") -> str:
    """How two sides are matched; with `group` several on the left have the same one on the right."""
    return f"on ({', '.join(labels)})" + (f" group_left ({copied})" if group else "")


def wilson(hits: str, rows: str, z: float) -> Estimate:
    """The share of `hits` in `rows`, with Wilson's interval of `z` standard errors (E. B. Wilson, 1927).

    Both have the same labels; nothing where there are no rows.
    """
    enough = f"({rows} > 0)"
    root = f"{z} * sqrt(clamp_min({hits} * ({rows} - {hits}) / {enough}, 0) + {z**2 / 4})"
    middle, size = f"{hits} + {z**2 / 2}", f"({enough} + {z**2})"
    return Estimate(f"{hits} / {enough}", f"({middle} - {root}) / {size}", f"({middle} + {root}) / {size}")
