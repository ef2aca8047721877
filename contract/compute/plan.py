"""From values to the model matrix, by the schema alone: codes, derived features, flags, order.

One row goes through plain floats, many rows through numpy; a derivation uses only names that
`math` and `numpy` share, so both paths compute the same IEEE doubles.
"""

import importlib
import math
import pkgutil
from collections.abc import Callable, Mapping, Sequence
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from contract.compute import features
from contract.errors import ContractError
from contract.schema import Column, ModelSchema, Value

Numbers = Mapping[str, Any]  # floats for one row, float64 arrays of shape (rows,) for many
Arithmetic = Any  # the module math or numpy
Derivation = Callable[[Numbers, Arithmetic], Numbers]
Matrix = NDArray[np.float32]


def find_derivation(name: str) -> Derivation:
    """The `derive` function of the module of that name.

    Raises: ContractError if there is no such module here.
    """
    known = sorted(m.name for m in pkgutil.iter_modules(features.__path__) if m.name != "plan")
    if name not in known:
        raise ContractError(f"derivation {name!r} is not known here, expected one of {', '.join(known)}")
    module: ModuleType = importlib.import_module(f"{features.__name__}.{name}")
    derivation: Derivation = module.derive
    return derivation


def flag_name(column: str, category: str) -> str:
    """The feature that is 1 where `column` is `category`; XGBoost allows no [, ] or < in a name."""
    return f"{column}={category}".translate(str.maketrans("[]<", "()_"))


def input_features(column: Column) -> list[str]:
    """The names of the features that a column itself gives, without the derived ones."""
    if column.type == "category" and not column.ordered:
        return [flag_name(column.name, category) for category in column.categories]
    return [column.name]


class FeaturePlan:
    """A schema made ready to compute. An unknown category and a null are NaN: missing, to the model."""

    def __init__(self, schema: ModelSchema) -> None:
        """Raises: ContractError if the schema names a feature that nothing gives, or its derivation does not fit it."""
        self.columns = schema.columns
        self.features = schema.features
        self._derivation = find_derivation(schema.derivation) if schema.derivation else None
        self._derived = tuple(feature.name for feature in schema.derived) if self._derivation else ()
        self._codes = {
            column.name: {category: float(code) for code, category in enumerate(column.categories)}
            for column in schema.columns
            if column.type == "category"
        }
        self._flags = {
            flag_name(column.name, category): (column.name, float(code))
            for column in schema.columns
            if column.type == "category" and not column.ordered
            for code, category in enumerate(column.categories)
        }
        given = {*(column.name for column in schema.columns), *self._derived, *self._flags}
        missing = [feature for feature in schema.features if feature not in given]
        if missing:
            raise ContractError(f"feature {missing[0]!r} comes from no column, flag or derivation of the schema")
        self._try_derivation(schema)

    def _try_derivation(self, schema: ModelSchema) -> None:
        """Raises: ContractError if the derivation needs a column, or owes a feature, that is not there."""
        try:
            with np.errstate(all="ignore"):
                self.derive_table({column.name: np.ones(1) for column in schema.columns})
        except KeyError as error:
            told = f"derivation {schema.derivation!r} lacks the column or does not give the feature {error}"
            raise ContractError(told) from error

    def encode_row(self, row: Mapping[str, Value]) -> dict[str, float]:
        """One float a column: categories as codes, NaN for missing and unknown."""
        return {column.name: self._encode(column.name, row[column.name]) for column in self.columns}

    def _encode(self, name: str, value: Value) -> float:
        codes = self._codes.get(name)
        if codes is not None:
            return codes.get(value, math.nan) if isinstance(value, str) else math.nan
        return math.nan if value is None else float(value)

    def encode_table(self, table: Mapping[str, Sequence[Any] | NDArray[Any]]) -> dict[str, NDArray[np.float64]]:
        """One float64 array of shape (rows,) a column, from sequences of the same length."""
        encoded = {}
        for column in self.columns:
            values = table[column.name]
            if codes := self._codes.get(column.name):
                values = [codes.get(value, math.nan) for value in values]
            encoded[column.name] = np.asarray(values, dtype=np.float64)
        return encoded

    def derive_row(self, encoded: dict[str, float]) -> dict[str, float]:
        """The columns and the derived features of one encoded row."""
        if self._derivation is None:
            return encoded
        if any(math.isnan(value) for value in encoded.values()):  # math.floor(nan) raises, numpy's does not
            table = self.derive_table({name: np.asarray([value]) for name, value in encoded.items()})
            return {name: float(values[0]) for name, values in table.items()}
        derived = self._derivation(encoded, math)
        return encoded | {name: derived[name] for name in self._derived}

    def derive_table(self, encoded: dict[str, NDArray[np.float64]]) -> dict[str, NDArray[np.float64]]:
        """The columns and the derived features, each of shape (rows,)."""
        if self._derivation is None:
            return encoded
        derived = self._derivation(encoded, np)
        return encoded | {name: derived[name] for name in self._derived}

    def fill_matrix(self, values: Mapping[str, NDArray[np.float64]]) -> Matrix:
        """The model matrix, float32 of shape (rows, features), C order."""
        rows = len(values[self.columns[0].name])
        matrix = np.empty((rows, len(self.features)), dtype=np.float32)
        for index, feature in enumerate(self.features):
            if feature in self._flags:
                name, code = self._flags[feature]
                matrix[:, index] = np.where(np.isnan(values[name]), np.nan, values[name] == code)
            else:
                matrix[:, index] = values[feature]
        return matrix

    def fill_vector(self, values: Mapping[str, float]) -> list[float]:
        """The model's input for one row, in the order of `features`."""
        return [self._flag(feature, values) if feature in self._flags else values[feature] for feature in self.features]

    def _flag(self, feature: str, values: Mapping[str, float]) -> float:
        name, code = self._flags[feature]
        return math.nan if math.isnan(values[name]) else float(values[name] == code)

    def table_to_matrix(self, table: Mapping[str, Sequence[Any] | NDArray[Any]]) -> Matrix:
        """Raw values to the model matrix in one step."""
        return self.fill_matrix(self.derive_table(self.encode_table(table)))
