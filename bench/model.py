"""The one model that every system serves: its bundle, the rows sent, and the scores all must answer."""

import math
import shutil
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from numpy.typing import NDArray

from app.monitor.load.rows import mix_rows
from bench.environments import run_tool
from bench.places import BUNDLE
from cli.errors import CommandError
from contract.bundle import MANIFEST_NAME, MODEL_NAME, read_bundle
from contract.compute.plan import Matrix
from contract.compute.scoring import ReferenceModel, Scores
from contract.errors import ContractError
from contract.schema import Calibration, Value

PARAMS = Path(__file__).parent / "params.yaml"  # 300 trees of depth 6, for every system
BATCH_ROWS = 1000


@dataclass(frozen=True)
class Rows:
    """The same rows as each protocol wants them; all fields have the same length."""

    records: list[dict[str, Value]]  # raw values by column
    codes: NDArray[np.float64]  # (rows, columns), categories as codes
    features: NDArray[np.float64]  # (rows, features), the model matrix ready made
    scores: Scores  # what the bundle promises, calibrated

    def __len__(self) -> int:
        return len(self.records)

    def take(self, start: int, stop: int) -> "Rows":
        part = slice(start, stop)
        return Rows(self.records[part], self.codes[part], self.features[part], self.scores[part])

    def repeat(self, times: int) -> "Rows":
        again = (times, 1)
        codes, features = np.tile(self.codes, again), np.tile(self.features, again)
        return Rows(self.records * times, codes, features, np.tile(self.scores, times))


@dataclass(frozen=True)
class ServedModel:
    """A verified bundle with `BATCH_ROWS` rows to send."""

    folder: Path
    name: str
    columns: tuple[str, ...]
    calibration: Calibration
    rows: Rows
    matrix: Matrix

    @property
    def file(self) -> Path:
        """The model alone, which is what the peers serve."""
        return self.folder / MODEL_NAME

    def calibrate(self, probabilities: Sequence[float]) -> list[float]:
        """Peers answer the model's own probability: the bundle's score by its slope and intercept on the margin."""
        slope, intercept = self.calibration.slope, self.calibration.intercept
        margins = [math.log(p / (1.0 - p)) for p in probabilities]
        return [1.0 / (1.0 + math.exp(-(slope * margin + intercept))) for margin in margins]


def make_bundle(folder: Path = BUNDLE, params: Path = PARAMS) -> Path:
    """A bundle of the built-in generator's rows with these parameters, made once.

    Raises: CommandError with what the training said.
    """
    if not (folder / MANIFEST_NAME).exists():
        with TemporaryDirectory() as made:
            train = ["train", "--data", "generator", "--params", str(params), "--artifacts", made]
            run_tool([sys.executable, "-m", "training", *train], MLFLOW_TRACKING_URI=f"sqlite:///{made}/mlflow.db")
            shutil.copytree(Path(made) / "candidate", folder)
    return folder


def load_model(folder: Path) -> ServedModel:
    """Raises: CommandError if the bundle is not sound or has no golden rows."""
    try:
        bundle = read_bundle(folder := folder.resolve())  # the servers run in another folder
        reference = ReferenceModel.from_bundle(bundle)
    except ContractError as error:
        raise CommandError(f"{error}; make one with `python -m bench bundle`") from error
    manifest = bundle.manifest
    if not manifest.golden or manifest.schema.task != "binary":
        raise CommandError(f"bundle {folder} has no golden rows or is no classifier: the benchmark sends such rows")
    records = mix_rows([entry.row for entry in manifest.golden], BATCH_ROWS)
    plan = reference.plan
    codes = plan.encode_table({name: [row[name] for row in records] for name in records[0]})
    matrix = plan.fill_matrix(plan.derive_table(codes))
    rows = Rows(
        records,
        np.column_stack([codes[c.name] for c in plan.columns]),
        matrix.astype(np.float64),
        reference.score_matrix(matrix),
    )
    columns = tuple(column.name for column in plan.columns)
    return ServedModel(folder, manifest.name, columns, manifest.calibration, rows, matrix)
