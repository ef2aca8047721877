"""One usual row to the model's input in plain floats: nothing missing, every category known, nothing that overflows.

It is what serving runs for a single row; any other row goes by contract/compute/plan.py, as many rows do, to the same
bits.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from operator import itemgetter
from typing import Any

import msgspec

from contract.compute.plan import FeaturePlan
from contract.schema import Value

Pack = Callable[..., bytes]  # from one argument a feature to the row as float32


class ReadyRow(msgspec.Struct, frozen=True, gc=False):
    """A usual row, encoded: all that scoring and counting it takes."""

    values: Mapping[str, float]  # of the columns and the derived features
    vector: bytes


class UsualRow:
    """A plan made ready for single rows."""

    def __init__(self, plan: FeaturePlan, pack: Pack) -> None:
        self._names = tuple(column.name for column in plan.columns)
        self._codes = list(plan.codes.items())
        self._nullable = any(column.nullable for column in plan.columns)
        self._derive = plan.derivation
        self._flags = plan.flags
        self._features = plan.features
        self._pick = self._make_pick({*self._names, *plan.derived})
        self._pack = pack

    def _make_pick(self, given: set[str]) -> Callable[[Mapping[str, Any]], Sequence[float]]:
        if len(self._features) > 1 and given.issuperset(self._features):
            return itemgetter(*self._features)
        return self._pick_with_flags

    def _pick_with_flags(self, values: Mapping[str, Any]) -> list[float]:
        return [
            float(values[self._flags[name][0]] == self._flags[name][1]) if name in self._flags else values[name]
            for name in self._features
        ]

    def encode(self, row: Sequence[Value]) -> ReadyRow | None:
        """A valid row, its values in the order of the schema's columns; None if it is not a usual one."""
        values: dict[str, Any] = dict(zip(self._names, row, strict=True))
        for name, codes in self._codes:
            code = codes.get(values[name])
            if code is None:
                return None
            values[name] = code
        if self._nullable and None in row:
            return None
        try:
            if self._derive is not None:
                values.update(self._derive(values, math))
            return ReadyRow(values, self._pack(*self._pick(values)))
        except (ArithmeticError, ValueError):  # numpy answers infinite where math raises
            return None
