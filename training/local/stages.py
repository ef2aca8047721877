"""Each stage as a person watches it: what is done now, what came out, where it was left."""

from pathlib import Path

from cli import console
from cli.errors import InputError, OutsideError
from cli.files import recover_folder
from contract.bundle import INFERENCE_NAME, Bundle, read_bundle
from contract.dataset import Dataset
from training import printing
from training.artifacts import Artifacts
from training.data.load import load_table
from training.data.table import Table
from training.evaluation.evaluate import evaluate_table, write_evaluation
from training.gate.judge import GateResult, judge_candidate
from training.gate.policy import load_policy
from training.local.pipeline import make_candidate
from training.model.tune import find_today, open_study, search_params, write_best_params
from training.packaging.references import describe_lacks
from training.params import Params
from training.report.write import draw_pictures, write_report
from training.tracking.address import TRACK_AGAIN, hide_password, tracking_uri
from training.tracking.evaluation import describe_evaluation
from training.tracking.nested import ParentRun
from training.tracking.record import read_clock, read_record
from training.tracking.search import describe_search
from training.tracking.tracker import Tracker
from training.tracking.verdict import note_verdict


def read_table(dataset: Dataset, source: str | None, artifacts: Artifacts, rows: int | None, seed: int | None) -> Table:
    """Raises: InputError, OutsideError."""
    with console.step("Data"):
        table = load_table(dataset, source, artifacts.rejected, rows=rows, seed=seed)
    groups = f", {described}" if (described := printing.describe_groups(table)) else ""
    console.print_done(f"{len(table):,} rows, {printing.describe_target(table)}{groups} ({table.origin})")
    for note in (*table.notes, *printing.doubt_groups(table)):
        console.print_warning(note)
    return table


def train_candidate(artifacts: Artifacts, table: Table, params: Params) -> Bundle:
    """Trains, packages and logs; if MLflow is down the bundle is there all the same.

    Raises: InputError, OutsideError.
    """
    with console.step("Training, measuring and packaging"):
        bundle = make_candidate(artifacts, table, params)
    printing.print_metrics(bundle.manifest)
    for lack in describe_lacks(bundle.manifest):
        console.print_warning(lack)
    console.print_done(f"bundle {bundle.digest[:12]}, version {bundle.manifest.version}, in {artifacts.candidate}")
    if INFERENCE_NAME not in bundle.files:
        console.print_warning("as ONNX it would score otherwise, so XGBoost answers single rows too, in a longer time")
    track_training(artifacts, bundle, artifacts.candidate)
    return bundle


def open_tracker(root: Path, hint: str = TRACK_AGAIN) -> Tracker:
    """MLflow, with a word if its file came from another folder.

    Raises: OutsideError.
    """
    tracker = Tracker(tracking_uri(root), root, hint)
    if tracker.note:
        console.print_warning(tracker.note)
    return tracker


def track_training(artifacts: Artifacts, bundle: Bundle, folder: Path) -> None:
    """Raises: InputError without the run's record, OutsideError."""
    record, uri = read_record(folder, bundle.digest), tracking_uri(artifacts.root)
    with console.step(f"Logging to MLflow at {hide_password(uri, uri)}"):
        run = open_tracker(artifacts.root).log_training(record, folder)
    console.print_done(f"MLflow run {run[:8]}, registered as challenger (`make mlflow` opens the page)")


def read_champion(folder: Path | None, artifacts: Artifacts, first_run: bool) -> Bundle | None:
    """The bundle to beat.

    Raises: BundleError if it is damaged, InputError if there is none and this is not declared the first run.
    """
    place = folder or artifacts.bundle
    recover_folder(place)
    if first_run and folder is None and not place.exists():
        return None
    if first_run:
        raise InputError(f"{place} holds a champion, so this is no first run: leave out --first-run or --champion")
    if not place.exists():
        raise InputError(f"{place} holds no champion to compare with; say --first-run if there is none yet")
    return read_bundle(place)


def judge(
    artifacts: Artifacts, candidate: Bundle, champion: Bundle | None, table: Table, params: Params, first_run: bool
) -> GateResult:
    """The verdict, with its report on disk and in MLflow; a silent MLflow changes no verdict.

    Raises: InputError.
    """
    with console.step("Judging the candidate"):
        policy = load_policy()
        result = judge_candidate(candidate, champion, table, policy, params, seed=params.seed, first_run=first_run)
        pictures = list(draw_pictures(result, params.seed))
        write_report(result, artifacts.gate, reproduce=describe_rerun(table, first_run), pictures=pictures)
    printing.print_verdict(result, artifacts.gate)
    try:
        with console.step("Logging the verdict to MLflow"):
            note = note_verdict(result, pictures)
            if not open_tracker(artifacts.root).log_verdict(candidate, artifacts.gate, note):
                console.print_warning(describe_unknown(candidate, "verdict"))
    except OutsideError as error:
        console.print_warning(str(error))
    return result


def describe_unknown(bundle: Bundle, what: str) -> str:
    """Why MLflow does not get a bundle's verdict or alias."""
    return (
        f"MLflow does not know bundle {bundle.digest[:12]}, so its {what} is not logged there; "
        "`python -m training track` logs the bundle, then run this again"
    )


def describe_rerun(table: Table, first_run: bool) -> str:
    """The one command that trains and judges the same again."""
    source = f" DATA={table.origin.removeprefix('file ')}" if table.origin.startswith("file ") else ""
    return f"make train gate{source}{' FIRST_RUN=1' if first_run else ''}"


def evaluate_model(artifacts: Artifacts, table: Table, params: Params) -> None:
    """Raises: InputError."""
    settings, started_ms = params.evaluation, read_clock()
    with console.progress("Evaluating", settings.folds * settings.repeats + 2) as advance:
        evaluation = evaluate_table(table, params, lambda _: advance())
    write_evaluation(evaluation, artifacts.evaluation)
    printing.print_evaluation(evaluation)
    console.print_done(f"written to {artifacts.evaluation}")
    runs = describe_evaluation(evaluation, params, started_ms, read_clock())
    track_nested(artifacts, table.dataset.name, runs, artifacts.evaluation)


def track_nested(artifacts: Artifacts, name: str, runs: ParentRun, kept: Path) -> None:
    """Logs an evaluation or a search; what was found is in the file `kept` whatever MLflow does."""
    try:
        with console.step("Logging to MLflow"):
            hint = f"What was found is in {kept}; `make {runs.verb}` logs it when it is back"
            run = open_tracker(artifacts.root, hint).log_nested(name, runs, kept)
        console.print_done(f"MLflow run {run[:8]} with {len(runs.children)} runs below it")
    except OutsideError as error:
        console.print_warning(str(error))


def tune_model(artifacts: Artifacts, table: Table, params: Params, trials: int) -> None:
    """Raises: InputError."""
    study = open_study(table, params, artifacts.study)
    if study.trials:
        console.print_done(f"taking up a search of {len(study.trials)} trials in {artifacts.study}")
    with console.progress("Searching", trials) as advance:
        search_params(study, table, params, trials, lambda _: advance())
    write_best_params(study, params, artifacts.tuned_params)
    printing.print_study(study, find_today(study, params))
    console.print_done(f"the best are in {artifacts.tuned_params}; `make evaluate PARAMS=` compares, then commit them")
    track_nested(artifacts, table.dataset.name, describe_search(study, table, params), artifacts.tuned_params)
