"""What a model must beat to be worth having: the engineer's rule, a linear model, the mean."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import cross_val_predict
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

from contract.compute.scoring import calibrate_margins
from contract.dataset import Condition, Rule
from training.data.table import Table
from training.model.metrics import Vector
from training.model.train import cross_fit_margins, fit_booster, fit_calibration, inner_folds
from training.params import Params

RULE_HOLDS = 0.5


@dataclass(frozen=True)
class Estimator:
    """`score(train, test, params)`: scores of the training rows, none by a model fitted on that row, and of the test
    rows. `threshold` is the estimator's own; None if it is to be chosen on the training rows."""

    score: Callable[[Table, Table, Params], tuple[Vector, Vector]]
    threshold: float | None = None


def list_estimators(table: Table) -> dict[str, Estimator]:
    """The model and its baselines by name, for the table's task."""
    if table.dataset.task == "regression":
        return {
            "model": Estimator(score_by_model),
            "linear_regression": Estimator(score_by_linear_model),
            "mean": Estimator(score_by_mean),
        }
    rule = {"rule": Estimator(score_by_rule, RULE_HOLDS)} if table.dataset.rule else {}
    return {"model": Estimator(score_by_model), **rule, "logistic_regression": Estimator(score_by_linear_model)}


def score_by_model(train: Table, test: Table, params: Params) -> tuple[Vector, Vector]:
    """XGBoost as it is trained for a bundle, calibrated."""
    dataset = train.dataset
    margins = cross_fit_margins(train.matrix, train.target, dataset, params)
    calibration = fit_calibration(margins, train.target, dataset)
    booster = fit_booster(train.matrix, train.target, dataset, params)
    unseen = booster.inplace_predict(test.matrix, predict_type="margin")
    return (
        calibrate_margins(margins, calibration, dataset.task),
        calibrate_margins(unseen, calibration, dataset.task),
    )


def score_by_rule(train: Table, test: Table, params: Params) -> tuple[Vector, Vector]:
    """The dataset's rule; it learns nothing."""
    rule = train.dataset.rule
    if rule is None:
        raise ValueError("the dataset has no rule")
    return rank_by_rule(rule, train), rank_by_rule(rule, test)


def rank_by_rule(rule: Rule, table: Table) -> Vector:
    """Shape (rows,), in 0 to 1: RULE_HOLDS and above where the rule holds; its tie-break ranks within both halves."""
    holds = np.zeros(len(table), dtype=bool)
    for conjunction in rule.any:
        holds |= np.logical_and.reduce([_meets(condition, table) for condition in conjunction.all])
    column = next(column for column in table.dataset.columns if column.name == rule.tie_break)
    bound = column.maximum or float(np.nanmax(table.values[rule.tie_break]))
    return np.where(holds, RULE_HOLDS, 0.0) + 0.49 * np.clip(table.values[rule.tie_break] / bound, 0.0, 1.0)


def _meets(condition: Condition, table: Table) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    values = table.values[condition.feature] - (table.values[condition.minus] if condition.minus else 0.0)
    meets = np.ones(len(table), dtype=bool)
    if condition.below is not None:
        meets &= values < condition.below
    if condition.above is not None:
        meets &= values > condition.above
    return meets


def score_by_linear_model(train: Table, test: Table, params: Params) -> tuple[Vector, Vector]:
    """Logistic or ridge regression on the same standardised features, the missing filled by the median."""
    binary = train.dataset.task == "binary"
    model = _linear_pipeline(binary)
    folds = list(inner_folds(train.target, train.dataset, params))
    method = "predict_proba" if binary else "predict"
    out_of_fold = cross_val_predict(model, train.matrix, train.target, cv=folds, method=method)
    unseen = getattr(model.fit(train.matrix, train.target), method)(test.matrix)
    return (out_of_fold[:, 1], unseen[:, 1]) if binary else (out_of_fold, unseen)


def _linear_pipeline(binary: bool) -> Pipeline:
    head = LogisticRegression(max_iter=1000) if binary else Ridge()
    return make_pipeline(SimpleImputer(strategy="median"), StandardScaler(), head)


def score_by_mean(train: Table, test: Table, params: Params) -> tuple[Vector, Vector]:
    """Always the training mean."""
    mean = float(train.target.mean())
    return np.full(len(train), mean), np.full(len(test), mean)
