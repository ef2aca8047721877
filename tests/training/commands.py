"""`python -m training` in a process of its own, with few rows and few trees."""

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from tests.conftest import ROOT

ROWS = ("--data", "generator", "--rows", "3000", "--seed", "3")  # 14 positives in the holdout, enough for a verdict
FEW_ROUNDS = """\
model: {tree_method: hist, max_depth: 3, eta: 0.3}
rounds: 30
seed: 20
evaluation: {folds: 2, repeats: 1, inner_folds: 2, holdout_share: 0.2}
"""
LIMIT_SECONDS = 300


@dataclass(frozen=True)
class Outcome:
    code: int
    out: str
    err: str

    @property
    def told(self) -> str:
        """The one line on standard error."""
        lines = self.err.splitlines()
        assert len(lines) == 1, self.err
        return lines[0]


def run(*arguments: str | Path, **environment: str) -> Outcome:
    """Runs a verb; MLflow is a file among the artifacts unless `environment` names a server."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("MLFLOW_", "LATHE_"))}
    ended = subprocess.run(
        [sys.executable, "-m", "training", *map(str, arguments)],
        cwd=ROOT,
        env=kept | environment,
        capture_output=True,
        text=True,
        timeout=LIMIT_SECONDS,
        check=False,
    )
    return Outcome(ended.returncode, ended.stdout, ended.stderr)
