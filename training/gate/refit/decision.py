"""Odds and threshold, held against rows that the scoring trees were not fitted on."""

from collections.abc import Iterator

import numpy as np

from contract.compute.scoring import calibrate_margins
from contract.dataset import Costs
from contract.report import Check
from contract.schema import Calibration
from training.gate.evidence import HoldoutEvidence
from training.gate.policy import DecisionRules
from training.gate.refit.fit import Refit, fit_odds
from training.gate.result import choose_verdict, leave_unchecked
from training.model.metrics import Judgement, Vector, expected_cost
from training.model.thresholds import cheapest_threshold

ODDS, THRESHOLD = "decision/odds", "decision/threshold"
NO_REFIT = "the model is not the one that the gate's own training gives, so it has no such rows to judge it by"


def check_decision(evidence: HoldoutEvidence, refit: Refit, same: bool, rules: DecisionRules) -> Iterator[Check]:
    """Both on the training side, each row scored by trees that did not see it; of a number, the declared threshold."""
    manifest = evidence.candidate.bundle.manifest
    if evidence.dataset.task == "regression":
        yield _check_declared(manifest.threshold, evidence.dataset.decide_above)
        return
    if not same:
        yield leave_unchecked(ODDS, _expect_odds(rules), NO_REFIT)
        yield leave_unchecked(THRESHOLD, _expect_cost(rules), NO_REFIT)
        return
    target = evidence.fitted.target
    yield check_odds(manifest.calibration, refit.out_of_fold, target, rules)
    if evidence.dataset.costs is not None:
        scores = calibrate_margins(refit.out_of_fold, manifest.calibration, "binary")
        yield check_threshold(Judgement(target, scores, manifest.threshold), evidence.dataset.costs, rules)


def _expect_odds(rules: DecisionRules) -> str:
    return f"the outcome's odds within a factor of {rules.odds:g}"


def _expect_cost(rules: DecisionRules) -> str:
    return f"at most {rules.dearer:.0%} dearer than the cheapest threshold"


def _check_declared(measured: float | None, declared: float | None) -> Check:
    passes = measured == declared
    return Check(
        name=THRESHOLD,
        verdict=choose_verdict(passes),
        found=str(measured),
        expected=f"{declared}, as the dataset file declares",
        reason=f"The bundle decides {'' if passes else 'not '}where the dataset file says.",
    )


def check_odds(calibration: Calibration, margins: Vector, target: Vector, rules: DecisionRules) -> Check:
    """The factor between the odds that the scores say and the outcomes have, over all rows or at the usual positive."""
    stated = calibration.slope * margins + calibration.intercept
    slope, intercept = fit_odds(margins, target)
    middle = float(np.median(margins[target == 1]))
    at = calibration.slope * middle + calibration.intercept - (slope * middle + intercept)
    wide = float(np.mean(stated - (slope * margins + intercept)))
    off = max((at, wide), key=abs)
    factor = float(np.exp(abs(off)))
    passes = factor <= rules.odds
    way = "" if off >= 0 else "1/"
    return Check(
        name=ODDS,
        verdict=choose_verdict(passes),
        found=f"{way}{factor:.2f} times the odds",
        expected=_expect_odds(rules),
        reason="The scores are the probabilities that rows outside of the fitting show."
        if passes
        else f"The scores say {way}{factor:.2f} times the odds that rows outside of the fitting show: the calibration "
        "is not the one that these rows give.",
    )


def check_threshold(judgement: Judgement, costs: Costs, rules: DecisionRules) -> Check:
    """Its cost on rows outside of the fitting against that of the cheapest threshold there."""
    best = cheapest_threshold(judgement.target, judgement.scores, costs)
    cheapest = expected_cost(Judgement(judgement.target, judgement.scores, best, costs))
    cost = expected_cost(Judgement(judgement.target, judgement.scores, judgement.threshold, costs))
    dearer = cost / cheapest - 1 if cheapest else float(cost > 0)
    passes = dearer <= rules.dearer
    threshold = "none" if judgement.threshold is None else f"{judgement.threshold:.3g}"
    return Check(
        name=THRESHOLD,
        verdict=choose_verdict(passes),
        found=f"{dearer:+.0%} at {threshold}",
        expected=_expect_cost(rules),
        reason=f"At the threshold {threshold} a row costs {cost:.3g}, at the cheapest ({best:.3g}) {cheapest:.3g}"
        + ("." if passes else f": {dearer:.0%} dearer than it need be on the {len(judgement.target):,} rows to fit."),
    )
