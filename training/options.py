"""Options that several verbs of `python -m training` share."""

from pathlib import Path
from typing import Annotated

import typer

from training.artifacts import Artifacts

Source = Annotated[
    str | None,
    typer.Option("--data", help="CSV or Parquet, path or URL; `uci`; `generator`. Default: UCI, else the generator."),
]
DatasetName = Annotated[str, typer.Option("--dataset", help="A name in training/datasets, or a dataset file's path.")]
ParamsFile = Annotated[Path, typer.Option("--params", help="The parameter file.")]
Root = Annotated[Path, typer.Option("--artifacts", help="The folder for everything that is made.")]
Rows = Annotated[int | None, typer.Option("--rows", help="How many rows the generator makes.")]
Seed = Annotated[int | None, typer.Option("--seed", help="The generator's seed.")]

ARTIFACTS = Artifacts().root
