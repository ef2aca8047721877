"""Where raw rows come from: a file or URL, the UCI repository, or the built-in generator, in that order."""

from dataclasses import dataclass, field

import pandas as pd

from cli.errors import InputError, OutsideError
from contract.dataset import Dataset
from training.data.sources import generator, tables, uci
from training.data.sources.fetching import name_source

UCI = "uci"
GENERATOR = "generator"


@dataclass(frozen=True)
class RawData:
    """Rows as they were found, nothing checked.

    `frame` has raw columns and, as index, the row's number in its source (a CSV file's line).
    `origin` says in plain words which source and why; it holds no folder, so that it may travel.
    `refused` says of rows, by their number, why they could not be read.
    """

    frame: pd.DataFrame
    origin: str
    refused: dict[int, str] = field(default_factory=dict)


def load_raw(dataset: Dataset, source: str | None = None, rows: int | None = None, seed: int | None = None) -> RawData:
    """Rows from `source`: a path or URL, "uci", "generator", or None for UCI if it answers, else the generator.

    `rows` and `seed` are the generator's, by default the dataset file's; giving one asks for the generator.

    Raises: InputError if the source cannot be used, OutsideError if a service does not answer.
    """
    is_generated = rows is not None or seed is not None
    if source and source != GENERATOR and is_generated:
        raise InputError(f"a number of rows or a seed is for the generator only, found source {source!r} as well")
    if source == GENERATOR or is_generated:
        return generate_raw(dataset, rows, seed)
    if source == UCI:
        return RawData(uci.fetch_uci(dataset), _name_uci(dataset))
    if source:
        file_rows = tables.read_file(source, dataset.columns)
        return RawData(file_rows.frame, f"file {name_source(source)}", file_rows.refused)
    return _load_default(dataset)


def generate_raw(dataset: Dataset, rows: int | None = None, seed: int | None = None, reason: str = "") -> RawData:
    """Rows by the dataset's recipe; `reason` says in the origin why they had to be generated.

    Raises: InputError.
    """
    recipe = generator.find_recipe(dataset)
    if dataset.generator is not None:
        rows = dataset.generator.rows if rows is None else rows
        seed = dataset.generator.seed if seed is None else seed
    frame = generator.generate_frame(dataset, rows or 0, seed or 0)
    frame.index = pd.RangeIndex(1, len(frame) + 1)
    return RawData(frame, f"generated: {len(frame):,} rows by {recipe.title}, seed {seed}{reason}")


def _load_default(dataset: Dataset) -> RawData:
    if dataset.uci_id is None:
        return generate_raw(dataset, reason=", because no source was given")
    try:
        return RawData(uci.fetch_uci(dataset), _name_uci(dataset))
    except OutsideError as error:
        if dataset.generator is None:
            raise
        # one wording for every cause: the origin is part of the bundle and must not vary with the network
        reason = f", because the UCI repository did not answer within {uci.TIMEOUT_SECONDS:g} s"
        if isinstance(error.__cause__, OSError):
            return generate_raw(dataset, reason=reason)
        return generate_raw(dataset, reason=", because the UCI repository's answer was not usable")


def _name_uci(dataset: Dataset) -> str:
    return f"UCI repository, dataset {dataset.uci_id}"
