"""The steps in their order, each usable on its own; the command line and `up` only narrate them."""

import msgspec

from app.contract.bundle import MANIFEST_NAME, Bundle, read_bundle, read_manifest
from app.contract.errors import BundleError
from app.contract.schema import Interval
from training.artifacts import Artifacts
from training.data.splits import group_holdout
from training.data.table import Table
from training.errors import InputError
from training.files import recover_folder, write_folder
from training.metrics import measure_intervals
from training.package import package_model
from training.params import Params
from training.provenance import describe_inputs, describe_revision
from training.tracking import RunRecord, write_record
from training.train import TrainedModel, train_model

HOLDOUT_RESAMPLES = 500


def is_current(artifacts: Artifacts, table: Table, params: Params) -> bool:
    """Whether the served bundle was made from these very data, parameters, code and libraries."""
    recover_folder(artifacts.bundle)
    try:
        return read_manifest(artifacts.bundle).inputs == describe_inputs(table, params)
    except BundleError:
        return False


def make_candidate(artifacts: Artifacts, table: Table, params: Params) -> Bundle:
    """Trains on all rows outside the grouped holdout, measures on those inside, packages.

    Raises: InputError.
    """
    split = group_holdout(table, params.evaluation.holdout_share)
    fitted, unseen = table.take(split.train), table.take(split.test)
    model = train_model(fitted, params)
    metrics = measure_intervals(model.judge(unseen), table.dataset.task, HOLDOUT_RESAMPLES, params.seed)
    bundle = package_model(artifacts.candidate, model, fitted, params, metrics)
    write_record(describe_run(bundle, model, table, params, metrics), artifacts.candidate)
    return bundle


def describe_run(
    bundle: Bundle, model: TrainedModel, table: Table, params: Params, metrics: dict[str, Interval]
) -> RunRecord:
    flat = {**params.model, "rounds": params.rounds, "seed": params.seed}
    flat |= {f"evaluation.{name}": value for name, value in msgspec.to_builtins(params.evaluation).items()}
    return RunRecord(
        digest=bundle.digest,
        name=bundle.manifest.name,
        version=bundle.manifest.version,
        revision=describe_revision(),
        params=flat,
        metrics=metrics,
        folds=model.folds,
        tags={"data.sha256": table.sha256, "data.origin": table.origin, "data.rows": str(len(table))},
    )


def install_bundle(artifacts: Artifacts, digest: str) -> Bundle:
    """Makes the candidate of that digest the served bundle, in one step.

    Raises: BundleError, InputError if the disk refuses or the candidate is not the one that was judged.
    """
    candidate = read_bundle(artifacts.candidate)
    if candidate.digest != digest:
        raise InputError(
            f"{artifacts.candidate} has bundle {candidate.digest[:12]}, expected {digest[:12]}, which was judged: "
            "something else trains there too; run again"
        )
    files = {**candidate.files, MANIFEST_NAME: (artifacts.candidate / MANIFEST_NAME).read_bytes()}
    write_folder(artifacts.bundle, files, last=MANIFEST_NAME)
    return read_bundle(artifacts.bundle)
