"""From a table to a model: fit, calibrate on out-of-fold margins, choose the threshold that costs least."""

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import xgboost
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import KFold, StratifiedKFold

from cli.errors import InputError
from contract.compute.plan import Matrix
from contract.compute.scoring import ReferenceModel, Scores, calibrate_margins
from contract.dataset import Costs, Dataset
from contract.schema import Calibration, ModelSchema
from training.data.table import Table
from training.model.metrics import Judgement, Vector, measure
from training.model.thresholds import cheapest_threshold
from training.params import Params

OBJECTIVES = {"binary": "binary:logistic", "regression": "reg:squarederror"}
IDENTITY = Calibration(slope=1.0, intercept=0.0)
DIGITS = 9  # a last bit of an optimiser must not change a bundle


@dataclass(frozen=True)
class TrainedModel:
    """A booster with its calibration and threshold; `folds` are the metrics of its inner folds."""

    booster: xgboost.Booster
    schema: ModelSchema
    calibration: Calibration
    threshold: float | None
    folds: tuple[dict[str, float], ...]
    out_of_fold: Scores

    @property
    def reference(self) -> ReferenceModel:
        return ReferenceModel(self.booster, self.schema, self.calibration)

    def judge(self, table: Table) -> Judgement:
        """This model's scores on the rows of `table`, held against their truth."""
        scores = self.reference.score_matrix(table.matrix)
        return Judgement(table.target, scores, self.threshold, table.dataset.costs)


def train_model(table: Table, params: Params) -> TrainedModel:
    """A model of all rows of `table`; calibration and threshold come from scores on rows not fitted."""
    dataset = table.dataset
    margins = cross_fit_margins(table.matrix, table.target, dataset, params)
    calibration = fit_calibration(margins, table.target, dataset)
    scores = calibrate_margins(margins, calibration, dataset.task)
    threshold = choose_threshold(table.target, scores, dataset)
    booster = fit_booster(table.matrix, table.target, dataset, params)
    folds = tuple(
        measure(Judgement(table.target[test], scores[test], threshold, dataset.costs), dataset.task)
        for _, test in inner_folds(table.target, dataset, params)
    )
    return TrainedModel(booster, dataset.schema, calibration, threshold, folds, scores)


def fit_booster(matrix: Matrix, target: Vector, dataset: Dataset, params: Params) -> xgboost.Booster:
    """XGBoost on one thread, so that the same rows give the same bytes."""
    settings = {
        **params.model,
        "objective": OBJECTIVES[dataset.task],
        "seed": params.seed,
        "nthread": 1,
        "verbosity": 0,
    }
    data = xgboost.DMatrix(matrix, target, feature_names=list(dataset.schema.features))
    return xgboost.train(settings, data, num_boost_round=params.rounds)


def inner_folds(
    target: Vector, dataset: Dataset, params: Params
) -> Iterator[tuple[NDArray[np.intp], NDArray[np.intp]]]:
    """Raises: InputError if an outcome has too few rows to be in each."""
    folds, positives = params.evaluation.inner_folds, int(target.sum())
    kind = StratifiedKFold if dataset.task == "binary" else KFold
    available = min(positives, len(target) - positives) if dataset.task == "binary" else len(target)
    if available < folds:
        raise InputError(
            f"{len(target):,} rows to train on hold {available:,} of the rarer outcome, expected at least one for each "
            f"of {folds} inner folds; give more data or lower evaluation.inner_folds"
        )
    splitter = kind(folds, shuffle=True, random_state=params.seed)
    return splitter.split(np.zeros(len(target)), target)  # type: ignore[no-any-return]


def cross_fit_margins(matrix: Matrix, target: Vector, dataset: Dataset, params: Params) -> Vector:
    """Margins of shape (rows,), each row scored by a model that was not fitted on it."""
    margins = np.empty(len(target))

    def fit_fold(fold: tuple[NDArray[np.intp], NDArray[np.intp]]) -> None:
        train, test = fold
        booster = fit_booster(matrix[train], target[train], dataset, params)
        margins[test] = booster.inplace_predict(matrix[test], predict_type="margin")

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        list(pool.map(fit_fold, inner_folds(target, dataset, params)))
    return margins


def fit_calibration(margins: Vector, target: Vector, dataset: Dataset) -> Calibration:
    """Platt scaling by unpenalised logistic regression on the margins; identity for regression."""
    if dataset.task == "regression":
        return IDENTITY
    model = LogisticRegression(C=np.inf).fit(margins[:, np.newaxis], target)
    return Calibration(slope=_round(model.coef_[0, 0]), intercept=_round(model.intercept_[0]))


def choose_threshold(target: Vector, scores: Vector, dataset: Dataset) -> float | None:
    """By expected cost for a binary task, as declared for regression."""
    if dataset.task == "regression":
        return dataset.decide_above
    costs = dataset.costs or Costs(missed=1.0, false_alarm=1.0)
    return _round(cheapest_threshold(target, scores, costs))


def _round(value: float) -> float:
    return float(f"{value:.{DIGITS}g}")
