"""What MLflow loads: a bundle's scores and decisions for raw rows, which are checked as the predictor checks them.

A copy of this module and of the contract lies in each logged model, so that it needs neither this repository nor a
pickle. It must import nothing else of ours.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from mlflow.exceptions import MlflowException
from mlflow.protos.databricks_pb2 import INVALID_PARAMETER_VALUE

from contract.bundle import read_bundle
from contract.compute.scoring import ReferenceModel, calibrate_margins, check_golden_rows
from contract.errors import ContractError, RowError
from contract.intake.values import check_number, check_value, column_bounds, describe_column, find_first, settle_value
from contract.schema import Column
from contract.soundness import check_served


def _load_pyfunc(data_path: str) -> "BundleModel":  # the name that MLflow calls
    """Raises: MlflowException with one line if the bundle is damaged, or scores otherwise here than in training."""
    try:
        return BundleModel(Path(data_path))
    except ContractError as error:
        raise MlflowException(str(error), INVALID_PARAMETER_VALUE) from error


class BundleModel:
    """A verified bundle. `booster`, `encode` and `manifest` are for whoever wants the parts, by `get_raw_model()`."""

    def __init__(self, folder: Path) -> None:
        """Raises: ContractError."""
        bundle = read_bundle(folder)
        check_served(bundle.manifest)
        self.manifest = bundle.manifest
        self.reference = ReferenceModel.from_bundle(bundle)
        check_golden_rows(bundle, self.reference.score_table)

    @property
    def booster(self) -> Any:
        """XGBoost's model: margins before calibration, from `encode`'s features."""
        return self.reference.booster

    def get_raw_model(self) -> "BundleModel":
        """What MLflow's `get_raw_model` gives."""
        return self

    def encode(self, rows: pd.DataFrame) -> pd.DataFrame:
        """The model's features, float32 of shape (rows, features), from raw rows.

        Raises: MlflowException with the first value that is refused.
        """
        table = self._check_rows(rows)
        with np.errstate(all="ignore"):  # as the predictor: what overflows is a score that is not finite
            matrix = self.reference.plan.table_to_matrix(table)
        return pd.DataFrame(matrix, columns=list(self.manifest.schema.features), index=rows.index)

    def predict(self, model_input: pd.DataFrame, params: dict[str, Any] | None = None) -> pd.DataFrame:
        """A column `score`, and `decision` where the bundle has a threshold; one line a row, in the rows' order.

        Raises: MlflowException with the first value that is refused, or if a score is not finite.
        """
        matrix = self.encode(model_input).to_numpy(dtype=np.float32)
        margins = self.booster.inplace_predict(matrix, predict_type="margin", missing=np.nan)
        with np.errstate(all="ignore"):
            scores = calibrate_margins(margins, self.manifest.calibration, self.manifest.schema.task)
        if not np.isfinite(scores).all():
            raise MlflowException("the model's score is not finite", INVALID_PARAMETER_VALUE)
        answer = pd.DataFrame({"score": scores}, index=model_input.index)
        if self.manifest.threshold is not None:
            answer["decision"] = scores >= self.manifest.threshold
        return answer

    def _check_rows(self, rows: pd.DataFrame) -> dict[str, Sequence[Any]]:
        columns = self.manifest.schema.columns
        try:
            if missing := [column for column in columns if column.name not in rows]:
                name = missing[0].name
                raise RowError("missing_field", f"{name} is missing, expected {describe_column(missing[0])}", name)
            if not len(rows):
                raise RowError("no_rows", "there are no rows, expected at least one")
            settled = {column.name: settle_column(column, rows[column.name]) for column in columns}
            if (problem := find_first([problems for _, problems in settled.values()])) is not None:
                raise problem
        except RowError as error:
            raise MlflowException(str(error), INVALID_PARAMETER_VALUE) from error
        return {name: values for name, (values, _) in settled.items()}


def settle_column(column: Column, series: "pd.Series[Any]") -> tuple[Sequence[Any], dict[int, RowError]]:
    """A column's values ready to encode, and what is wrong with those that are refused, by the place of the row."""
    if column.type != "category" and isinstance(series.dtype, np.dtype) and series.dtype.kind in "iuf":
        numbers = series.to_numpy(dtype=np.float64)
        return numbers, dict(check_numbers(column, numbers))  # type: ignore[return-value]
    values, problems = [], {}
    for place, value in enumerate(series.tolist()):
        field = f"rows[{place}].{column.name}"
        plain, problem = read_value(column, value, field)
        values.append(plain)
        if problem is not None:
            problems[place] = problem
    return values, problems


def check_numbers(column: Column, numbers: "np.ndarray[Any, np.dtype[np.float64]]") -> Iterator[tuple[int, RowError]]:
    """The refused of many numbers, NaN being missing, by their place."""
    low, high = column_bounds(column)
    missing = np.isnan(numbers)
    with np.errstate(invalid="ignore"):
        wrong = ~missing & ((numbers < low) | (numbers > high) | ((column.type == "integer") & (numbers % 1 != 0)))
    for place in np.flatnonzero(wrong if column.nullable else wrong | missing).tolist():
        field = f"rows[{place}].{column.name}"
        value = None if missing[place] else float(numbers[place])
        problem = check_value(column, None, field) if value is None else check_number(column, value, field)
        if problem is not None:
            yield place, problem


def read_value(column: Column, value: Any, field: str) -> tuple[Any, RowError | None]:
    """A cell of a DataFrame as JSON would have it, and why it is refused; NaN, NA and NaT are missing."""
    if isinstance(value, np.generic):
        value = value.item()
    if value is None or value is pd.NA or value is pd.NaT or (isinstance(value, float) and np.isnan(value)):
        value = None
    elif not isinstance(value, str | bool | int | float | list | dict):
        kind = type(value).__name__
        return None, RowError("wrong_type", f"{field} is a {kind}, expected {describe_column(column)}", field)
    return settle_value(column, value), check_value(column, value, field)
