"""Pictures of a regression: predicted against actual, and how far it is off."""

from collections.abc import Iterator, Mapping

import numpy as np
from matplotlib.axes import Axes

from training.model.metrics import Judgement
from training.report.drawing import CANDIDATE, GRID, Picture, add_legend, draw_histograms, draw_picture

Judgements = Mapping[str, Judgement]

BINS = 40
MAX_POINTS = 1500
TAIL_PERCENT = 0.5  # the histogram leaves out what would flatten it


def draw_regression(judgements: Judgements) -> Iterator[Picture]:
    candidate = judgements["candidate"]
    yield draw_picture(
        "actual",
        "Predicted against actual",
        "Each point is a row; on the diagonal the candidate is right.",
        lambda axes: _draw_actual(axes, candidate),
    )
    yield draw_picture(
        "residuals",
        "Residuals",
        "Actual minus predicted, against the prediction; a pattern is left to learn.",
        lambda axes: _draw_residuals(axes, candidate),
    )
    yield draw_picture(
        "errors",
        "How far off",
        "Actual minus predicted, candidate filled, champion as a line.",
        lambda axes: _draw_errors(axes, judgements),
    )


def _thin(judgement: Judgement) -> Judgement:
    return judgement.take(np.linspace(0, len(judgement.target) - 1, min(MAX_POINTS, len(judgement.target))).astype(int))


def _draw_actual(axes: Axes, judgement: Judgement) -> None:
    few = _thin(judgement)
    ends = [min(few.target.min(), few.scores.min()), max(few.target.max(), few.scores.max())]
    axes.plot(ends, ends, color=GRID, linestyle="--", linewidth=1)
    axes.scatter(few.scores, few.target, s=8, color=CANDIDATE, alpha=0.35, linewidths=0)
    axes.set(xlabel="Predicted", ylabel="Actual")


def _draw_residuals(axes: Axes, judgement: Judgement) -> None:
    few = _thin(judgement)
    axes.axhline(0, color=GRID, linestyle="--", linewidth=1)
    axes.scatter(few.scores, few.target - few.scores, s=8, color=CANDIDATE, alpha=0.35, linewidths=0)
    axes.set(xlabel="Predicted", ylabel="Actual minus predicted")


def _draw_errors(axes: Axes, judgements: Judgements) -> None:
    errors = {name: judgement.target - judgement.scores for name, judgement in judgements.items()}
    low, high = np.percentile(np.concatenate(list(errors.values())), [TAIL_PERCENT, 100 - TAIL_PERCENT])
    draw_histograms(axes, errors, np.linspace(low, high, BINS + 1))
    axes.set(xlabel="Actual minus predicted", ylabel="Rows")
    add_legend(axes)
