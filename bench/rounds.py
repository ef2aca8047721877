"""The benchmark's course: environments, then interleaved rounds, so that a slow minute hits everyone alike."""

import json
import subprocess
from collections.abc import Callable, Sequence

import numpy as np
import xgboost

from bench.environments import LATHE, make_environment, measure_size, require_program
from bench.errors import UnfitSystemError
from bench.machine import describe_machine
from bench.model import BATCH_ROWS, ServedModel
from bench.places import ENVIRONMENTS, PEERS, ROOT, WORK
from bench.reporting.results import Entry, Failure, Results, Settings
from bench.run import measure_run, prepare_system
from bench.systems import System
from cli.errors import CommandError
from contract.bundle import read_manifest

CONNECTIONS = (1, 16, 64)
BATCH_CONNECTIONS = 4  # so that no server waits for the load generator to read an answer

Say = Callable[[str], None]


def choose_settings(form: str, rounds: int, seconds: int, model: ServedModel) -> Settings:
    manifest = read_manifest(model.folder)
    return Settings(
        form=form,
        rounds=rounds,
        seconds=seconds,
        connections=CONNECTIONS,
        batch_rows=BATCH_ROWS,
        batch_connections=BATCH_CONNECTIONS,
        bundle=f"{manifest.name} {manifest.version} ({manifest.digest[:12]})",
        trees=xgboost.Booster(model_file=str(model.file)).num_boosted_rounds(),
    )


def run_rounds(systems: Sequence[System], model: ServedModel, settings: Settings, say: Say) -> Results:
    """Every system in every round; one that fails is left out of the rounds after and reported.

    Raises: CommandError if wrk or the timings of single calls cannot run.
    """
    require_program("wrk")
    results = Results(describe_machine(), settings, [], [], {}, {}, [])
    ready = [system for system in systems if _make_ready(system, model, results, say)]
    results.model_calls_us = time_model_calls(model)
    if any(system.kind == "lathe" for system in ready):
        results.path_costs_us = time_path(model)
    for round_ in range(settings.rounds):
        # each round begins with someone else
        order = ready[round_ % max(len(ready), 1) :] + ready[: round_ % max(len(ready), 1)]
        for system in order:
            say(f"round {round_ + 1} of {settings.rounds}: {system.title}")
            try:
                results.runs.append(measure_run(system, model, settings, round_))
            except UnfitSystemError as error:
                _note_failure(system, error, results, say)
                ready.remove(system)
    return results


def _make_ready(system: System, model: ServedModel, results: Results, say: Say) -> bool:
    say(f"environment: {system.environment}")
    try:
        folder = make_environment(system.environment)
        prepare_system(system, model)
    except CommandError as error:
        _note_failure(system, error, results, say)
        return False
    row = len(system.row.encode(model.rows.take(0, 1)))
    batches = {form: len(protocol.encode(model.rows)) for form, protocol in system.batches.items()}
    size = measure_size(folder)
    results.entries.append(Entry(system.name, system.title, system.kind, size, row, batches))
    return True


def _note_failure(system: System, error: CommandError, results: Results, say: Say) -> None:
    say(f"FAILED: {error}")
    log = error.log if isinstance(error, UnfitSystemError) else ""
    results.failures.append(Failure(system.name, str(error), log))


def time_model_calls(model: ServedModel) -> dict[str, float]:
    """Microseconds of the bare calls, in the predictor's own environment.

    Raises: CommandError.
    """
    make_environment(LATHE)
    WORK.mkdir(parents=True, exist_ok=True)
    rows = WORK / "rows.npy"
    np.save(rows, model.matrix)
    script = str(PEERS / "ceilings" / "model_calls.py")
    return _time_inside([script, "--bundle", str(model.folder), "--rows", str(rows)])


def time_path(model: ServedModel) -> dict[str, float]:
    """Microseconds that each feature of the predictor's path costs one row, in the predictor's own environment.

    Raises: CommandError.
    """
    return _time_inside(["-m", "bench.path_costs", "--bundle", str(model.folder)])


def _time_inside(arguments: list[str]) -> dict[str, float]:
    python = str(ENVIRONMENTS / LATHE / "bin" / "python")
    done = subprocess.run([python, *arguments], cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        raise CommandError(f"`python {' '.join(arguments)}` ended with {done.returncode}: {done.stderr.strip()[-500:]}")
    calls: dict[str, float] = json.loads(done.stdout)
    return calls
