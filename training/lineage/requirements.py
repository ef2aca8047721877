"""What the dataset file and the parameters ask of a model, kept so that a later file cannot quietly ask for less."""

import msgspec

from contract.bundle import digest_bytes
from contract.dataset import Dataset
from contract.schema import Requirements
from training.params import Params

DIGITS = 12  # of a sentence's digest


def describe_requirements(dataset: Dataset, params: Params) -> Requirements:
    """Of one training, as its bundle carries it."""
    costs = dataset.costs
    return Requirements(
        identifiers=dataset.identifiers,
        slices=dataset.slices,
        costs={} if costs is None else {"missed": costs.missed, "false_alarm": costs.false_alarm},
        split=_describe_split(dataset, params),
        behaviour={
            **{case.name: _digest(case) for case in dataset.behaviour.directions},
            **{case.name: _digest(case) for case in dataset.behaviour.minimum_function},
        },
        bounds=_describe_bounds(dataset),
    )


def _describe_split(dataset: Dataset, params: Params) -> dict[str, str]:
    group = dataset.group
    described = {
        "key": dataset.key,
        "order": dataset.time and dataset.time.column,
        "group": group and (f"by {group.by}" if group.by else f"until {group.falls} falls"),
        "share": f"{params.evaluation.holdout_share:g}",
    }
    return {name: value for name, value in described.items() if value}


def _describe_bounds(dataset: Dataset) -> dict[str, float]:
    bounds = {f"ceiling of {name}": value for name, value in dataset.ceiling.items()}
    if dataset.prevalence is not None:
        bounds |= {
            "least prevalence": dataset.prevalence.minimum,
            "greatest prevalence": dataset.prevalence.maximum,
        }
    if dataset.decide_above is not None:
        bounds["decide above"] = dataset.decide_above
    return bounds


def _digest(case: msgspec.Struct) -> str:
    return digest_bytes(msgspec.json.encode(case, order="deterministic"))[:DIGITS]
