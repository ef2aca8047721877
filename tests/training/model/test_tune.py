"""The search for parameters: kept on disk, taken up again, pruned."""

import os
import signal
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import optuna
import pytest
from optuna.trial import TrialState

from cli.errors import InputError
from training.data.table import Table
from training.model.tune import STARTUP_TRIALS, find_today, open_study, propose_params, search_params, write_best_params
from training.params import Params, load_params


@pytest.fixture(scope="module")
def small(table: Table) -> Table:
    return table.take(np.arange(700))


@pytest.fixture(scope="module")
def quick(small_params: Params) -> Params:
    evaluation = msgspec.structs.replace(small_params.evaluation, folds=2)
    model = {**small_params.model, "tree_method": "hist"}
    return msgspec.structs.replace(small_params, model=model, rounds=100, evaluation=evaluation)


def search(table: Table, params: Params, storage: Path, trials: int) -> optuna.Study:
    study = open_study(table, params, storage)
    search_params(study, table, params, trials, lambda _: None)
    return study


@pytest.mark.slow
def test_a_second_call_goes_on_where_the_first_ended(small: Table, quick: Params, tmp_path: Path) -> None:
    told: list[int] = []
    study = open_study(small, quick, tmp_path / "deep" / "tune.db")
    search_params(study, small, quick, 2, lambda study: told.append(len(study.trials)))
    first = [trial.params for trial in study.trials]
    again = search(small, quick, tmp_path / "deep" / "tune.db", 2)
    assert told == [1, 2]
    assert [trial.params for trial in again.trials][:2] == first
    assert len({str(trial.params) for trial in again.trials}) == 4  # nothing is tried twice
    assert find_today(again, quick) == again.trials[0]


@pytest.mark.slow
def test_todays_parameters_are_the_first_to_beat_and_the_first_again_when_they_change(
    small: Table, quick: Params, tmp_path: Path
) -> None:
    study = search(small, quick, tmp_path / "tune.db", 1)
    assert study.trials[0].params == {name: quick.model.get(name, quick.rounds) for name in study.trials[0].params}
    changed = msgspec.structs.replace(quick, model={**quick.model, "max_depth": 2})
    assert find_today(study, changed) is None
    again = search(small, changed, tmp_path / "tune.db", 1)
    assert find_today(again, changed) == again.trials[1]


@pytest.mark.slow
def test_what_is_kept_is_for_the_same_data_only(small: Table, quick: Params, tmp_path: Path) -> None:
    search(small, quick, tmp_path / "tune.db", 1)
    other = Table(small.dataset, small.frame, small.origin, "0" * 64)
    assert open_study(other, quick, tmp_path / "tune.db").trials == []


@pytest.mark.slow
def test_a_trial_that_falls_behind_is_pruned(small: Table, quick: Params, tmp_path: Path) -> None:
    folds = msgspec.structs.replace(quick, evaluation=msgspec.structs.replace(quick.evaluation, folds=3))
    study = open_study(small, folds, tmp_path / "tune.db")
    for number in range(STARTUP_TRIALS):
        trial = study.ask()
        for step in range(3):
            trial.report(2.0 + number, step)  # better than any PR-AUC
        study.tell(trial, 2.0)
    search_params(study, small, folds, 1, lambda _: None)
    assert study.trials[-1].state == TrialState.PRUNED
    assert len(study.trials[-1].intermediate_values) < 3


@pytest.mark.slow
def test_a_regression_seeks_the_smallest_error(charges_table: Table, quick: Params, tmp_path: Path) -> None:
    study = search(charges_table.take(np.arange(400)), quick, tmp_path / "tune.db", 2)
    assert study.direction == optuna.study.StudyDirection.MINIMIZE
    assert study.best_value == min(trial.value for trial in study.trials if trial.value is not None)
    assert 1 < study.best_value < 30  # USD


@pytest.mark.slow
def test_the_best_parameters_are_a_file_that_training_reads(small: Table, quick: Params, tmp_path: Path) -> None:
    study = search(small, quick, tmp_path / "tune.db", 2)
    write_best_params(study, quick, tmp_path / "deep" / "tuned.yaml")
    best = load_params(tmp_path / "deep" / "tuned.yaml")
    assert {**best.model, "rounds": best.rounds}.items() >= study.best_params.items()
    assert best.model["tree_method"] == quick.model["tree_method"]
    assert (best.seed, best.evaluation) == (quick.seed, quick.evaluation)


def test_proposals_stay_within_what_xgboost_takes(quick: Params) -> None:
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=1))
    for _ in range(20):
        proposed = propose_params(study.ask(), quick)
        assert proposed.model.keys() == quick.model.keys()
        assert 100 <= proposed.rounds <= 600


@pytest.mark.slow
def test_an_interrupted_search_keeps_its_finished_trials(
    small: Table, quick: Params, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    study = open_study(small, quick, tmp_path / "tune.db")

    def interrupt(study: optuna.Study) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        search_params(study, small, quick, 5, interrupt)
    again = search(small, quick, tmp_path / "tune.db", 1)
    assert [trial.state.name for trial in again.trials] == ["COMPLETE", "COMPLETE"]
    assert capfd.readouterr().err == ""


@pytest.mark.slow
def test_ctrl_c_waits_until_nothing_is_being_written(
    small: Table, quick: Params, tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    before = signal.getsignal(signal.SIGINT)
    study = open_study(small, quick, tmp_path / "tune.db")
    told: list[int] = []
    write = type(study._storage).set_trial_state_values

    def write_interrupted(self: Any, trial: int, state: TrialState, values: Any = None) -> bool:
        if state == TrialState.COMPLETE:
            os.kill(os.getpid(), signal.SIGINT)
        return bool(write(self, trial, state=state, values=values))

    monkeypatch.setattr(type(study._storage), "set_trial_state_values", write_interrupted)
    with pytest.raises(KeyboardInterrupt):
        search_params(study, small, quick, 1, lambda study: told.append(len(study.trials)))
    assert told == [1]  # whole, with all that follows a trial
    assert study.trials[0].state == TrialState.COMPLETE
    assert signal.getsignal(signal.SIGINT) == before
    assert capfd.readouterr().err == ""


@pytest.mark.slow
def test_todays_parameters_are_tried_as_they_are_outside_the_searched_range_too(
    small: Table, quick: Params, tmp_path: Path
) -> None:
    few = msgspec.structs.replace(quick, rounds=3)
    study = search(small, few, tmp_path / "tune.db", 1)
    assert find_today(study, few) == study.trials[0]
    write_best_params(study, few, tmp_path / "tuned.yaml")
    assert load_params(tmp_path / "tuned.yaml").rounds == 3


def test_a_file_that_is_no_search_is_named(small: Table, quick: Params, tmp_path: Path) -> None:
    (tmp_path / "tune.db").write_bytes(b"no database" * 100)
    (tmp_path / "folder").mkdir()
    with pytest.raises(InputError, match=r"tune.db cannot be used: file is not a database; .* move it away"):
        open_study(small, quick, tmp_path / "tune.db")
    with pytest.raises(InputError, match=r"folder cannot be used: unable to open database file"):
        open_study(small, quick, tmp_path / "folder")
