"""What every route shares: the settings, the counters, the model once it is loaded, and the phase of life."""

import asyncio
import contextlib
import os
import sys
from collections.abc import AsyncIterator, Callable, Iterator, Sequence, Sized
from concurrent.futures import ThreadPoolExecutor
from typing import Literal, TypeVar

from app.predictor.admission.connections import Connections, limit_connections
from app.predictor.admission.room import Room
from app.predictor.admission.upload_place import UploadPlace, take_place
from app.predictor.auth.access import Access
from app.predictor.counters import Counters
from app.predictor.http.errors import NotServingError, explain_shed
from app.predictor.http.request_ids import RequestIds
from app.predictor.http.spool import Spool
from app.predictor.receipts.outcomes import FeedbackSums
from app.predictor.receipts.receipts import read_receipt_keys
from app.predictor.receipts.used_receipts import open_used_receipts
from app.predictor.scoring.gate_report import Verdict
from app.predictor.scoring.model import ServedModel
from app.predictor.settings import Settings

BATCH_NICENESS = 5

Result = TypeVar("Result")
Phase = Literal["starting", "ready", "draining"]


def yield_to_loop() -> None:
    """Lets the event loop's thread go first where they share a core: what it does is short, and others wait for it."""
    if sys.platform == "linux":  # elsewhere it would be the whole process
        with contextlib.suppress(OSError):
            os.nice(BATCH_NICENESS)


class ServingState:
    """Alive from the start, ready once a model is installed, draining from SIGTERM on."""

    def __init__(self, settings: Settings, counters: Counters) -> None:
        """Raises: KeyFileError, ReceiptKeyError, FeedbackFolderError."""
        self.settings = settings
        self.counters = counters
        self.request_ids = RequestIds()
        self.phase: Phase = "starting"
        self.batch_threads = ThreadPoolExecutor(
            settings.count_threads(), thread_name_prefix="batch", initializer=yield_to_loop
        )
        self.waiting_batches = 0
        self.connections = Connections(limit_connections(settings.max_connections))
        self.uploads = Room(settings.max_uploads)
        self.bytes_in_flight = Room(settings.max_bytes_in_flight)
        self.streamed: frozenset[bytes] = frozenset()  # paths whose bodies are read while they are used
        self.receipt_keys = read_receipt_keys(settings.receipt_key_file)
        self.feedback = FeedbackSums()
        self.used_receipts = open_used_receipts(settings)
        self.access = Access(settings.api_keys_file) if settings.api_keys_file else None
        self.requests: Sized = ()  # the server's own set of requests under way
        self.admitted = 0  # of them, those that wait for the rest of their body or for their answer
        self.verdict: Verdict | None = None
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

    def begin_drain(self) -> None:
        self.phase = "draining"

    def count_in_flight(self) -> int:
        return len(self.requests)

    @contextlib.contextmanager
    def admitting(self) -> Iterator[None]:
        """Counts one request among those at once."""
        self.admitted += 1
        try:
            yield
        finally:
            self.admitted -= 1

    def shed(self, reason: str) -> NotServingError:
        """Counts a request turned away; the error to raise."""
        self.counters.shed[reason] += 1
        return explain_shed(reason)

    def has_room(self) -> bool:
        """Whether one more batch may wait."""
        return self.waiting_batches < self.settings.max_waiting_batches

    def check_batches(self) -> None:
        """Raises: NotServingError if too many batches wait already."""
        if not self.has_room():
            raise self.shed("batches")

    def compute_margins(self, vectors: Sequence[bytes]) -> list[float]:
        """One margin a packed row, as `contract.compute.engine` computes them.

        Raises: NotServingError until a model is installed.
        """
        return self.model.engine.compute_margins(vectors)

    def run_batch(self, work: Callable[..., Result], *given: object) -> "asyncio.Future[Result]":
        """Runs work of many rows in one of the batch threads, begun in the order of arrival; counted from now on.

        Raises: NotServingError, at once, if too many wait already.
        """
        self.check_batches()
        result = asyncio.get_running_loop().run_in_executor(self.batch_threads, work, *given)
        self.waiting_batches += 1
        result.add_done_callback(self._end_batch)
        return result

    def _end_batch(self, result: "asyncio.Future[Result]") -> None:
        self.waiting_batches -= 1

    async def run_chunk(self, work: Callable[..., Result], *given: object) -> Result:
        """As `run_batch` for a part of an upload, which was admitted as a whole."""
        return await asyncio.get_running_loop().run_in_executor(self.batch_threads, work, *given)

    @contextlib.asynccontextmanager
    async def open_upload(self, client: str) -> AsyncIterator[tuple[Spool, UploadPlace]]:
        """Takes a place among the uploads at once; the spool for its answer.

        Raises: CrowdedError if none is free in a while.
        """
        async with take_place(self.uploads, client) as place:
            spool = Spool(self.settings.max_answer_bytes)
            try:
                yield spool, place
            finally:
                spool.close()
