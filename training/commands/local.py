"""Verbs of the local predictor."""

from pathlib import Path
from typing import Annotated

import typer

from cli import console
from training.artifacts import Artifacts
from training.data.dataset_file import load_dataset
from training.options import ARTIFACTS, DatasetName, ParamsFile, Root, Rows, Seed, Source
from training.params import PARAMS, load_params


def up(
    source: Source = None,
    dataset: DatasetName = "ai4i",
    params: ParamsFile = PARAMS,
    root: Root = ARTIFACTS,
    port: Annotated[int, typer.Option("--port", min=1, max=65535, help="Where the predictor listens.")] = 8080,
    bundle: Annotated[
        Path | None,
        typer.Option("--bundle", help="Serve this bundle as it is; where there is none yet, make it there."),
    ] = None,
    rows: Rows = None,
    seed: Seed = None,
) -> None:
    """All of it: data, train, gate, package, serve on loopback, and a few real predictions."""
    from training.local.up import bring_up

    artifacts = Artifacts(root, served=bundle)
    bring_up(artifacts, load_dataset(dataset), source, load_params(params), port, rows, seed)


def down(root: Root = ARTIFACTS) -> None:
    """Stop the predictor that `up` started."""
    from training.local.local_predictor import stop_predictor

    stopped = stop_predictor(Artifacts(root).predictor)
    console.print_done("the predictor is stopped" if stopped else "no predictor of ours was running")
