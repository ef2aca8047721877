"""Trains as training should, in code of the gate's own.

On purpose not training/model/train.py: a training that fits other rows than it says would fit them here as well.
"""

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import xgboost
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import KFold, StratifiedKFold

from contract.compute.plan import Matrix
from training.data.table import Table
from training.model.metrics import Vector
from training.params import Params

OBJECTIVES = {"binary": "binary:logistic", "regression": "reg:squarederror"}


@dataclass(frozen=True)
class Refit:
    """A booster of the whole training side, and margins of shape (rows,) by boosters not fitted on the row."""

    booster: xgboost.Booster
    out_of_fold: Vector

    def compute_margins(self, matrix: Matrix) -> Vector:
        """Shape (rows,)."""
        return _predict(self.booster, matrix)


def fit_again(fitted: Table, params: Params, with_folds: bool) -> Refit:
    """One booster on all rows; with folds also one for each, as many as evaluation.inner_folds."""
    booster = _fit(fitted.matrix, fitted.target, fitted, params)
    margins = np.full(len(fitted), np.nan)
    if with_folds:
        folds = list(_split(fitted, params))
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            parts = pool.map(lambda fold: _score_fold(fitted, params, *fold), folds)
            for (_, test), part in zip(folds, parts, strict=True):
                margins[test] = part
    return Refit(booster, margins)


def _fit(matrix: Matrix, target: Vector, table: Table, params: Params) -> xgboost.Booster:
    settings = {
        **params.model,
        "objective": OBJECTIVES[table.dataset.task],
        "seed": params.seed,
        "nthread": 1,
        "verbosity": 0,
    }
    data = xgboost.DMatrix(matrix, target, feature_names=list(table.dataset.schema.features))
    return xgboost.train(settings, data, num_boost_round=params.rounds)


def _split(fitted: Table, params: Params) -> Iterator[tuple[NDArray[np.intp], NDArray[np.intp]]]:
    kind = StratifiedKFold if fitted.dataset.task == "binary" else KFold
    splitter = kind(params.evaluation.inner_folds, shuffle=True, random_state=params.seed)
    return splitter.split(np.zeros(len(fitted)), fitted.target)  # type: ignore[no-any-return]


def _score_fold(fitted: Table, params: Params, train: NDArray[np.intp], test: NDArray[np.intp]) -> Vector:
    booster = _fit(fitted.matrix[train], fitted.target[train], fitted, params)
    return _predict(booster, fitted.matrix[test])


def _predict(booster: xgboost.Booster, matrix: Matrix) -> Vector:
    margins = booster.inplace_predict(matrix, predict_type="margin", missing=np.nan)
    return np.asarray(margins, dtype=np.float64)


def fit_odds(logits: Vector, target: Vector) -> tuple[float, float]:
    """Slope and intercept of the outcome's log odds on these, by unpenalised logistic regression.

    1 and 0 where the logits are right.
    Source: D. Cox, "Two further applications of a model for binary regression" (1958).
    """
    model = LogisticRegression(C=np.inf).fit(logits[:, np.newaxis], target)
    return float(model.coef_[0, 0]), float(model.intercept_[0])
