"""Derived features: one module for each dataset that has them, with a function `derive`.

One row comes as plain floats with the module `math`, many rows as numpy arrays with `numpy`; a derivation uses only
names that both have, so that one row and many give the same IEEE doubles.
"""

import importlib
import pkgutil
from collections.abc import Callable, Mapping
from types import ModuleType
from typing import Any

from contract.errors import ContractError

Numbers = Mapping[str, Any]  # floats for one row, float64 arrays of shape (rows,) for many
Arithmetic = Any  # the module math or numpy
Derivation = Callable[[Numbers, Arithmetic], Numbers]


def find_derivation(name: str) -> Derivation:
    """The `derive` function of the module of that name.

    Raises: ContractError if there is no such module here.
    """
    known = sorted(module.name for module in pkgutil.iter_modules(__path__))
    if name not in known:
        raise ContractError(f"derivation {name!r} is not known here, expected one of {', '.join(known)}")
    module: ModuleType = importlib.import_module(f"{__name__}.{name}")
    derivation: Derivation = module.derive
    return derivation
