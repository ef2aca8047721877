"""Where each command leaves what it made."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Artifacts:
    """One folder, `artifacts/` by default; nothing outside it is written."""

    root: Path = Path("artifacts")
    served: Path | None = None

    @property
    def bundle(self) -> Path:
        """What is served: the champion."""
        return self.served or self.root / "bundle"

    @property
    def candidate(self) -> Path:
        """What was trained last, not judged yet."""
        return self.root / "candidate"

    @property
    def gate(self) -> Path:
        return self.root / "gate"

    @property
    def evaluation(self) -> Path:
        return self.root / "evaluation.json"

    @property
    def rejected(self) -> Path:
        """The rows that validation refused, with reasons."""
        return self.root / "rejected-rows.csv"

    @property
    def study(self) -> Path:
        return self.root / "tune.db"

    @property
    def tuned_params(self) -> Path:
        return self.root / "tuned-params.yaml"

    @property
    def predictor(self) -> Path:
        """The running predictor's process id, port and bundle."""
        return self.root / "predictor.json"

    @property
    def predictor_log(self) -> Path:
        return self.root / "predictor.log"
