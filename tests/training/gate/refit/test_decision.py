"""Odds and threshold against rows that were not fitted: right ones pass, each fault by its factor or its cost."""

import numpy as np
import pytest

from contract.compute.scoring import calibrate_margins
from contract.dataset import Costs
from contract.schema import Calibration
from training.gate.policy import DecisionRules
from training.gate.refit.decision import check_odds, check_threshold
from training.model.metrics import Judgement
from training.model.thresholds import cheapest_threshold

RULES, COSTS = DecisionRules(), Costs(missed=500, false_alarm=50)
RANDOM = np.random.default_rng(0)
MARGINS = RANDOM.normal(-3, 2, 8000)
TARGET = (RANDOM.random(8000) < 1 / (1 + np.exp(-MARGINS))).astype(float)
RIGHT = Calibration(slope=1.0, intercept=0.0)


def test_right_odds_pass() -> None:
    assert check_odds(RIGHT, MARGINS, TARGET, RULES).verdict == "pass"


@pytest.mark.parametrize(("factor", "words"), [(2.0, "say 2."), (0.5, "say 1/"), (5.0, "say ")])
def test_wrong_odds_fail_with_their_factor(factor: float, words: str) -> None:
    check = check_odds(Calibration(slope=1.0, intercept=float(np.log(factor))), MARGINS, TARGET, RULES)
    assert check.verdict == "fail"
    assert words in check.reason


@pytest.mark.parametrize("slope", [0.4, 2.5, -1.0])
def test_a_wrong_slope_fails(slope: float) -> None:
    assert check_odds(Calibration(slope=slope, intercept=0.0), MARGINS, TARGET, RULES).verdict == "fail"


def judge_threshold(threshold: float | None) -> Judgement:
    return Judgement(TARGET, calibrate_margins(MARGINS, RIGHT, "binary"), threshold)


def test_the_cheapest_threshold_passes_and_one_set_by_hand_fails_by_its_cost() -> None:
    scores = judge_threshold(None).scores
    best = cheapest_threshold(TARGET, scores, COSTS)
    assert check_threshold(judge_threshold(best), COSTS, RULES).found.startswith("+0%")
    for threshold in (0.8, 0.5, 0.005, None):
        check = check_threshold(judge_threshold(threshold), COSTS, RULES)
        assert check.verdict == "fail"
        assert "dearer than it need be" in check.reason
