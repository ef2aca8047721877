"""The steps in their order, each usable on its own; the command line and `up` only narrate them."""

import msgspec

from cli.errors import InputError
from cli.files import recover_folder, write_folder
from contract.bundle import MANIFEST_NAME, Bundle, read_bundle, read_manifest
from contract.errors import BundleError
from training.artifacts import Artifacts
from training.data.fingerprint import fingerprint_frame
from training.data.splits import group_holdout
from training.data.table import Table
from training.lineage.provenance import describe_inputs, describe_revision
from training.model.intervals import measure_intervals
from training.model.rounds import measure_rounds
from training.model.train import TrainedModel, train_model
from training.packaging.package import package_model
from training.params import Params
from training.tracking.record import (
    RunRecord,
    describe_bundle,
    describe_table,
    flatten_params,
    name_user,
    read_clock,
    write_record,
)

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
    started_ms = read_clock()
    split = group_holdout(table, params.evaluation.holdout_share)
    fitted, unseen = table.take(split.train), table.take(split.test)
    model = train_model(fitted, params)
    metrics = measure_intervals(model.judge(unseen), table.dataset.task, HOLDOUT_RESAMPLES, params.seed)
    bundle = package_model(artifacts.candidate, model, fitted, params, metrics, held_out=unseen)
    record = describe_run(bundle, model, fitted, unseen, params)
    times = {"started_ms": started_ms, "ended_ms": read_clock()}
    write_record(msgspec.structs.replace(record, **times), artifacts.candidate)
    return bundle


def describe_run(bundle: Bundle, model: TrainedModel, fitted: Table, unseen: Table, params: Params) -> RunRecord:
    """All that is known of a training but when it was."""
    rows = len(fitted) + len(unseen)
    return RunRecord(
        digest=bundle.digest,
        name=bundle.manifest.name,
        version=bundle.manifest.version,
        revision=describe_revision(),
        params=flatten_params(params) | describe_bundle(bundle),
        metrics=bundle.manifest.metrics,
        folds=model.folds,
        tags={"data.sha256": fitted.sha256, "data.origin": fitted.origin, "data.rows": str(rows)},
        user=name_user(),
        inputs=(
            describe_table(fitted, "training", fingerprint_frame(fitted.frame, fitted.dataset)),
            describe_table(unseen, "holdout", fingerprint_frame(unseen.frame, unseen.dataset)),
        ),
        rounds=measure_rounds(model, fitted, unseen),
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
