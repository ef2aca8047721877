"""What a model must beat: the physical rule on the published file, a linear model, the mean."""

from pathlib import Path

import numpy as np
import pytest
from sklearn import metrics as sk

from contract.dataset import Condition, Conjunction, Dataset, Rule
from training.data.load import load_table
from training.data.splits import Split, group_holdout
from training.data.table import Table
from training.evaluation.baselines import RULE_HOLDS, list_estimators, rank_by_rule
from training.model.metrics import Judgement, measure, pr_auc, rmse
from training.params import Params


@pytest.fixture
def sides(table: Table) -> tuple[Table, Table]:
    split: Split = group_holdout(table)
    return table.take(split.train), table.take(split.test)


def test_the_rule_is_on_the_published_file_what_is_known_of_it(ai4i: Dataset, published: Path, tmp_path: Path) -> None:
    table = load_table(ai4i, str(published), tmp_path / "rejected.csv")
    assert ai4i.rule is not None
    found = measure(Judgement(table.target, rank_by_rule(ai4i.rule, table), RULE_HOLDS, ai4i.costs), "binary")
    assert found["precision"] == pytest.approx(1.0, abs=0.002)
    assert found["recall"] == pytest.approx(0.847, abs=0.002)
    assert found["f1"] == pytest.approx(0.917, abs=0.002)
    # 0.888 is often quoted: that is a tie-break that only asks whether the wear has reached 200 min, not how far
    assert found["pr_auc"] == pytest.approx(0.929, abs=0.002)
    holds = rank_by_rule(ai4i.rule, table) >= RULE_HOLDS
    worn = table.values[ai4i.rule.tie_break] >= 200
    ranked = (2.0 * holds + worn).astype(np.float64)
    assert pr_auc(Judgement(table.target, ranked)) == pytest.approx(0.888, abs=0.002)


def rule_of(*conditions: Condition) -> Rule:
    return Rule(any=(Conjunction(all=conditions),), tie_break="tool_wear_min")


def test_a_rule_holds_where_all_of_one_conjunction_hold(table: Table) -> None:
    slow, strained = Condition(feature="rotational_speed_rpm", below=1400), Condition(feature="power_w", above=6000)
    either = Rule(any=(Conjunction(all=(slow,)), Conjunction(all=(strained,))), tie_break="tool_wear_min")
    is_slow, is_strained = table.values["rotational_speed_rpm"] < 1400, table.values["power_w"] > 6000
    assert ((rank_by_rule(rule_of(slow, strained), table) >= RULE_HOLDS) == (is_slow & is_strained)).all()
    assert ((rank_by_rule(either, table) >= RULE_HOLDS) == (is_slow | is_strained)).all()
    assert 0 < (is_slow & is_strained).sum() < (is_slow | is_strained).sum() < len(table)


def test_a_bound_is_strict_on_both_sides(table: Table) -> None:
    value = float(table.values["rotational_speed_rpm"][0])
    at = table.values["rotational_speed_rpm"] == value
    for condition in (
        Condition(feature="rotational_speed_rpm", below=value),
        Condition(feature="rotational_speed_rpm", above=value),
        Condition(feature="rotational_speed_rpm", above=value, below=value),
    ):
        assert not (rank_by_rule(rule_of(condition), table)[at] >= RULE_HOLDS).any()


def test_a_condition_may_be_on_a_difference(table: Table) -> None:
    cool = Condition(feature="process_temperature_k", minus="air_temperature_k", below=9.0)
    difference = table.values["process_temperature_k"] - table.values["air_temperature_k"]
    assert ((rank_by_rule(rule_of(cool), table) >= RULE_HOLDS) == (difference < 9.0)).all()


def test_the_tie_break_ranks_within_both_halves(ai4i: Dataset, table: Table) -> None:
    assert ai4i.rule is not None
    scores = rank_by_rule(ai4i.rule, table)
    wear = table.values[ai4i.rule.tie_break]
    assert ((scores >= 0) & (scores < 1)).all()
    for half in (scores >= RULE_HOLDS, scores < RULE_HOLDS):
        order = np.argsort(wear[half], kind="stable")
        assert (np.diff(scores[half][order]) >= 0).all()
        assert len(np.unique(scores[half])) > 10


def test_each_task_has_its_baselines(table: Table, other_table: Table) -> None:
    assert list(list_estimators(table)) == ["model", "rule", "logistic_regression"]
    expected = {"churn": ["model", "logistic_regression"], "charges": ["model", "linear_regression", "mean"]}
    assert list(list_estimators(other_table)) == expected[other_table.dataset.name]


def test_every_estimator_scores_both_sides_and_the_model_beats_the_linear_one(
    sides: tuple[Table, Table], small_params: Params
) -> None:
    train, test = sides
    worth = {}
    for name, estimator in list_estimators(train).items():
        seen, unseen = estimator.score(train, test, small_params)
        assert (seen.shape, unseen.shape) == ((len(train),), (len(test),))
        assert ((unseen >= 0) & (unseen <= 1)).all()
        worth[name] = pr_auc(Judgement(test.target, unseen))
    assert worth["model"] > worth["logistic_regression"] > test.target.mean()


def test_the_rule_decides_by_itself_and_the_others_by_the_training_rows(table: Table) -> None:
    estimators = list_estimators(table)
    assert estimators["rule"].threshold == RULE_HOLDS
    assert estimators["model"].threshold is estimators["logistic_regression"].threshold is None


def test_the_linear_models_training_scores_are_out_of_fold(sides: tuple[Table, Table], small_params: Params) -> None:
    train, _ = sides
    few = train.take(
        np.sort(np.concatenate([np.flatnonzero(train.target == 1)[:8], np.flatnonzero(train.target == 0)[:8]]))
    )
    seen, fitted = list_estimators(few)["logistic_regression"].score(few, few, small_params)
    assert sk.log_loss(few.target, seen) > sk.log_loss(few.target, fitted)


def test_a_regressions_baselines_are_beaten_in_their_order(charges_table: Table, small_params: Params) -> None:
    split = group_holdout(charges_table)
    train, test = charges_table.take(split.train), charges_table.take(split.test)
    errors = {
        name: rmse(Judgement(test.target, estimator.score(train, test, small_params)[1]))
        for name, estimator in list_estimators(train).items()
    }
    assert errors["linear_regression"] < errors["mean"]
    assert errors["mean"] == pytest.approx(np.sqrt(np.mean((test.target - train.target.mean()) ** 2)))
