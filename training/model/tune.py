"""A search for better parameters, kept on disk so that it can be stopped and taken up again."""

import io
import signal
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
import numpy as np
import optuna
from optuna.storages import RDBStorage
from ruamel.yaml import YAML
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import NullPool

from cli.errors import InputError
from cli.files import write_file
from training.data.splits import grouped_folds
from training.data.table import Table
from training.lineage.provenance import describe_inputs
from training.model.metrics import Judgement, pr_auc, rmse
from training.model.train import fit_booster
from training.params import Params

Study = optuna.Study
STARTUP_TRIALS = 5


def open_study(table: Table, params: Params, storage: Path) -> Study:
    """The study of this data and dataset in the SQLite file `storage`, with all trials it already has.

    Raises: InputError if the file cannot be used.
    """
    inputs = describe_inputs(table, params)
    optuna.logging.set_verbosity(optuna.logging.ERROR)  # it would print a traceback for a Ctrl-C
    with _file_errors(str(storage)):
        storage.parent.mkdir(parents=True, exist_ok=True)
        study = optuna.create_study(
            # without a pool nothing stays open: Python 3.13 minds a file that nobody closes
            storage=RDBStorage(f"sqlite:///{storage.resolve()}", engine_kwargs={"poolclass": NullPool}),
            study_name=f"{table.dataset.name}-{inputs['data'][:12]}-{inputs['dataset'][:12]}",
            direction="maximize" if table.dataset.task == "binary" else "minimize",
            load_if_exists=True,
            pruner=optuna.pruners.MedianPruner(n_startup_trials=STARTUP_TRIALS, n_warmup_steps=1),
        )
    # a study taken up again must not draw the same trials once more
    study.sampler = optuna.samplers.TPESampler(seed=params.seed + len(study.trials), n_startup_trials=STARTUP_TRIALS)
    return study


@contextmanager
def _file_errors(name: str) -> Iterator[None]:
    try:
        yield
    except (OSError, SQLAlchemyError, optuna.exceptions.StorageInternalError) as error:
        reason = str(error.__cause__ or error).splitlines()[0]
        raise InputError(f"{name} cannot be used: {reason}; make room, or move it away to begin anew") from error


def find_today(study: Study, params: Params) -> optuna.trial.FrozenTrial | None:
    """The finished trial that had the parameters of today."""
    today = {**params.model, "rounds": params.rounds}
    finished = study.get_trials(states=[optuna.trial.TrialState.COMPLETE])
    return next((trial for trial in finished if trial.params.items() <= today.items()), None)


def search_params(study: Study, table: Table, params: Params, trials: int, advance: Callable[[Study], None]) -> None:
    """Runs `trials` more trials; a trial is pruned where its mean over grouped folds falls behind the median.

    The objective is PR-AUC for a binary task and RMSE for regression.

    Raises: InputError if the trials cannot be kept, KeyboardInterrupt on Ctrl-C; those before are kept.
    """
    if find_today(study, params) is None:  # the first to beat
        study.enqueue_trial({**params.model, "rounds": params.rounds})
    with _file_errors("the search's file"), _held_interrupts() as check:
        study.optimize(
            lambda trial: score_params(table, propose_params(trial, params), trial, check),
            n_trials=trials,
            callbacks=[lambda study, _: advance(study)],
        )
        check()


@contextmanager
def _held_interrupts() -> Iterator[Callable[[], None]]:
    """The first Ctrl-C acts where the yielded call is made: while Optuna writes, it would end in a traceback."""
    is_interrupted = False

    def hold(*_: object) -> None:
        nonlocal is_interrupted
        is_interrupted = True
        signal.signal(signal.SIGINT, former)  # a second one acts at once

    def check() -> None:
        if is_interrupted:
            raise KeyboardInterrupt

    former = signal.signal(signal.SIGINT, hold)
    try:
        yield check
    finally:
        signal.signal(signal.SIGINT, former)


def propose_params(trial: optuna.Trial, params: Params) -> Params:
    """`params` with the searched values replaced by what the trial suggests."""
    with warnings.catch_warnings():
        # today's values are tried as they are, wherever the search goes
        warnings.filterwarnings("ignore", r".* out of (the )?range", UserWarning)
        return _suggest_params(trial, params)


def _suggest_params(trial: optuna.Trial, params: Params) -> Params:
    model = {
        **params.model,
        "max_depth": trial.suggest_int("max_depth", 2, 8),
        "eta": trial.suggest_float("eta", 0.01, 0.2, log=True),
        "subsample": trial.suggest_float("subsample", 0.5, 1.0),
        "colsample_bytree": trial.suggest_float("colsample_bytree", 0.4, 1.0),
        "min_child_weight": trial.suggest_float("min_child_weight", 0.5, 10.0, log=True),
        "gamma": trial.suggest_float("gamma", 0.0, 2.0),
        "reg_lambda": trial.suggest_float("reg_lambda", 0.1, 20.0, log=True),
        "reg_alpha": trial.suggest_float("reg_alpha", 0.0, 2.0),
    }
    return msgspec.structs.replace(params, model=model, rounds=trial.suggest_int("rounds", 100, 600, step=50))


def score_params(table: Table, params: Params, trial: optuna.Trial, check: Callable[[], None]) -> float:
    """The mean score over grouped folds; `check` is called before each.

    Raises: optuna.TrialPruned, and what `check` raises.
    """
    scores: list[float] = []
    for step, split in enumerate(grouped_folds(table, params.evaluation.folds, params.seed)):
        check()
        train, test = table.take(split.train), table.take(split.test)
        booster = fit_booster(train.matrix, train.target, table.dataset, params)
        margins = booster.inplace_predict(test.matrix, predict_type="margin").astype(np.float64)
        judgement = Judgement(test.target, margins)
        scores.append(pr_auc(judgement) if table.dataset.task == "binary" else rmse(judgement))
        trial.report(float(np.mean(scores)), step)
        if trial.should_prune():
            raise optuna.TrialPruned
    return float(np.mean(scores))


def write_best_params(study: Study, params: Params, path: Path) -> None:
    """The best trial as a parameter file; whether it replaces training/params.yaml is for a person to say."""
    best = propose_params(optuna.trial.FixedTrial(study.best_params), params)  # type: ignore[arg-type]
    text = io.StringIO()
    YAML().dump(msgspec.to_builtins(best), text)
    write_file(path, text.getvalue().encode())
