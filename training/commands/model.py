"""Verbs that make a model: its data, the candidate, the gate."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from cli import console
from contract.bundle import digest_inputs, read_bundle
from training import printing
from training.artifacts import Artifacts
from training.data.dataset_file import load_dataset
from training.options import ARTIFACTS, DatasetName, ParamsFile, Root, Rows, Seed, Source
from training.params import PARAMS, load_params


def data(
    source: Source = None,
    dataset: DatasetName = "ai4i",
    root: Root = ARTIFACTS,
    rows: Rows = None,
    seed: Seed = None,
    output: Annotated[Path | None, typer.Option("--output", help="Write the validated rows there, as CSV.")] = None,
) -> None:
    """Get the data, check every row, and say what it is."""
    from training.data.table import write_rows
    from training.local.stages import read_table

    table = read_table(load_dataset(dataset), source, Artifacts(root), rows, seed)
    printing.print_table_summary(table)
    if output:
        quoted = write_rows(table, output)
        note = f", {quoted:,} cells with an apostrophe, since a spreadsheet would run them" if quoted else ""
        console.print_done(f"{len(table):,} rows written to {output}{note}")


def pin(
    source: Annotated[str, typer.Option("--data", help="CSV or Parquet, path or URL, that stays where it is.")],
    dataset: DatasetName = "ai4i",
    root: Root = ARTIFACTS,
) -> None:
    """Check new data and name it in training/pins: training without --data takes it from then on."""
    from training.data.sources.pin import check_place, write_pin
    from training.local.stages import read_table

    check_place(source)
    table = read_table(load_dataset(dataset), source, Artifacts(root), None, None)
    console.print_done(f"{write_pin(table, source)} names {len(table):,} rows with fingerprint {table.sha256[:12]}")


def inputs(
    source: Source = None,
    dataset: DatasetName = "ai4i",
    params: ParamsFile = PARAMS,
    root: Root = ARTIFACTS,
    rows: Rows = None,
    seed: Seed = None,
) -> None:
    """Print the SHA-256 over all that a model would be made from now; `make approved INPUTS=` takes it."""
    from training.data.load import load_table
    from training.lineage.provenance import describe_inputs

    table = load_table(load_dataset(dataset), source, Artifacts(root).rejected, rows=rows, seed=seed)
    sys.stdout.write(f"{digest_inputs(describe_inputs(table, load_params(params)))}\n")


def train(
    source: Source = None,
    dataset: DatasetName = "ai4i",
    params: ParamsFile = PARAMS,
    root: Root = ARTIFACTS,
    rows: Rows = None,
    seed: Seed = None,
) -> None:
    """Train a candidate, measure it on rows it never saw, and package it as a bundle."""
    from training.local.stages import read_table, train_candidate

    artifacts, settings = Artifacts(root), load_params(params)
    table = read_table(load_dataset(dataset), source, artifacts, rows, seed)
    train_candidate(artifacts, table, settings)


def gate(
    source: Source = None,
    dataset: DatasetName = "ai4i",
    params: ParamsFile = PARAMS,
    root: Root = ARTIFACTS,
    rows: Rows = None,
    seed: Seed = None,
    candidate: Annotated[Path | None, typer.Option("--candidate", help="Default: what was trained last.")] = None,
    champion: Annotated[Path | None, typer.Option("--champion", help="Default: the bundle that is served.")] = None,
    first_run: Annotated[bool, typer.Option("--first-run", help="There is no champion yet.")] = False,
) -> None:
    """Judge the candidate against the champion: pass (0), fail (1) or not enough evidence (3)."""
    from training.local.stages import judge, read_champion, read_table

    artifacts, settings = Artifacts(root), load_params(params)
    judged = read_bundle(candidate or artifacts.candidate)
    champion_bundle = read_champion(champion, artifacts, first_run)
    table = read_table(load_dataset(dataset), source, artifacts, rows, seed)
    result = judge(artifacts, judged, champion_bundle, table, settings, first_run)
    sys.exit(result.exit_code)


def evaluate(
    source: Source = None,
    dataset: DatasetName = "ai4i",
    params: ParamsFile = PARAMS,
    root: Root = ARTIFACTS,
    rows: Rows = None,
    seed: Seed = None,
) -> None:
    """Repeated cross-validation and holdouts by time and by group, beside rule and linear model."""
    from training.local.stages import evaluate_model, read_table

    artifacts, settings = Artifacts(root), load_params(params)
    evaluate_model(artifacts, read_table(load_dataset(dataset), source, artifacts, rows, seed), settings)


def tune(
    source: Source = None,
    dataset: DatasetName = "ai4i",
    params: ParamsFile = PARAMS,
    root: Root = ARTIFACTS,
    rows: Rows = None,
    seed: Seed = None,
    trials: Annotated[int, typer.Option("--trials", min=1, help="How many more trials to run.")] = 30,
) -> None:
    """Search for better parameters; stop it at any time, the next run goes on from there."""
    from training.local.stages import read_table, tune_model

    artifacts, settings = Artifacts(root), load_params(params)
    tune_model(artifacts, read_table(load_dataset(dataset), source, artifacts, rows, seed), settings, trials)
