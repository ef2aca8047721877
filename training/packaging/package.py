"""The last step: a trained model becomes a bundle, complete and checked, or nothing at all."""

import contextlib
from collections.abc import Mapping
from pathlib import Path

import msgspec
import numpy as np

from cli.errors import InputError
from cli.files import write_folder
from contract.bundle import (
    INFERENCE_NAME,
    MANIFEST_NAME,
    MAX_BYTES,
    MODEL_NAME,
    NO_DIGEST,
    Bundle,
    digest_files,
    parse_manifest,
    read_bundle,
    seal_manifest,
)
from contract.compute.engine import Engine
from contract.compute.parity import compare_engines
from contract.compute.plan import Matrix
from contract.compute.scoring import ReferenceModel, Scores, check_golden_rows, spread_matrix
from contract.schema import SCHEMA_VERSION, GoldenRow, Interval, Manifest, Value
from contract.soundness import check_manifest
from training.data.table import Table
from training.lineage.provenance import describe_inputs, list_libraries, name_version
from training.lineage.requirements import describe_requirements
from training.lineage.row_digests import write_record
from training.model.train import TrainedModel
from training.packaging.onnx_export import ConversionError, convert_booster
from training.packaging.references import bin_features, bin_scores, slice_rows
from training.packaging.reliability import measure_reliability
from training.params import Params

GOLDEN_ROWS = 32
PARITY_ROWS = 100_000
PARITY_THREADS = 2  # of a batch; what is compared is also compared on one


def package_model(
    folder: Path,
    model: TrainedModel,
    fitted: Table,
    params: Params,
    metrics: Mapping[str, Interval],
    held_out: Table | None = None,
) -> Bundle:
    """Writes the bundle of `model`, fitted on the rows of `fitted`, and reads it back through every check.

    It keeps a digest of each row on either side; without `held_out` none was held out. Drift of the score is measured
    against the scores of those rows.

    The ONNX artifact is left out where one bit of a margin differs from XGBoost's on any of PARITY_ROWS rows.

    Raises: InputError if the disk refuses.
    """
    bundle = _judge_artifact(_build_bundle(model, fitted, params, metrics, held_out), fitted, params)
    sealed = seal_manifest(bundle.manifest)
    check_bundle_size({**bundle.files, MANIFEST_NAME: sealed})
    check_manifest(parse_manifest(sealed))
    check_golden_rows(Bundle(manifest=parse_manifest(sealed), files=bundle.files), model.reference.score_table)
    write_folder(folder, {**bundle.files, MANIFEST_NAME: sealed}, last=MANIFEST_NAME)
    bundle = read_bundle(folder)
    check_golden_rows(bundle, ReferenceModel.from_bundle(bundle).score_table)
    return bundle


def check_bundle_size(files: Mapping[str, bytes]) -> None:
    """Raises: InputError if there is more than a pull request, a release and a pod take."""
    if (total := sum(map(len, files.values()))) > MAX_BYTES:
        raise InputError(
            f"the bundle would have {total:,} bytes, its readers take {MAX_BYTES:,}: train fewer or shallower trees"
        )


def _build_bundle(
    model: TrainedModel, fitted: Table, params: Params, metrics: Mapping[str, Interval], held_out: Table | None
) -> Bundle:
    files = {MODEL_NAME: bytes(model.booster.save_raw("ubj"))}
    with contextlib.suppress(ConversionError):
        files[INFERENCE_NAME] = convert_booster(model.booster)
    manifest = _build_manifest(model, fitted, params, metrics, files, held_out)
    rows = write_record(fitted, fitted.take(np.arange(0)) if held_out is None else held_out)
    return Bundle(manifest=msgspec.structs.replace(manifest, rows=rows), files=files)


def _judge_artifact(bundle: Bundle, fitted: Table, params: Params) -> Bundle:
    """The bundle as it is if its engine, the very one that serves, is exact; else without the artifact."""
    rows = draw_parity_rows(fitted.matrix, params.seed)
    if INFERENCE_NAME not in bundle.files or compare_engines(Engine(bundle, PARITY_THREADS), rows).is_exact:
        return bundle
    files = {name: content for name, content in bundle.files.items() if name != INFERENCE_NAME}
    return Bundle(manifest=msgspec.structs.replace(bundle.manifest, files=digest_files(files)), files=files)


def draw_parity_rows(matrix: Matrix, seed: int) -> Matrix:
    """PARITY_ROWS rows like those of `matrix`, (rows, features), on which both engines must agree."""
    return spread_matrix(matrix, PARITY_ROWS, seed)


def _build_manifest(
    model: TrainedModel,
    fitted: Table,
    params: Params,
    metrics: Mapping[str, Interval],
    files: dict[str, bytes],
    held_out: Table | None,
) -> Manifest:
    dataset = fitted.dataset
    inputs = describe_inputs(fitted, params)
    scores = model.reference.score_matrix(fitted.matrix)
    reference = bin_features(fitted)
    score_bins, score_rows = bin_scores(model, held_out)
    return Manifest(
        digest=NO_DIGEST,
        schema_version=SCHEMA_VERSION,
        name=dataset.name,
        version=name_version(inputs),
        schema=model.schema,
        calibration=model.calibration,
        threshold=model.threshold,
        metrics=dict(metrics),
        reference={**reference, "score": score_bins},
        golden=_choose_golden_rows(fitted, scores, model.threshold),
        reliability=measure_reliability(fitted.target, model.out_of_fold, model.schema.task),
        data=fitted.describe(),
        inputs=inputs,
        libraries=list_libraries(),
        files=digest_files(files),
        requirements=describe_requirements(dataset, params),
        score_rows=score_rows,
        slices=slice_rows(fitted, reference),
    )


def _choose_golden_rows(table: Table, scores: Scores, threshold: float | None) -> tuple[GoldenRow, ...]:
    """Rows over the whole range of scores, and those nearest to the threshold."""
    order = np.argsort(scores, kind="stable")
    spread = order[np.linspace(0, len(order) - 1, GOLDEN_ROWS // 2).astype(int)]
    middle = float(np.median(scores)) if threshold is None else threshold
    nearest = np.argsort(np.abs(scores - middle), kind="stable")[: GOLDEN_ROWS // 2]
    rows = list(dict.fromkeys([*spread.tolist(), *nearest.tolist()]))
    return tuple(GoldenRow(row=raw_row(table, row), score=float(scores[row])) for row in rows)


def raw_row(table: Table, row: int) -> dict[str, Value]:
    """A row as a request holds it: text, numbers, None for what is missing."""
    return {name: _plain(values[row]) for name, values in table.inputs.items()}


def _plain(value: object) -> Value:
    if value is None or isinstance(value, str):
        return value
    number = float(value)  # type: ignore[arg-type]
    if np.isnan(number):
        return None
    return int(number) if number.is_integer() else number
