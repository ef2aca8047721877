"""Pictures of a binary model: ranking, calibration, cost against threshold, scores."""

from collections.abc import Iterator, Mapping

import numpy as np
from matplotlib.axes import Axes
from sklearn import metrics as sk

from contract.wording import ROLES
from training.gate.comparison import best_constant
from training.model.metrics import BINARY, Judgement, expected_cost, precision, recall
from training.report.drawing import COLOURS, GRID, INK, Picture, add_legend, draw_histograms, draw_picture

Judgements = Mapping[str, Judgement]

CALIBRATION_BINS = 10
THRESHOLDS = np.concatenate([np.geomspace(0.001, 0.05, 60), np.linspace(0.05, 0.99, 140)])
COST = next(metric for metric in BINARY if metric.name == "expected_cost")
SCORE_BINS = np.linspace(0.0, 1.0, 41)


def draw_binary(judgements: Judgements) -> Iterator[Picture]:
    yield draw_picture(
        "pr",
        "Precision and recall",
        "The point is where each one decides; the rule decides once.",
        lambda axes: _draw_precision(axes, judgements),
    )
    yield draw_picture(
        "roc",
        "ROC curve",
        "Cases found against false alarms; the diagonal is chance.",
        lambda axes: _draw_roc(axes, judgements),
    )
    yield draw_picture(
        "calibration",
        "Calibration",
        "The riskiest rows in ten groups; on the diagonal a score is a frequency.",
        lambda axes: _draw_calibration(axes, _models(judgements)),
    )
    if judgements["candidate"].costs is not None:
        yield draw_picture(
            "cost",
            "Cost against threshold",
            "Per 1,000 rows, up to that of no model; vertical lines are the bundles' own thresholds.",
            lambda axes: _draw_cost(axes, judgements),
        )
    for outcome, what in ((1.0, "cases that happened"), (0.0, "cases that did not happen")):
        yield draw_picture(
            f"scores-{outcome:.0f}",
            f"Scores of {what}",
            "Candidate filled, champion as a line; rows on a logarithmic scale.",
            lambda axes, outcome=outcome: _draw_scores(axes, _models(judgements), outcome),  # type: ignore[misc]
        )


def _models(judgements: Judgements) -> dict[str, Judgement]:
    """Without the rule, whose scores are no probabilities."""
    return {name: judgement for name, judgement in judgements.items() if name != "rule"}


def _draw_precision(axes: Axes, judgements: Judgements) -> None:
    for name, judgement in judgements.items():
        if name != "rule":
            right, recalls, _ = sk.precision_recall_curve(judgement.target, judgement.scores)
            axes.plot(recalls, right, color=COLOURS[name], label=ROLES[name], drawstyle="steps-post")
        marker = "D" if name == "rule" else "o"
        label = ROLES[name] if name == "rule" else None
        axes.plot(recall(judgement), precision(judgement), marker, color=COLOURS[name], label=label, linestyle="none")
    axes.set(
        xlabel="Recall: share of cases found", ylabel="Precision: share of alarms right", xlim=(0, 1.02), ylim=(0, 1.05)
    )
    add_legend(axes)


def _draw_roc(axes: Axes, judgements: Judgements) -> None:
    axes.plot([0, 1], [0, 1], color=GRID, linestyle="--", linewidth=1)
    for name, judgement in judgements.items():
        false, true, _ = sk.roc_curve(judgement.target, judgement.scores)
        axes.plot(false, true, color=COLOURS[name], label=ROLES[name], linestyle=_line(name))
    axes.set(xlabel="Share of negatives with an alarm", ylabel="Share of cases found", xlim=(-0.02, 1), ylim=(0, 1.02))
    add_legend(axes)


def _line(name: str) -> str:
    return ":" if name == "rule" else "-"


def _draw_calibration(axes: Axes, models: Judgements) -> None:
    axes.plot([0, 1], [0, 1], color=GRID, linestyle="--", linewidth=1)
    for name, judgement in models.items():
        order = np.argsort(judgement.scores, kind="stable")
        positives = max(int(judgement.target.sum()), 1)
        top = order[-min(4 * positives, len(order)) :]  # below the riskiest rows nearly every score is nearly 0
        parts = [part for part in np.array_split(top, CALIBRATION_BINS) if len(part)]
        mean = [judgement.scores[part].mean() for part in parts]
        share = [judgement.target[part].mean() for part in parts]
        axes.plot(mean, share, "o-", color=COLOURS[name], label=ROLES[name], markersize=4)
    axes.set(xlabel="Mean score", ylabel="Share that happened", xlim=(-0.02, 1.02), ylim=(-0.02, 1.02))
    add_legend(axes)


def _draw_cost(axes: Axes, judgements: Judgements) -> None:
    for name, judgement in judgements.items():
        if name == "rule":
            axes.axhline(expected_cost(judgement) * 1000, color=COLOURS[name], linestyle=":", label=ROLES[name])
            continue
        costs = [expected_cost(_decide_at(judgement, threshold)) * 1000 for threshold in THRESHOLDS]
        axes.plot(THRESHOLDS, costs, color=COLOURS[name], label=ROLES[name])
        if judgement.threshold is not None:
            axes.axvline(judgement.threshold, color=COLOURS[name], linewidth=1)
    axes.set(xlabel="Threshold", ylabel="Cost per 1,000 rows", xlim=(0, 1))
    without = best_constant(judgements["candidate"], COST) * 1000  # dearer than no model is no choice
    axes.set_ylim(0, 1.1 * without)
    add_legend(axes)


def _decide_at(judgement: Judgement, threshold: float) -> Judgement:
    return Judgement(judgement.target, judgement.scores, threshold, judgement.costs)


def _draw_scores(axes: Axes, models: Judgements, outcome: float) -> None:
    scores = {name: judgement.scores[judgement.target == outcome] for name, judgement in models.items()}
    draw_histograms(axes, scores, SCORE_BINS)
    threshold = models["candidate"].threshold
    if threshold is not None:
        axes.axvline(threshold, color=INK, linewidth=1, linestyle="--", label="Candidate's threshold")
    axes.set(xlabel="Score", ylabel="Rows", yscale="log", xlim=(0, 1))
    axes.set_ylim(bottom=0.7)
    add_legend(axes)
