"""A search for parameters as runs: the study above, each trial with what it scored after each fold below."""

from datetime import datetime

import optuna
from optuna.trial import TrialState

from training.data.table import Table
from training.lineage.provenance import describe_revision
from training.params import Params
from training.tracking.nested import ChildRun, ParentRun
from training.tracking.record import name_user

STATUS = {TrialState.COMPLETE: "FINISHED", TrialState.PRUNED: "KILLED", TrialState.FAIL: "FAILED"}


def describe_search(study: optuna.Study, table: Table, params: Params) -> ParentRun:
    """Every trial that has ended; a study that goes on adds its new ones to the same run."""
    metric = "pr_auc" if table.dataset.task == "binary" else "rmse"
    children = tuple(describe_trial(trial, metric) for trial in study.trials if trial.state in STATUS)
    best = {f"best_{metric}": study.best_value} if any(child.status == "FINISHED" for child in children) else {}
    return ParentRun(
        key=f"tune {study.study_name}",
        name=f"tune {study.study_name}",
        verb="tune",
        user=name_user(),
        revision=describe_revision(),
        params={"dataset": table.dataset.name, "data.sha256": table.sha256, "folds": params.evaluation.folds},
        tags={"lathe.kind": "search", "data.origin": table.origin},
        children=children,
        metrics={**best, "trials": float(len(children))},
        started_ms=min((child.started_ms for child in children), default=0),
        ended_ms=max((child.ended_ms for child in children), default=0),
    )


def describe_trial(trial: optuna.trial.FrozenTrial, metric: str) -> ChildRun:
    steps = tuple(value for _, value in sorted(trial.intermediate_values.items()))
    return ChildRun(
        key=f"trial {trial.number}",
        name=f"trial {trial.number}",
        params=dict(trial.params),
        metrics={} if trial.value is None else {metric: trial.value},
        steps={f"mean_{metric}": steps} if steps else {},
        started_ms=_milliseconds(trial.datetime_start),
        ended_ms=_milliseconds(trial.datetime_complete),
        status=STATUS[trial.state],
    )


def _milliseconds(when: datetime | None) -> int:
    return 0 if when is None else int(when.timestamp() * 1000)
