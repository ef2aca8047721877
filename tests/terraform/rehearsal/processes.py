"""Programs that run beside the scenario, each with its log, ended by their number at the end."""

import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from tests.patience import LAST_RESORT_SECONDS


@contextmanager
def run_beside(
    command: Sequence[str | Path], log: Path, folder: Path, environment: Mapping[str, str] | None = None
) -> Iterator["subprocess.Popen[bytes]"]:
    """Until the block ends."""
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as file:
        process = subprocess.Popen(command, cwd=folder, env=environment, stdout=file, stderr=file)
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(LAST_RESORT_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
