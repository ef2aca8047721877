"""What a training run leaves beside its bundle, so that it can be logged to MLflow at any later time."""

import getpass
import json
import os
import time
from pathlib import Path
from typing import Any, Literal

import msgspec

from cli.errors import InputError
from cli.files import write_file
from contract.bundle import Bundle
from contract.schema import Column, Interval, Struct
from training.data.sources.fetching import is_url
from training.data.table import Table
from training.model.rounds import Curve
from training.params import Params

DIGEST_LENGTH = 32  # MLflow takes a data set's digest up to 36 characters
MLFLOW_TYPES = {"number": "double", "integer": "long", "category": "string"}
UCI_PAGE = "https://archive.ics.uci.edu/dataset/"

Flat = dict[str, float | int | str]  # parameters by name
Context = Literal["training", "holdout"]


class DataInput(Struct, frozen=True):
    """Rows that went into a run, as MLflow's data sets have them; `source` and `schema` are JSON."""

    name: str
    digest: str
    context: Context
    source_type: str
    source: str
    schema: str
    profile: str


class RunRecord(Struct, frozen=True):
    """Times are milliseconds since 1970 in UTC, None where nobody measured them."""

    digest: str
    name: str
    version: str
    revision: str
    params: Flat
    metrics: dict[str, Interval]
    folds: tuple[dict[str, float], ...]
    tags: dict[str, str]
    started_ms: int | None = None
    ended_ms: int | None = None
    user: str = "unknown"
    inputs: tuple[DataInput, ...] = ()
    rounds: dict[str, Curve] = msgspec.field(default_factory=dict)


def record_path(bundle: Path) -> Path:
    return bundle.with_name(f"{bundle.name}.run.json")


def write_record(record: RunRecord, bundle: Path) -> None:
    """Raises: InputError if the disk refuses."""
    write_file(record_path(bundle), msgspec.json.format(msgspec.json.encode(record), indent=2) + b"\n")


def read_record(bundle: Path, digest: str) -> RunRecord:
    """Raises: InputError if there is none or it is another bundle's."""
    path = record_path(bundle)
    try:
        record = msgspec.json.decode(path.read_bytes(), type=RunRecord)
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}; run `make train` again") from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise InputError(f"{path} is no record of a training: {error}; run `make train` again") from error
    if record.digest != digest:
        raise InputError(f"{path} is of bundle {record.digest[:12]}, expected {digest[:12]}: run `make train` again")
    return record


def describe_bundle(bundle: Bundle) -> Flat:
    """The parameters of a run that the bundle itself knows."""
    manifest = bundle.manifest
    return {
        "dataset": manifest.data.dataset,
        "data.sha256": manifest.data.sha256,
        "data.rows_fitted": manifest.data.rows,
        "threshold": "none" if manifest.threshold is None else manifest.threshold,
        "calibration.slope": manifest.calibration.slope,
        "calibration.intercept": manifest.calibration.intercept,
        "features": len(manifest.schema.features),
    }


def flatten_params(params: Params) -> Flat:
    """Every parameter of training and evaluation by one name."""
    flat: Flat = {**params.model, "rounds": params.rounds, "seed": params.seed}
    return flat | {f"evaluation.{name}": value for name, value in msgspec.to_builtins(params.evaluation).items()}


def describe_table(table: Table, context: Context, digest: str) -> DataInput:
    """The rows of `table` as an input of a run; `digest` is over its values."""
    columns = [describe_column_type(column) for column in table.dataset.columns]
    target = table.dataset.target
    kind = "double" if table.dataset.task == "regression" else "string" if isinstance(target.positive, str) else "long"
    columns.append({"type": kind, "name": target.name, "required": True})
    profile: dict[str, Any] = {"num_rows": len(table)}
    if table.dataset.task == "binary":
        profile["positives"] = int(table.target.sum())
    source_type, source = describe_source(table)
    return DataInput(
        name=f"{table.dataset.name}-{context}",
        digest=digest[:DIGEST_LENGTH],
        context=context,
        source_type=source_type,
        source=json.dumps(source),
        schema=json.dumps({"mlflow_colspec": columns}),
        profile=json.dumps(profile),
    )


def describe_column_type(column: Column) -> dict[str, Any]:
    return {"type": MLFLOW_TYPES[column.type], "name": column.name, "required": not column.nullable}


def describe_source(table: Table) -> tuple[str, dict[str, Any]]:
    """MLflow's kind of source and its content, from the origin, which holds no folder and no credentials."""
    kind, _, place = table.origin.partition(" ")
    if kind == "file":
        return ("http", {"url": place}) if is_url(place) else ("local", {"uri": place})
    if kind == "UCI":
        return "http", {"url": f"{UCI_PAGE}{table.dataset.uci_id}"}
    return "code", {"tags": {"mlflow.source.name": "training.data.sources.generator", "origin": table.origin}}


def read_clock() -> int:
    """Milliseconds since 1970 in UTC."""
    return time.time_ns() // 1_000_000


def name_user() -> str:
    """Who runs this: the person who started GitHub's job, else the user of this machine."""
    if actor := os.environ.get("GITHUB_ACTOR"):
        return actor
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container may have a number without a name
        return "unknown"
