"""Evaluations and searches as runs below runs: each estimator and trial once, however often they are logged."""

from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import optuna
import pytest

from contract.schema import Interval
from training.data.table import Table
from training.evaluation.evaluate import Evaluation
from training.lineage.provenance import describe_inputs, name_version
from training.model.tune import open_study, search_params
from training.params import Params
from training.tracking.evaluation import describe_evaluation
from training.tracking.nested import ParentRun
from training.tracking.runs import PARENT_TAG
from training.tracking.search import describe_search
from training.tracking.tracker import Tracker


@pytest.fixture
def evaluation(table: Table, small_params: Params) -> Evaluation:
    estimators = {name: {"pr_auc": Interval(mean=0.9, low=0.8, high=0.95)} for name in ("model", "rule")}
    return Evaluation(
        schema_version=1,
        data=table.describe(),
        inputs=describe_inputs(table, small_params),
        revision="a" * 40,
        protocol="2 x 2-fold",
        estimators=estimators,
        folds={name: [{"pr_auc": 0.88}, {"pr_auc": 0.92}] for name in estimators},
        holdouts={"time": estimators},
    )


@pytest.fixture
def evaluated(evaluation: Evaluation, small_params: Params) -> ParentRun:
    return describe_evaluation(evaluation, small_params, 1_000, 61_000)


@pytest.fixture(scope="module")
def searched(table: Table, small_params: Params, tmp_path_factory: pytest.TempPathFactory) -> optuna.Study:
    small, params = table.take(np.arange(700)), quicken(small_params)
    study = open_study(small, params, tmp_path_factory.mktemp("study") / "tune.db")
    search_params(study, small, params, 2, lambda _: None)
    return study


def quicken(params: Params) -> Params:
    evaluation = msgspec.structs.replace(params.evaluation, folds=2)
    return msgspec.structs.replace(params, model={**params.model, "tree_method": "hist"}, evaluation=evaluation)


def test_an_estimator_has_its_folds_as_steps_and_its_holdouts(
    evaluated: ParentRun, table: Table, small_params: Params
) -> None:
    assert evaluated.version == name_version(describe_inputs(table, small_params))
    model = evaluated.children[0]
    assert model.name == "model"
    assert model.steps == {"fold_pr_auc": (0.88, 0.92)}
    assert model.metrics["pr_auc_low"] == model.metrics["time_holdout_pr_auc_low"] == 0.8
    assert evaluated.metrics == model.metrics
    assert evaluated.params["protocol"] == "2 x 2-fold"


def test_a_trial_has_its_parameters_times_and_score(searched: optuna.Study, table: Table, small_params: Params) -> None:
    parent = describe_search(searched, table, quicken(small_params))
    assert [child.name for child in parent.children] == ["trial 0", "trial 1"]
    first = parent.children[0]
    assert first.params == searched.trials[0].params
    assert first.metrics == {"pr_auc": searched.trials[0].value}
    assert len(first.steps["mean_pr_auc"]) == 2
    assert parent.started_ms == first.started_ms <= first.ended_ms <= parent.ended_ms
    assert parent.metrics == {"best_pr_auc": searched.best_value, "trials": 2.0}


def test_a_trial_that_fell_behind_or_broke_says_so(searched: optuna.Study, table: Table, small_params: Params) -> None:
    study = optuna.create_study()
    study.add_trials(
        [
            optuna.trial.create_trial(state=optuna.trial.TrialState.PRUNED, intermediate_values={0: 0.5}),
            optuna.trial.create_trial(state=optuna.trial.TrialState.FAIL),
            optuna.trial.create_trial(state=optuna.trial.TrialState.RUNNING),
        ]
    )
    parent = describe_search(study, table, small_params)
    assert [child.status for child in parent.children] == ["KILLED", "FAILED"]
    assert parent.metrics == {"trials": 2.0}


def list_children(client: Any, parent: str) -> list[Any]:
    experiment = client.get_experiment_by_name("ai4i").experiment_id
    return list(client.search_runs([experiment], f"tags.`{PARENT_TAG}` = '{parent}'"))


@pytest.mark.slow
def test_they_are_logged_once_with_real_times_and_a_search_that_goes_on_adds_its_trials(
    evaluated: ParentRun, searched: optuna.Study, table: Table, small_params: Params, tmp_path: Path
) -> None:
    tracker = Tracker(f"sqlite:///{tmp_path}/mlflow.db", tmp_path)
    kept = tmp_path / "evaluation.json"
    kept.write_text("{}")
    run_id = tracker.log_nested("ai4i", evaluated, kept)
    assert tracker.log_nested("ai4i", evaluated, kept) == run_id
    run = tracker.client.get_run(run_id)
    assert (run.info.start_time, run.info.end_time, run.info.status) == (1_000, 61_000, "FINISHED")
    children = list_children(tracker.client, run_id)
    assert {child.data.tags["mlflow.runName"] for child in children} == {"model", "rule"}
    folds = tracker.client.get_metric_history(children[0].info.run_id, "fold_pr_auc")
    assert sorted((fold.step, fold.value) for fold in folds) == [(0, 0.88), (1, 0.92)]
    assert [entry.path for entry in tracker.client.list_artifacts(run_id)] == ["evaluation.json"]

    whole = describe_search(searched, table, quicken(small_params))
    half = msgspec.structs.replace(whole, children=whole.children[:1])
    search = tracker.log_nested("ai4i", half, kept)
    assert tracker.log_nested("ai4i", whole, kept) == search
    trials = list_children(tracker.client, search)
    assert {trial.data.tags["mlflow.runName"] for trial in trials} == {"trial 0", "trial 1"}
    assert all(trial.data.metrics["pr_auc"] > 0 for trial in trials)
