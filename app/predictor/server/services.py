"""What all connections share."""

from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from app.predictor.admission.connections import Connections
from app.predictor.admission.room import Room
from app.predictor.admission.shedding import shed
from app.predictor.counters import Counters
from app.predictor.http.errors import NotServingError
from app.predictor.http.request_ids import RequestIds
from app.predictor.lifecycle import Lifecycle
from app.predictor.settings import Settings


@dataclass(frozen=True, slots=True)
class ConnectionServices:
    """`streamed` are the paths whose bodies are read while they are used."""

    settings: Settings
    counters: Counters
    lifecycle: Lifecycle
    request_ids: RequestIds
    connections: Connections
    bytes_in_flight: Room
    streamed: AbstractSet[bytes]

    def shed(self, reason: str) -> NotServingError:
        """Counts a request turned away; the error to raise."""
        return shed(self.counters, reason)
