"""Pictures of what the candidate goes by: SHAP values, and what changed against the champion."""

from collections.abc import Iterator, Sequence

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import NDArray

from contract.compute.plan import Matrix
from contract.compute.scoring import ReferenceModel
from contract.report import MetricLine
from training.report.drawing import BAD, CANDIDATE, GRID, INK, Picture, draw_picture

MAX_ROWS = 600
MAX_FEATURES = 12
BAND = 0.38  # half the height of a feature's swarm
SWARM_BINS = 60
ROW_INCHES = 0.3
POINT_DPI = 160
BEYOND = 3.0  # margins; what lies farther out is drawn at the edge


def draw_contributions(model: ReferenceModel, matrix: Matrix, seed: int) -> Iterator[Picture]:
    """Bars of the mean |SHAP| and a swarm of single rows, over a sample of the rows of `matrix`."""
    random = np.random.default_rng(seed)
    rows = np.sort(random.choice(len(matrix), min(MAX_ROWS, len(matrix)), replace=False))
    values = model.explain_matrix(matrix[rows])[:, :-1]
    strength = np.abs(values).mean(axis=0)
    order = np.argsort(strength, kind="stable")[-MAX_FEATURES:]
    names = [model.schema.features[index] for index in order]
    height = 1.1 + ROW_INCHES * len(order)
    yield draw_picture(
        "shap-bars",
        "What it goes by",
        "Mean absolute SHAP value on the margin: how much each feature moves a score.",
        lambda axes: _draw_bars(axes, names, strength[order]),
        height,
    )
    yield draw_picture(
        "shap-swarm",
        "Which way it pulls",
        "Each point is a row; right raises the score. Dark is a low value, bright a high.",
        lambda axes: _draw_swarm(axes, names, values[:, order], matrix[rows][:, order], random),
        height,
    )


def _draw_bars(axes: Axes, names: Sequence[str], strength: NDArray[np.floating]) -> None:
    axes.barh(range(len(names)), strength, color=CANDIDATE, height=0.6)
    axes.set_yticks(range(len(names)), names)
    axes.set_xlabel("Mean |SHAP|")
    axes.grid(axis="y", visible=False)


def _draw_swarm(
    axes: Axes, names: Sequence[str], values: NDArray[np.float32], inputs: Matrix, random: np.random.Generator
) -> None:
    axes.axvline(0, color=GRID, linewidth=1)
    for index in range(len(names)):
        places = index + _spread_swarm(values[:, index], random)
        colours = _rank(inputs[:, index])
        axes.scatter(
            values[:, index], places, c=colours, cmap="plasma", vmin=-0.5, vmax=1.1, s=7, linewidths=0, rasterized=True
        )
    axes.set_yticks(range(len(names)), names)
    axes.set_xlabel("SHAP value")
    axes.grid(axis="y", visible=False)
    axes.figure.set_dpi(POINT_DPI)


def _spread_swarm(values: NDArray[np.float32], random: np.random.Generator) -> NDArray[np.float64]:
    """Offsets of shape (rows,): the more rows share a value, the wider they spread."""
    counts, edges = np.histogram(values, SWARM_BINS)
    bins = np.clip(np.searchsorted(edges, values, side="right") - 1, 0, SWARM_BINS - 1)
    width: NDArray[np.float64] = np.sqrt(counts[bins] / counts.max()) * BAND
    return random.uniform(-1, 1, len(values)) * width


def _rank(values: NDArray[np.float32]) -> NDArray[np.float64]:
    """0 to 1 by order, so that one outlier does not take all the colours."""
    known = np.unique(values[~np.isnan(values)])
    return np.searchsorted(known, values) / max(len(known) - 1, 1)


def draw_changes(lines: Sequence[MetricLine]) -> Iterator[Picture]:
    """Each difference to the champion in units of its margin, if there is any."""
    shown = [line for line in reversed(lines) if line.difference is not None and line.margin]
    if shown:
        yield draw_picture(
            "changes",
            "Against the champion",
            "Each difference with its 95 % interval, in margins: right is better, all of it in the red fails.",
            lambda axes: _draw_changes(axes, shown),
            1.1 + ROW_INCHES * len(shown),
        )


def _draw_changes(axes: Axes, lines: Sequence[MetricLine]) -> None:
    axes.axvspan(-BEYOND - 0.2, -1, color=BAD, alpha=0.12, linewidth=0)
    axes.axvline(0, color=INK, linewidth=1)
    axes.axvline(-1, color=BAD, linewidth=1, linestyle="--")
    for place, line in enumerate(lines):
        if line.difference is None or not line.margin:
            continue
        ends = np.clip(np.array([line.difference.low, line.difference.high]) / line.margin, -BEYOND, BEYOND)
        axes.plot(ends, [place, place], color=CANDIDATE, linewidth=3, solid_capstyle="round")
        middle = np.clip(line.difference.mean / line.margin, -BEYOND, BEYOND)
        axes.plot(middle, place, "o", color=CANDIDATE, markersize=7)
    axes.set_yticks(range(len(lines)), [line.label for line in lines])
    axes.set(xlabel="Difference in margins", xlim=(-BEYOND - 0.2, BEYOND + 0.2), ylim=(-0.6, len(lines) - 0.4))
    axes.grid(axis="y", visible=False)
