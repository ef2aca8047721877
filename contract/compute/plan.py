"""From values to the model matrix, by the schema alone: codes, derived features, flags, order.

Many rows go through numpy, here; one row goes through plain floats, in contract/compute/usual_row.py, to the same bits.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from contract.compute.features import find_derivation
from contract.dataset import flag_name
from contract.errors import ContractError
from contract.schema import ModelSchema

Matrix = NDArray[np.float32]


class FeaturePlan:
    """A schema made ready to compute. An unknown category and a null are NaN: missing, to the model."""

    def __init__(self, schema: ModelSchema) -> None:
        """Raises: ContractError if the schema names a feature that nothing gives, or its derivation does not fit it."""
        self.columns = schema.columns
        self.features = schema.features
        self.derivation = find_derivation(schema.derivation) if schema.derivation else None
        self.derived = tuple(feature.name for feature in schema.derived) if self.derivation else ()
        self.codes = {
            column.name: {category: float(code) for code, category in enumerate(column.categories)}
            for column in schema.columns
            if column.type == "category"
        }
        self.flags = {
            flag_name(column.name, category): (column.name, float(code))
            for column in schema.columns
            if column.type == "category" and not column.ordered
            for code, category in enumerate(column.categories)
        }
        given = {*(column.name for column in schema.columns), *self.derived, *self.flags}
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
            message = f"derivation {schema.derivation!r} lacks the column or does not give the feature {error}"
            raise ContractError(message) from error

    def encode_table(self, table: Mapping[str, Sequence[Any] | NDArray[Any]]) -> dict[str, NDArray[np.float64]]:
        """One float64 array of shape (rows,) a column, from sequences of the same length."""
        encoded = {}
        for column in self.columns:
            values = table[column.name]
            if codes := self.codes.get(column.name):
                values = [codes.get(value, math.nan) for value in values]
            encoded[column.name] = np.asarray(values, dtype=np.float64)
        return encoded

    def derive_table(self, encoded: dict[str, NDArray[np.float64]]) -> dict[str, NDArray[np.float64]]:
        """The columns and the derived features, each of shape (rows,)."""
        if self.derivation is None:
            return encoded
        derived = self.derivation(encoded, np)
        return encoded | {name: derived[name] for name in self.derived}

    def fill_matrix(self, values: Mapping[str, NDArray[np.float64]]) -> Matrix:
        """The model matrix, float32 of shape (rows, features), C order."""
        rows = len(values[self.columns[0].name])
        matrix = np.empty((rows, len(self.features)), dtype=np.float32)
        for index, feature in enumerate(self.features):
            if feature in self.flags:
                name, code = self.flags[feature]
                matrix[:, index] = np.where(np.isnan(values[name]), np.nan, values[name] == code)
            else:
                matrix[:, index] = values[feature]
        return matrix

    def table_to_matrix(self, table: Mapping[str, Sequence[Any] | NDArray[Any]]) -> Matrix:
        """Raw values to the model matrix in one step."""
        return self.fill_matrix(self.derive_table(self.encode_table(table)))
