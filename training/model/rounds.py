"""How the model became what it is: its loss after every few boosting rounds, on the rows fitted and on the others."""

import numpy as np
import xgboost
from numpy.typing import NDArray

from training.data.table import Table
from training.model.metrics import Judgement, Vector, pr_auc, rmse
from training.model.train import TrainedModel

POINTS = 40  # of each curve
Curve = tuple[tuple[int, float], ...]  # (rounds, value)


def measure_rounds(model: TrainedModel, fitted: Table, unseen: Table) -> dict[str, Curve]:
    """Log loss and PR-AUC of a binary task, RMSE of a regression, before calibration, by the number of rounds."""
    binary = model.schema.task == "binary"
    losses = {"log_loss": log_loss, "pr_auc": pr_auc} if binary else {"rmse": rmse}
    curves: dict[str, Curve] = {}
    for rows, table in (("train", fitted), ("holdout", unseen)):
        grown = [(step, Judgement(table.target, margins)) for step, margins in grow_margins(model.booster, table)]
        for name, measure in losses.items():
            curves[f"rounds_{rows}_{name}"] = tuple((step, measure(judgement)) for step, judgement in grown)
    return curves


def grow_margins(booster: xgboost.Booster, table: Table) -> list[tuple[int, Vector]]:
    """Margins of shape (rows,) after the first rounds, more, and all; every tree is evaluated once."""
    rounds = booster.num_boosted_rounds()
    steps = sorted({int(step) for step in np.linspace(1, rounds, min(POINTS, rounds))})
    data = xgboost.DMatrix(table.matrix, feature_names=list(booster.feature_names or ()))
    grown: list[tuple[int, Vector]] = []
    for former, step in zip([0, *steps], steps, strict=False):
        margins: NDArray[np.float32] = booster.predict(data, output_margin=True, iteration_range=(former, step))
        data.set_base_margin(margins)  # what the next trees are added to
        grown.append((step, margins.astype(np.float64)))
    return grown


def log_loss(j: Judgement) -> float:
    """Mean negative log-likelihood of the outcomes, from scores that are margins: log(1 + exp(m)) - y m."""
    return float(np.mean(np.logaddexp(0.0, j.scores) - j.target * j.scores))
