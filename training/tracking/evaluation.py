"""An evaluation as runs: the protocol above, each estimator with its folds and holdouts below."""

from contract.bundle import digest_inputs
from training.evaluation.evaluate import Evaluation
from training.lineage.provenance import name_version
from training.params import Params
from training.tracking.nested import ChildRun, ParentRun
from training.tracking.record import flatten_params, name_user
from training.tracking.runs import bound


def describe_evaluation(evaluation: Evaluation, params: Params, started_ms: int, ended_ms: int) -> ParentRun:
    """The same inputs are the same run."""
    version = name_version(evaluation.inputs)
    children = tuple(describe_estimator(evaluation, name, started_ms, ended_ms) for name in evaluation.estimators)
    return ParentRun(
        key=f"evaluate {digest_inputs(evaluation.inputs)}",
        name=f"evaluate {version}",
        verb="evaluate",
        user=name_user(),
        revision=evaluation.revision,
        params={
            "dataset": evaluation.data.dataset,
            "data.sha256": evaluation.data.sha256,
            "data.rows": evaluation.data.rows,
            "protocol": evaluation.protocol,
            **flatten_params(params),
        },
        tags={"lathe.kind": "evaluation", "data.origin": evaluation.data.origin},
        children=children,
        metrics=next((child.metrics for child in children if child.name == "model"), {}),
        started_ms=started_ms,
        ended_ms=ended_ms,
        version=version,
    )


def describe_estimator(evaluation: Evaluation, name: str, started_ms: int, ended_ms: int) -> ChildRun:
    metrics = dict(bound(evaluation.estimators[name]))
    for kind, holdout in evaluation.holdouts.items():
        if name in holdout:
            metrics |= dict(bound(holdout[name], f"{kind}_holdout_"))
    folds = evaluation.folds[name]
    steps = {f"fold_{metric}": tuple(fold[metric] for fold in folds) for metric in (folds[0] if folds else {})}
    return ChildRun(
        key=f"estimator {name}",
        name=name,
        params={"estimator": name},
        metrics=metrics,
        steps=steps,
        started_ms=started_ms,
        ended_ms=ended_ms,
    )
