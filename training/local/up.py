"""`make up`: from data to a served prediction, doing only what has not been done for the same inputs."""

import time

import numpy as np

from cli import console
from cli.errors import EXIT_OK, CommandError, InputError, OutsideError
from contract.bundle import Bundle, read_bundle
from contract.dataset import Dataset
from contract.errors import BundleError
from training import printing
from training.artifacts import Artifacts
from training.data.table import Table
from training.local.local_predictor import (
    RunningPredictor,
    check_port,
    find_predictor,
    predict_rows,
    start_predictor,
    stop_predictor,
)
from training.local.pipeline import install_bundle, is_current
from training.local.stages import describe_unknown, judge, open_tracker, read_table, train_candidate
from training.packaging.package import raw_row
from training.params import Params
from training.report.write import JSON_NAME

SHOWN_ROWS = 4


class GateRefusedError(CommandError):
    """The gate did not let the candidate pass; carries the verdict's own exit code."""

    def __init__(self, message: str, exit_code: int) -> None:
        super().__init__(message)
        self.exit_code = exit_code


def bring_up(
    artifacts: Artifacts,
    dataset: Dataset,
    source: str | None,
    params: Params,
    port: int,
    rows: int | None,
    seed: int | None,
) -> None:
    """Raises: CommandError of any stage; what was served before is served still."""
    start = time.monotonic()
    running = find_predictor(artifacts.predictor)
    if running is None or running.port != port:  # before anything is trained or stopped for it
        check_port(port)
    table = read_table(dataset, source, artifacts, rows, seed)
    if artifacts.served and artifacts.served.exists():
        bundle = _check_dataset(read_bundle(artifacts.served), artifacts, table)
        console.print_done(f"serving {artifacts.served} as it is, nothing is trained")
    elif is_current(artifacts, table, params):
        bundle = read_bundle(artifacts.bundle)
        console.print_done(f"nothing has changed: bundle {bundle.digest[:12]} is of this data, code and parameters")
    else:
        bundle = renew_bundle(artifacts, table, params)
    running = serve_bundle(artifacts, bundle, port)
    show_predictions(running, bundle, table)
    printing.print_urls(running.url, artifacts, time.monotonic() - start)


def renew_bundle(artifacts: Artifacts, table: Table, params: Params) -> Bundle:
    """Trains, gates and installs.

    Raises: GateRefusedError, InputError.
    """
    champion = _read_champion(artifacts, table)
    try:
        candidate = train_candidate(artifacts, table, params)
    except OutsideError as error:  # tracking is a view; the bundle is packaged by now
        console.print_warning(str(error))
        candidate = read_bundle(artifacts.candidate)
    result = judge(artifacts, candidate, champion, table, params, first_run=champion is None)
    if result.exit_code != EXIT_OK:
        raise GateRefusedError(
            f"the candidate is not served; why stands in {artifacts.gate / 'report.md'}", result.exit_code
        )
    bundle = install_bundle(artifacts, candidate.digest)
    try:
        if not open_tracker(artifacts.root).name_champion(bundle):
            console.print_warning(describe_unknown(bundle, "alias `champion`"))
    except OutsideError as error:
        console.print_warning(str(error))
    return bundle


def _read_champion(artifacts: Artifacts, table: Table) -> Bundle | None:
    """The served bundle, unless there is none.

    Raises: InputError if it is damaged or of another dataset.
    """
    if not artifacts.bundle.exists():
        console.print_done("no champion yet: this is a first run, judged by the policy's floors alone")
        return None
    try:
        champion = read_bundle(artifacts.bundle)
    except BundleError as error:
        raise InputError(f"the champion cannot be read: {error}; restore it, or remove {artifacts.bundle}") from error
    return _check_dataset(champion, artifacts, table)


def _check_dataset(bundle: Bundle, artifacts: Artifacts, table: Table) -> Bundle:
    """The bundle, if it is of the table's dataset.

    Raises: InputError.
    """
    if bundle.manifest.name != table.dataset.name:
        raise InputError(
            f"the bundle in {artifacts.bundle} is of dataset {bundle.manifest.name!r}, expected "
            f"{table.dataset.name!r}; remove it, or name another folder with BUNDLE="
        )
    return bundle


def serve_bundle(artifacts: Artifacts, bundle: Bundle, port: int) -> RunningPredictor:
    """The running predictor of this bundle on this port, started unless it runs already.

    Raises: InputError.
    """
    running = find_predictor(artifacts.predictor)
    if running and running.digest == bundle.digest and running.port == port:
        console.print_done(f"the predictor runs already (process {running.pid})")
        return running
    with console.step("Starting the predictor"):
        stop_predictor(artifacts.predictor)
        running = start_predictor(
            artifacts.bundle,
            bundle.digest,
            port,
            artifacts.predictor,
            artifacts.predictor_log,
            artifacts.gate / JSON_NAME,
        )
    console.print_done(f"the predictor is ready (process {running.pid})")
    return running


def show_predictions(running: RunningPredictor, bundle: Bundle, table: Table) -> None:
    """Asks for a few real rows, some of which did fail, and prints the answers."""
    wanted = np.concatenate(
        [np.flatnonzero(table.target == table.target.max())[:2], np.flatnonzero(table.target == table.target.min())[:2]]
    )[:SHOWN_ROWS]
    rows = [raw_row(table, int(row)) for row in wanted]
    answer = predict_rows(running.url, rows)
    printing.print_predictions(bundle.manifest, rows, answer, [float(table.target[row]) for row in wanted])
