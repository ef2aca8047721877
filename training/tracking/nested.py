"""Evaluations and searches in MLflow: a run for the whole, and one below it for each estimator or trial."""

from typing import Any

from contract.schema import Struct
from training.tracking.record import Flat
from training.tracking.runs import PARENT_TAG, VERSION_TAG, describe_source, find_run, log_metrics

KEY_TAG = "lathe.key"  # what a run stands for, so that it is not logged twice
MOST_CHILDREN = 50_000  # MLflow's own limit


class ChildRun(Struct, frozen=True):
    """A contender or a trial: `steps` are values by the number of the fold."""

    key: str
    name: str
    params: Flat
    metrics: dict[str, float]
    steps: dict[str, tuple[float, ...]]
    started_ms: int
    ended_ms: int
    status: str = "FINISHED"  # or KILLED, FAILED


class ParentRun(Struct, frozen=True):
    """`version` is that of the model that the same inputs make, where there is one."""

    key: str
    name: str
    verb: str
    user: str
    revision: str
    params: Flat
    tags: dict[str, str]
    children: tuple[ChildRun, ...]
    metrics: dict[str, float]
    started_ms: int
    ended_ms: int
    version: str | None = None


def log_nested(client: Any, experiment: str, parent: ParentRun) -> str:
    """Logs what is not there yet; the id of the run above."""
    run_id = find_run(client, experiment, KEY_TAG, parent.key) or _create_parent(client, experiment, parent)
    known = _list_keys(client, experiment, run_id)
    for child in parent.children:
        if child.key not in known:
            _log_child(client, experiment, run_id, child, parent)
    _log_values(client, run_id, parent.metrics, {}, parent.params, parent.ended_ms)
    client.set_terminated(run_id, end_time=parent.ended_ms)
    return run_id


def _create_parent(client: Any, experiment: str, parent: ParentRun) -> str:
    training = find_run(client, experiment, VERSION_TAG, parent.version) if parent.version else None
    tags = {
        **describe_source(parent.revision, parent.verb),
        **parent.tags,
        KEY_TAG: parent.key,
        "mlflow.user": parent.user,
    }
    tags |= {PARENT_TAG: training} if training else {}
    run = client.create_run(experiment, start_time=parent.started_ms, tags=tags, run_name=parent.name)
    return str(run.info.run_id)


def _list_keys(client: Any, experiment: str, parent: str) -> set[str]:
    """The keys of the runs below `parent` that were logged whole."""
    runs = client.search_runs([experiment], f"tags.`{PARENT_TAG}` = '{parent}'", max_results=MOST_CHILDREN)
    return {run.data.tags.get(KEY_TAG, "") for run in runs if run.info.status != "RUNNING"}


def _log_child(client: Any, experiment: str, above: str, child: ChildRun, parent: ParentRun) -> None:
    tags = {PARENT_TAG: above, KEY_TAG: child.key, "mlflow.user": parent.user}
    tags |= describe_source(parent.revision, parent.verb)
    run = client.create_run(experiment, start_time=child.started_ms, tags=tags, run_name=child.name)
    _log_values(client, run.info.run_id, child.metrics, child.steps, child.params, child.ended_ms)
    client.set_terminated(run.info.run_id, status=child.status, end_time=child.ended_ms)


def _log_values(
    client: Any,
    run_id: str,
    metrics: dict[str, float],
    steps: dict[str, tuple[float, ...]],
    params: Flat,
    when: int,
) -> None:
    from mlflow.entities import Metric, Param

    values = [Metric(name, value, when, 0) for name, value in metrics.items()]
    values += [Metric(name, value, when, step) for name, row in steps.items() for step, value in enumerate(row)]
    log_metrics(client, run_id, values)
    client.log_batch(run_id, params=[Param(name, str(value)) for name, value in params.items()])
