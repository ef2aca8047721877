import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contract.dataset import Costs
from contract.report import MetricLine, Verdict
from contract.schema import Interval
from tests.examples import examples
from training.gate.comparison import (
    apply_rules,
    best_constant,
    check_floor,
    check_lines,
    check_margin,
    measure_judgements,
    place_interval,
)
from training.gate.policy import MetricRule
from training.model.metrics import BINARY, REGRESSION, Judgement, Vector, measure

COSTS = Costs(missed=500, false_alarm=50)
METRICS = {metric.name: metric for metric in (*BINARY, *REGRESSION)}


def make_judgement(noise: float, seed: int = 0, rows: int = 600) -> Judgement:
    random = np.random.default_rng(seed)
    target = (np.arange(rows) % 10 == 0).astype(float)
    return Judgement(target, np.clip(0.2 + 0.5 * target + random.normal(0, noise, rows), 0, 1), 0.45, COSTS)


def make_line(difference: Interval | None, value: Interval | None = None, higher: bool = True) -> MetricLine:
    values = {} if value is None else {"candidate": value}
    return MetricLine(name="pr_auc", label="PR-AUC", higher_is_better=higher, values=values, difference=difference)


def interval(low: float, mean: float, high: float) -> Interval:
    return Interval(mean=mean, low=low, high=high)


@pytest.mark.parametrize(
    ("difference", "verdict"),
    [
        (interval(-0.02, 0.0, 0.02), "pass"),
        (interval(-0.03, 0.0, 0.02), "pass"),
        (interval(-0.05, -0.01, 0.02), "not_enough_evidence"),
        (interval(-0.08, -0.04, 0.0), "not_enough_evidence"),
        (interval(-0.08, -0.06, -0.04), "fail"),
        (interval(0.01, 0.02, 0.03), "pass"),
    ],
)
def test_margin_is_held_against_the_whole_interval(difference: Interval, verdict: Verdict) -> None:
    assert check_margin(make_line(difference), 0.03).verdict == verdict


@pytest.mark.parametrize(
    ("value", "higher", "verdict"),
    [
        (interval(0.71, 0.8, 0.9), True, "pass"),
        (interval(0.6, 0.8, 0.9), True, "not_enough_evidence"),
        (interval(0.1, 0.2, 0.3), True, "fail"),
        (interval(0.1, 0.2, 0.3), False, "pass"),
        (interval(0.6, 0.8, 0.9), False, "not_enough_evidence"),
        (interval(0.71, 0.8, 0.9), False, "fail"),
    ],
)
def test_floor_is_on_the_bad_side_of_its_metric(value: Interval, higher: bool, verdict: Verdict) -> None:
    assert check_floor(make_line(None, value, higher), 0.7).verdict == verdict


def test_what_could_not_be_measured_fails() -> None:
    assert check_margin(make_line(None), 0.03).verdict == "fail"
    assert check_floor(make_line(None), 0.7).verdict == "fail"


@given(st.floats(-1, 1), st.floats(0, 1), st.floats(0, 1))
def test_a_bound_that_is_not_a_number_never_passes(mean: float, down: float, up: float) -> None:
    assert place_interval(interval(mean - down, mean, mean + up), math.nan) != "pass"


def test_a_model_against_itself_differs_by_nothing() -> None:
    judgement = make_judgement(0.2)
    for line in measure_judgements({"candidate": judgement, "champion": judgement}, BINARY, "binary", 50, 1):
        assert line.difference == interval(0.0, 0.0, 0.0)


def test_difference_is_positive_where_the_candidate_is_better_whatever_the_metric() -> None:
    judgements = {"candidate": make_judgement(0.05), "champion": make_judgement(0.3)}
    for line in measure_judgements(judgements, BINARY, "binary", 100, 1):
        assert line.difference is not None
        if line.name != "calibration_error":
            assert line.difference.low > 0, line.name


def test_values_are_those_of_the_metrics_themselves() -> None:
    judgement = make_judgement(0.2)
    lines = measure_judgements({"candidate": judgement}, BINARY, "binary", 50, 1)
    assert {line.name: line.values["candidate"].mean for line in lines} == measure(judgement, "binary")
    assert all(line.difference is None for line in lines)


def test_pairing_makes_the_difference_sharper_than_the_values() -> None:
    champion = make_judgement(0.2)
    nearly = Judgement(champion.target, np.clip(champion.scores + 0.001, 0, 1), 0.45, COSTS)
    (line,) = measure_judgements({"candidate": nearly, "champion": champion}, [METRICS["pr_auc"]], "binary", 100, 1)
    assert line.difference is not None
    value = line.values["candidate"]
    assert line.difference.high - line.difference.low < 0.1 * (value.high - value.low)


def test_metric_that_is_not_a_number_is_left_out_and_its_checks_fail() -> None:
    judgement = Judgement(make_judgement(0.2).target, make_judgement(0.2).scores, 0.45, costs=None)
    cost = METRICS["expected_cost"]
    lines = measure_judgements({"candidate": judgement, "champion": judgement}, [cost], "binary", 50, 1)
    rules = [MetricRule(name="expected_cost", margin=0.1, floor=0.9, relative=True)]
    checks = list(check_lines(apply_rules(lines, rules, judgement, "binary"), has_champion=True))
    assert lines[0].values == {}
    assert [check.verdict for check in checks] == ["fail", "fail"]


def test_relative_bounds_are_shares_of_the_best_constant_answer() -> None:
    judgement = make_judgement(0.2)
    lines = measure_judgements({"candidate": judgement}, [METRICS["expected_cost"]], "binary", 50, 1)
    rules = [MetricRule(name="expected_cost", margin=0.1, floor=0.5, relative=True)]
    (line,) = apply_rules(lines, rules, judgement, "binary")
    assert line.margin == pytest.approx(4.5)  # always an alarm costs 45 a row
    assert line.floor == pytest.approx(22.5)


def test_best_constant_is_what_no_model_at_all_reaches() -> None:
    judgement = make_judgement(0.2)
    assert best_constant(judgement, METRICS["pr_auc"]) == pytest.approx(0.1)
    assert best_constant(judgement, METRICS["roc_auc"]) == pytest.approx(0.5)
    assert best_constant(judgement, METRICS["brier"]) == pytest.approx(0.09)
    assert best_constant(judgement, METRICS["expected_cost"]) == pytest.approx(45.0)


@settings(max_examples=examples(25))
@given(st.lists(st.floats(-1e3, 1e3), min_size=5, max_size=40).filter(lambda values: np.ptp(values) > 1e-3))
def test_best_constant_of_a_regression_is_mean_or_median(values: list[float]) -> None:
    target: Vector = np.array(values)
    judgement = Judgement(target, target)
    assert best_constant(judgement, METRICS["rmse"]) <= float(target.std()) * (1 + 1e-9) + 1e-9
    assert best_constant(judgement, METRICS["mae"]) <= float(np.abs(target - np.median(target)).mean()) + 1e-9
    assert best_constant(judgement, METRICS["r2"]) == pytest.approx(0.0, abs=1e-6)


def test_without_a_champion_only_floors_are_checked() -> None:
    judgement = make_judgement(0.2)
    lines = measure_judgements({"candidate": judgement}, BINARY, "binary", 50, 1)
    rules = [MetricRule(name="pr_auc", margin=0.1, floor=0.5), MetricRule(name="recall", margin=0.1)]
    checks = list(check_lines(apply_rules(lines, rules, judgement, "binary"), has_champion=False))
    assert [check.name for check in checks] == ["floor/pr_auc"]
