from pathlib import Path

import pytest

from cli.errors import InputError
from cli.yaml_file import read_yaml
from training.gate.policy import POLICY, load_policy
from training.model.metrics import BINARY, REGRESSION

PLANTED = Path(__file__).parents[2] / "data"


def test_policy_that_ships_names_real_metrics_of_both_tasks() -> None:
    policy = load_policy()
    assert {rule.name for rule in policy.binary.metrics} <= {metric.name for metric in BINARY}
    assert {rule.name for rule in policy.regression.metrics} <= {metric.name for metric in REGRESSION}


def test_every_number_of_the_policy_says_why() -> None:
    lines = POLICY.read_text(encoding="utf-8").splitlines()
    bare = [line for line in lines if any(sign.isdigit() for sign in line.partition("#")[0]) and "#" not in line]
    assert [line for line in bare if not line.strip().endswith(("ai4i:", "metrics:"))] == []


def test_dataset_floor_replaces_the_floor_of_its_task_and_no_other() -> None:
    policy = load_policy()
    own = {rule.name: rule.floor for rule in policy.choose_rules("binary", "ai4i").metrics}
    usual = {rule.name: rule.floor for rule in policy.choose_rules("binary", "another").metrics}
    assert own["pr_auc"] == policy.floors["ai4i"].metrics["pr_auc"]
    assert usual["pr_auc"] is None
    assert usual == {rule.name: rule.floor for rule in policy.binary.metrics}


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("gate-unknown-metric.yaml", "binary names the metric 'accuracy'"),
        ("gate-negative-margin.yaml", "the margin of pr_auc is -0.03"),
        ("gate-no-margin.yaml", "binary.metrics compares nothing with the champion"),
        ("gate-few-resamples.yaml", "resamples is 10, expected at least 100"),
        ("gate-unknown-floor.yaml", "floors.ai4i names 'gini'"),
        ("gate-unknown-field.yaml", "unknown field `lenient`"),
        ("gate-share-above-one.yaml", "must be above 0 and at most 1"),
        ("gate-missing.yaml", "cannot be read"),
    ],
)
def test_bad_policy_is_refused_with_its_place(name: str, problem: str) -> None:
    with pytest.raises(InputError, match=problem.replace("`", ".").replace(".", r".")) as caught:
        load_policy(PLANTED / name)
    assert name in str(caught.value)


def test_planted_policies_differ_from_a_good_one_only_in_their_fault() -> None:
    good = read_yaml(PLANTED / "gate-good.yaml")
    load_policy(PLANTED / "gate-good.yaml")
    for path in PLANTED.glob("gate-*.yaml"):
        found = read_yaml(path)
        assert sum(found.get(key) != good.get(key) for key in found.keys() | good.keys()) <= 1, path.name
