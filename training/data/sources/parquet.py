"""A Parquet file as a table, parsed in a process of its own: a damaged one ends in one line, whatever it does there."""

import math
import signal
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pyarrow as arrow

from cli.errors import InputError
from training.data.sources.fetching import DownloadLimits, first_line

CHILD = Path(__file__).with_name("parquet_child.py")
BASE_MEMORY_BYTES = 3 * 1024**3  # addresses that the libraries reserve, hardly any of it used
MEMORY_RATIO = 4  # as stored, unpacked, and as sent


def parse_parquet(content: bytes, shown: str, limits: DownloadLimits) -> pd.DataFrame:
    """Rows with the number of the row as index, from 1.

    Raises: InputError if it is no readable Parquet file or unpacks to more than the limit.
    """
    answer = _run_child(content, shown, limits)
    try:
        with arrow.ipc.open_stream(answer) as reader:
            table = reader.read_all()
        refuse_repeated(table.column_names, shown)
        frame: pd.DataFrame = table.to_pandas(ignore_metadata=True)
    except (arrow.ArrowException, ValueError, OverflowError, OSError) as error:
        raise _refuse(shown, first_line(error)) from error
    return frame.set_axis(pd.RangeIndex(1, len(frame) + 1), axis=0)


def _run_child(content: bytes, shown: str, limits: DownloadLimits) -> bytes:
    memory = BASE_MEMORY_BYTES + MEMORY_RATIO * limits.max_bytes
    numbers = [str(number) for number in (memory, math.ceil(limits.max_seconds), limits.max_bytes)]
    command = [sys.executable, "-I", str(CHILD), *numbers]
    try:
        # the patience beyond the processor's time is for a machine that is busy
        done = run_program(command, content, 2 * limits.max_seconds)
    except subprocess.TimeoutExpired as error:
        raise _refuse(shown, f"it takes longer than {2 * limits.max_seconds:g} s") from error
    if done.returncode < 0:
        ended = signal.Signals(-done.returncode).name
        raise _refuse(shown, f"the parser was ended by {ended}, so it is damaged or needs too much")
    if done.returncode:
        raise _refuse(shown, first_line(ValueError(done.stderr.decode(errors="replace"))))
    return done.stdout


def run_program(command: list[str], content: bytes, seconds: float) -> "subprocess.CompletedProcess[bytes]":
    """Raises: subprocess.TimeoutExpired."""
    return subprocess.run(command, input=content, capture_output=True, timeout=seconds, check=False)  # noqa: S603 - no shell, our own arguments


def _refuse(shown: str, reason: str) -> InputError:
    return InputError(f"{shown} is no readable Parquet file: {reason}; fetch or write it again")


def refuse_repeated(names: list[str], shown: str) -> None:
    """Raises: InputError if a column stands twice."""
    seen: set[str] = set()
    for name in names:
        if name in seen:
            raise InputError(f"{shown} has the column {name!r} twice, expected each once")
        seen.add(name)
