"""What one feature separates alone: the outcome, by its value, by where it is missing, or rows before it happens."""

from collections.abc import Iterator, Mapping

import numpy as np
from numpy.typing import NDArray

from contract.report import Check
from training.gate.evidence import HoldoutEvidence, fill_frame
from training.gate.policy import LeakageRules
from training.model.metrics import Judgement, Vector, pr_auc, r2, roc_auc

BINS = 50  # of about equal population, missing ones apart
FOLDS = 5
AHEAD = (1, 2, 3)  # rows
FEWEST = 10  # of the rarer outcome, to rank by
METRICS = {"binary": ("pr_auc", "PR-AUC"), "regression": ("r2", "R²")}


def check_separation(evidence: HoldoutEvidence, rules: LeakageRules, seed: int) -> Iterator[Check]:
    """One check for each feature that knows too much, or one each that none does."""
    model = evidence.candidate.model
    matrix = fill_frame(model, evidence.table.frame, "candidate").astype(np.float64)
    features = dict(zip(model.schema.features, matrix.T, strict=True))
    target = evidence.table.target
    alone = {name: measure_alone(values, target, evidence.dataset.task, seed) for name, values in features.items()}
    yield from _judge_alone(evidence, alone, rules)
    if evidence.dataset.task == "binary" and evidence.dataset.time is not None:
        yield from _judge_future(evidence, features, rules)


def measure_alone(values: Vector, target: Vector, task: str, seed: int) -> float:
    """PR-AUC or R² of one feature, the best of rising, falling, and the mean outcome of its bin in other rows.

    Bins see what has two sides, codes in any order, and what is missing; `values` and `target` have shape (rows,).
    """
    binned = _score_bins(values, target, seed)
    if task == "regression":
        return r2(Judgement(target, binned))
    if min(target.sum(), len(target) - target.sum()) < FEWEST:
        return 0.0
    filled = np.where(np.isnan(values), np.nanmin(values, initial=0.0) - 1.0, values)
    return max(pr_auc(Judgement(target, scores)) for scores in (filled, -filled, binned))


def _score_bins(values: Vector, target: Vector, seed: int) -> Vector:
    """Each row scored by the rows of the other folds in its bin, shrunk to the mean by one row's weight."""
    known = np.isfinite(values)
    edges = np.unique(np.quantile(values[known], np.linspace(0, 1, BINS + 1)[1:-1])) if known.any() else np.empty(0)
    bins = np.where(known, np.searchsorted(edges, values, side="right"), len(edges) + 1)
    fold = np.random.default_rng(seed).permutation(len(values)) % FOLDS
    scores, prior, size = np.empty(len(values)), float(target.mean()), len(edges) + 2
    for number in range(FOLDS):
        rest = fold != number
        rows = np.bincount(bins[rest], minlength=size)
        sums = np.bincount(bins[rest], weights=target[rest], minlength=size)
        scores[~rest] = ((sums + prior) / (rows + 1))[bins[~rest]]
    return scores


def _judge_alone(evidence: HoldoutEvidence, alone: Mapping[str, float], rules: LeakageRules) -> Iterator[Check]:
    name, label = "leakage/one feature", METRICS[evidence.dataset.task][1]
    champion = _measure_champion(evidence)
    known = set() if evidence.champion is None else set(evidence.champion.model.schema.features)
    suspects = []
    for feature, value in alone.items():
        limit = rules.alone
        if champion is not None and feature not in known:
            limit = min(limit, rules.share_of_champion * champion)
        if value < limit:
            continue
        against = "" if champion is None else f", the champion with all of its features {champion:.3f}"
        suspects.append(feature)
        yield Check(
            name=name,
            verdict="fail",
            found=f"{label} {value:.3f} by {feature}",
            expected=f"below {limit:.3g}",
            reason=f"{feature} alone separates the outcome with a {label} of {value:.3f}{against}: it is nearly the "
            "outcome, or known only afterwards.",
            about=_name_sources(evidence, feature),
        )
    if not suspects:
        best = max(alone, key=lambda feature: alone[feature])
        yield Check(
            name=name,
            verdict="pass",
            found=f"{label} {alone[best]:.3f} by {best}",
            expected=f"below {rules.alone:g}",
            reason=f"No feature alone is nearly the outcome; the best is {best} with a {label} of {alone[best]:.3f}.",
        )


def _measure_champion(evidence: HoldoutEvidence) -> float | None:
    if evidence.champion is None:
        return None
    judgement = evidence.champion.judgement
    value = pr_auc(judgement) if evidence.dataset.task == "binary" else r2(judgement)
    stated = evidence.champion.bundle.manifest.metrics.get(METRICS[evidence.dataset.task][0])
    return max(value, stated.mean) if stated is not None else value


def _name_sources(evidence: HoldoutEvidence, feature: str) -> tuple[str, ...]:
    """The feature, and the raw column where it is one."""
    column = next((one for one in evidence.dataset.columns if feature.partition("=")[0] == one.name), None)
    return (feature,) if column is None else tuple(dict.fromkeys((feature, column.name, column.source)))


def _judge_future(evidence: HoldoutEvidence, features: Mapping[str, Vector], rules: LeakageRules) -> Iterator[Check]:
    name, suspects = "leakage/future", []
    best, best_value = "", 0.0
    for feature, values in features.items():
        value = measure_future(values, evidence.table.target)
        if value > best_value:
            best, best_value = feature, value
        if value < rules.future:
            continue
        suspects.append(feature)
        yield Check(
            name=name,
            verdict="not_enough_evidence",
            found=f"ROC-AUC {value:.3f} by {feature}",
            expected=f"below {rules.future:g}",
            reason=f"{feature} tells the outcome of the rows that come after its own (ROC-AUC {value:.3f}): is it made "
            "from outcomes that are not yet known? If it is known in time, somebody should say so by name.",
            about=_name_sources(evidence, feature),
        )
    if not suspects:
        reason = f"No feature tells the outcome of later rows; the best is {best} with a ROC-AUC of {best_value:.3f}."
        found_text = f"ROC-AUC {best_value:.3f} by {best}" if best else "none"
        yield Check(name=name, verdict="pass", found=found_text, expected=f"below {rules.future:g}", reason=reason)


def measure_future(values: Vector, target: NDArray[np.float64]) -> float:
    """The least ROC-AUC, rising or falling, of a feature for the outcomes of the AHEAD next rows."""
    filled = np.where(np.isnan(values), np.nanmin(values, initial=0.0) - 1.0, values)
    areas = []
    for rows in AHEAD:
        later, now = target[rows:], filled[:-rows]
        if min(later.sum(), len(later) - later.sum()) < FEWEST:
            return 0.0
        area = roc_auc(Judgement(later, now))
        areas.append(max(area, 1 - area))
    return min(areas)
