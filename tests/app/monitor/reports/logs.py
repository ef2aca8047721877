"""Prediction logs as predictors write them, of rows that a test chooses, and the job that reports them."""

import json
import os
import subprocess
import sys
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from app.predictor.scoring.model import ServedModel
from contract.bundle import Bundle
from contract.prediction_log import LoggedLine, LoggedOutcome, LoggedPrediction
from training.data.table import Table

ROOT = Path(__file__).parents[4]
NOW = 1_790_000_000.0
UNTIL = datetime.fromtimestamp(NOW, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
NAME = "predictions-20260921T141320Z-0123456789abcdef.jsonl"  # of NOW

Row = dict[str, Any]
encode_lines = msgspec.json.Encoder().encode_lines


def log_rows(
    bundle: Bundle, rows: Sequence[Row], scores: Sequence[float], version: str | None = None
) -> list[LoggedLine]:
    """A line for each row, a second apart up to NOW, each with a receipt."""
    threshold = bundle.manifest.threshold or 0.5
    return [
        LoggedPrediction(
            time=NOW - len(rows) + index, row=row, score=score, decision=score >= threshold,
            receipt=f"{index:032x}", model=bundle.manifest.name,
            version=version or bundle.manifest.version, share=1.0,
        )
        for index, (row, score) in enumerate(zip(rows, scores, strict=True))
    ]  # fmt: skip # a call


def log_outcomes(bundle: Bundle, outcomes: Sequence[float]) -> list[LoggedLine]:
    """Of the first rows of `log_rows`, in order."""
    manifest = bundle.manifest
    return [
        LoggedOutcome(
            time=NOW, model=manifest.name, version=manifest.version, share=1.0, receipt=f"{index:032x}", outcome=outcome
        )
        for index, outcome in enumerate(outcomes)
    ]


def write_log(folder: Path, lines: Iterable[LoggedLine], name: str = NAME) -> Path:
    folder.mkdir(exist_ok=True)
    (folder / name).write_bytes(encode_lines(list(lines)))
    return folder


def score_rows(bundle: Bundle, rows: Sequence[Row]) -> list[float]:
    """As the predictor scores them."""
    model = ServedModel(bundle, 1)
    table = {name: [row[name] for row in rows] for name in model.names}
    return [float(score) for score in model.score_columns(table).scores]


def draw_rows(rows: Sequence[Row], size: int, seed: int = 0) -> list[Row]:
    return [rows[index] for index in np.random.default_rng(seed).integers(len(rows), size=size)]


def list_rows(table: Table) -> list[Row]:
    """The table's rows as a client sends them."""
    columns = {name: values.tolist() for name, values in table.inputs.items()}
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


def start_job(log: Path, bundle: Path, out: Path, *options: str, prefix: Sequence[str] = ()) -> subprocess.Popen[str]:
    """`python -m app.monitor report` of the day up to NOW."""
    command = [*prefix, sys.executable, "-m", "app.monitor", "report", "--log", str(log), "--bundle", str(bundle)]
    return subprocess.Popen(
        [*command, "--out", str(out), "--until", UNTIL, *options],
        cwd=ROOT,
        env={**os.environ, "COLUMNS": "200"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def run_job(log: Path, bundle: Path, out: Path, *options: str, prefix: Sequence[str] = ()) -> tuple[int, str, str]:
    """Exit code, and what was printed to both streams."""
    job = start_job(log, bundle, out, *options, prefix=prefix)
    output, errors = job.communicate()
    return job.returncode, output, errors


def read_runs(out: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (out / "history.jsonl").read_text().splitlines()]
