"""A training's run in MLflow: when it was and whose, its data, parameters and numbers. Nothing is logged twice."""

import re
from collections.abc import Iterator, Sequence
from typing import Any

from contract.schema import Interval
from training.tracking.record import RunRecord

DIGEST_TAG = "lathe.bundle_digest"
VERSION_TAG = "lathe.version"
PARENT_TAG = "mlflow.parentRunId"
BATCH = 500  # of numbers in a request; MLflow takes 1,000
_COMMIT = re.compile(r"([0-9a-f]{40})(-dirty)?")


def find_run(client: Any, experiment: str, tag: str, value: str) -> str | None:
    runs = client.search_runs([experiment], f"tags.`{tag}` = '{value}'", max_results=1)
    return runs[0].info.run_id if runs else None


def create_run(client: Any, experiment: str, record: RunRecord) -> str:
    tags = {
        **record.tags,
        **describe_source(record.revision, "train"),
        DIGEST_TAG: record.digest,
        VERSION_TAG: record.version,
        "mlflow.user": record.user,
    }
    name = f"train {record.version}"
    return str(client.create_run(experiment, start_time=record.started_ms, tags=tags, run_name=name).info.run_id)


def describe_source(revision: str, verb: str) -> dict[str, str]:
    """MLflow's own tags for where a run comes from; a commit only where there is one."""
    tags = {"mlflow.source.name": f"python -m training {verb}", "mlflow.source.type": "LOCAL"}
    if commit := _COMMIT.fullmatch(revision):
        tags["mlflow.source.git.commit"] = commit[1]
        tags["lathe.uncommitted_changes"] = str(commit[2] is not None).lower()
    return tags


def log_record(client: Any, run_id: str, model_id: str, record: RunRecord) -> None:
    """Parameters, data and numbers; what was measured on the holdout is the model's too."""
    from mlflow.entities import Metric, Param

    log_inputs(client, run_id, record)
    when = record.ended_ms or 0  # the same each time, so that logging again adds nothing
    holdout = next((one for one in record.inputs if one.context == "holdout"), None)
    rows = {"dataset_name": holdout.name, "dataset_digest": holdout.digest} if holdout else {}
    metrics = [Metric(name, value, when, 0, model_id=model_id, **rows) for name, value in bound(record.metrics)]
    metrics += [
        Metric(f"fold_{name}", value, when, step)
        for step, fold in enumerate(record.folds)
        for name, value in fold.items()
    ]
    metrics += [Metric(name, value, when, step) for name, curve in record.rounds.items() for step, value in curve]
    log_metrics(client, run_id, metrics)
    client.log_batch(run_id, params=[Param(name, str(value)) for name, value in record.params.items()])


def bound(metrics: dict[str, Interval], prefix: str = "") -> Iterator[tuple[str, float]]:
    """Every metric with the ends of its interval."""
    for name, value in metrics.items():
        yield f"{prefix}{name}", value.mean
        yield f"{prefix}{name}_low", value.low
        yield f"{prefix}{name}_high", value.high


def log_metrics(client: Any, run_id: str, metrics: Sequence[Any]) -> None:
    for start in range(0, len(metrics), BATCH):
        client.log_batch(run_id, metrics=metrics[start : start + BATCH])


def log_inputs(client: Any, run_id: str, record: RunRecord) -> None:
    """The rows that were fitted and those that were held out, each by its digest."""
    from mlflow.entities import Dataset, DatasetInput, InputTag

    if not record.inputs:
        return
    inputs = [
        DatasetInput(
            Dataset(one.name, one.digest, one.source_type, one.source, one.schema, one.profile),
            tags=[InputTag("mlflow.data.context", one.context)],
        )
        for one in record.inputs
    ]
    client.log_inputs(run_id, inputs)
