"""The model that is served and the process's phase: starting until it is loaded, ready, draining from SIGTERM on."""

from collections.abc import Sequence
from typing import Literal

from app.predictor.http.errors import NotServingError
from app.predictor.scoring.gate_report import GateVerdict
from app.predictor.scoring.model import ServedModel

Phase = Literal["starting", "ready", "draining"]


class Lifecycle:
    """Alive from the start, ready once a model is installed, draining from SIGTERM on."""

    def __init__(self) -> None:
        self.phase: Phase = "starting"
        self.verdict: GateVerdict | None = None
        self._model: ServedModel | None = None

    @property
    def has_model(self) -> bool:
        return self._model is not None

    @property
    def is_ready(self) -> bool:
        return self.phase == "ready"

    @property
    def is_draining(self) -> bool:
        return self.phase == "draining"

    @property
    def model(self) -> ServedModel:
        """Raises: NotServingError until a model is installed."""
        if self._model is None:
            raise NotServingError("the model is being verified, ask again in a moment")
        return self._model

    def install_model(self, model: ServedModel) -> None:
        """From here on requests are answered; readiness does not come back once draining began."""
        self._model = model
        if self.phase == "starting":
            self.phase = "ready"

    def compute_margins(self, vectors: Sequence[bytes]) -> list[float]:
        """One margin a packed row, as `contract.compute.engine` computes them.

        Raises: NotServingError until a model is installed.
        """
        return self.model.engine.compute_margins(vectors)

    def begin_drain(self) -> None:
        self.phase = "draining"
