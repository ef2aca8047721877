"""POST /v1/batch: a CSV or JSON-lines upload of any length, scored while it arrives, answered when it is complete."""

import asyncio
import re
from collections.abc import AsyncIterator, Callable
from functools import partial
from time import monotonic, perf_counter

import msgspec

from app.predictor.admission.batch_threads import BatchThreads
from app.predictor.admission.upload_place import UploadPlace, Uploads
from app.predictor.auth.access import Charge
from app.predictor.endpoints.route import Route, RouteServices
from app.predictor.endpoints.upload import NOT_FINITE, Upload
from app.predictor.endpoints.upload_answer import CSV_TYPE, NDJSON_TYPE, CsvWriter, NdjsonWriter
from app.predictor.http.asgi import Message, Receive, Scope, Send
from app.predictor.http.body import ABORT, STREAM, Headers, check_media, check_size
from app.predictor.http.errors import (
    CrowdedError,
    DisconnectedError,
    NotAcceptableError,
    SlowClientError,
)
from app.predictor.http.request_ids import HEADER
from app.predictor.http.spool import Spool
from app.predictor.inputs.csv_upload import CsvReader
from app.predictor.inputs.ndjson_upload import NdjsonReader
from app.predictor.inputs.validation import REASONS
from app.predictor.prediction_log.log import PredictionLog
from app.predictor.receipts.outcomes import VersionSums
from app.predictor.receipts.receipts import Receipts, wants_receipts
from app.predictor.responses.rendering import HeaderList
from app.predictor.scoring.model import ServedModel
from contract.intake.csv_text import MAX_LINE_BYTES

ROUTE = "/v1/batch"
Read = Callable[[], AsyncIterator[tuple[bytes, bool]]]
ROW_REASONS = (*REASONS, NOT_FINITE.code, "malformed_csv", "malformed_json", "repeated_name")
# few enough rows that nothing else waits long for the interpreter; with the start of a row before it still one part
CHUNK_BYTES = MAX_LINE_BYTES - 4 * 1024
SEND_BYTES = 256 * 1024
MIN_BYTES_PER_SECOND = 16 * 1024  # what a client must manage on average once its first seconds are over
SUMMARY = b"x-lathe-summary"
_WEIGHT_ZERO = re.compile(rb";[ \t]*q=0(?:\.0*)?[ \t]*(?:;|\Z)")


class StalledError(Exception):
    """The client does not take its answer; there is nobody to tell."""


def choose_answer(headers: Headers, content_type: bytes) -> bytes:
    """CSV_TYPE if the client accepts it first, else NDJSON_TYPE.

    Raises: NotAcceptableError.
    """
    parts = headers.get(b"accept", b"*/*").lower().split(b",")
    # of weight 0 is what the client does not take (RFC 9110 section 12.4.2)
    accepted = [part.partition(b";")[0].strip() for part in parts if not _WEIGHT_ZERO.search(part)]
    refused = {part.partition(b";")[0].strip() for part in parts if _WEIGHT_ZERO.search(part)}
    for media in accepted:
        if media in (NDJSON_TYPE, b"*/*", b"application/*", b"") and NDJSON_TYPE not in refused:
            return NDJSON_TYPE
        if media in (CSV_TYPE, b"text/*", b"*/*") and content_type == CSV_TYPE and CSV_TYPE not in refused:
            return CSV_TYPE
    raise NotAcceptableError("expected Accept: application/x-ndjson, or text/csv for an upload of text/csv")


class BatchEndpoint(Route):
    """The ASGI callable. The answer begins when the upload is complete, so its status is the whole upload's."""

    def __init__(
        self,
        services: RouteServices,
        threads: BatchThreads,
        uploads: Uploads,
        model: ServedModel,
        receipts: Receipts,
        sums: VersionSums,
        log: PredictionLog | None,
    ) -> None:
        super().__init__(services, ROUTE, "batch")
        self.model = model
        self.receipts = receipts
        self._threads = threads
        self._uploads = uploads
        self._sums = sums
        self._log = log
        self._max_bytes = services.settings.max_batch_bytes
        self._patience = services.settings.body_timeout_seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        start = perf_counter()
        headers = dict(scope["headers"])
        request_id = self._choose_id(headers.get(HEADER))
        marks = scope.setdefault("state", {})
        marks[STREAM] = True  # its deadlines are kept here, not by app.predictor.server.protocol
        is_answering = False
        charge = None
        try:
            charge = self._admit(headers, self.scope)
            content_type = self._check_head(headers)
            client = charge.caller.name if charge else (scope.get("client") or ("",))[0]
            async with self._uploads.open(client) as (spool, place):
                head = await self._score(headers, content_type, partial(self._read, receive, place), spool, charge)
                self.count_success(start, request_id)
                is_answering = True
                await self._send(send, [*head, (HEADER, request_id.encode())], spool, place)
        except DisconnectedError:
            self.count_client_gone(start, request_id)
        except (Exception, asyncio.CancelledError) as error:  # the last line before the server
            if not is_answering:
                await self.refuse(error, start, request_id).send(send)
            elif isinstance(error, StalledError | CrowdedError):
                self.counters.closed["slow_reader"] += 1
                if ABORT in marks:
                    marks[ABORT]()
            else:
                raise  # the server cuts the connection: the length that was stated is not reached
        finally:
            if charge is not None:
                charge.end_upload()

    def _check_head(self, headers: Headers) -> bytes:
        """The content type of an upload that may be read at all.

        Raises: UnsupportedMediaError, NotAcceptableError, TooLargeError.
        """
        check_media(headers, (CSV_TYPE, NDJSON_TYPE))
        content_type = headers.get(b"content-type", CSV_TYPE).partition(b";")[0].strip().lower()
        choose_answer(headers, content_type)
        stated = headers.get(b"content-length")
        if stated is not None:
            check_size(int(stated), self._max_bytes)
        return content_type

    async def _score(
        self, headers: Headers, content_type: bytes, read: Read, spool: Spool, charge: Charge | None
    ) -> HeaderList:
        """Reads and scores the whole upload; the head of the answer."""
        wanted = choose_answer(headers, content_type)
        receipts = self.receipts if wants_receipts(headers) else None
        upload, answer_type = self._open(content_type, wanted, spool, receipts)
        if charge is not None:
            charge.begin_upload()
        async for chunk, is_last in read():
            progress = await self._threads.run_chunk(upload.feed, chunk, is_last)
            for scored in progress.scored:
                self.model.add_traffic(scored)
                self._sums.issued += 0 if receipts is None else len(scored.scores)
            if self._log is not None:
                self._log.add_all(progress.logged)
            self.counters.count_rejected_rows(progress.rejected)
            if charge is not None:
                charge.add(progress.rows)
        summary = await self._threads.run_chunk(upload.finish)
        self.counters.batches += 1
        return [
            (b"content-type", answer_type),
            (b"content-length", b"%d" % spool.size),
            (
                b"content-disposition",
                b'attachment; filename="scored.%b"' % (b"csv" if wanted == CSV_TYPE else b"ndjson"),
            ),
            (SUMMARY, msgspec.json.encode(summary)),
        ]

    def _open(
        self, content_type: bytes, wanted: bytes, spool: Spool, receipts: Receipts | None
    ) -> tuple[Upload, bytes]:
        schema = self.model.manifest.schema
        reader = CsvReader(schema) if content_type == CSV_TYPE else NdjsonReader(schema)
        writer = (
            CsvWriter(reader, receipts is not None)
            if wanted == CSV_TYPE and isinstance(reader, CsvReader)
            else NdjsonWriter()
        )
        return Upload(self.model, reader, writer, spool, receipts, self._log), writer.content_type

    async def _read(self, receive: Receive, place: UploadPlace) -> AsyncIterator[tuple[bytes, bool]]:
        """The body in chunks, and whether it is the last. Nothing is read while a chunk is scored.

        Raises: DisconnectedError, SlowClientError, TooLargeError.
        """
        held = bytearray()
        received, waited = 0, 0.0
        while True:
            start = monotonic()
            message = await self._receive(receive, place, received, waited)
            waited += monotonic() - start
            held += message["body"]
            received += len(message["body"])
            place.moved(len(message["body"]))
            check_size(received, self._max_bytes)
            is_last = not message.get("more_body", False)
            while len(held) > CHUNK_BYTES:
                yield bytes(held[:CHUNK_BYTES]), False
                del held[:CHUNK_BYTES]
            if is_last:
                yield bytes(held), True
                return

    async def _receive(self, receive: Receive, place: UploadPlace, received: int, waited: float) -> Message:
        """The next part of the body; `waited` counts the client's time only, not ours."""
        left = self._patience + received / MIN_BYTES_PER_SECOND - waited
        try:
            async with place.waiting(min(self._patience, left)):
                message = await receive()
        except TimeoutError:
            self.counters.closed["slow_body"] += 1
            raise SlowClientError("the upload does not arrive fast enough") from None
        if message["type"] != "http.request":
            raise DisconnectedError
        return message

    async def _send(self, send: Send, head: HeaderList, spool: Spool, place: UploadPlace) -> None:
        """Raises: StalledError if the client stops taking its answer."""
        await send({"type": "http.response.start", "status": 200, "headers": head})
        left = spool.size
        while left:
            part = await asyncio.to_thread(spool.read, SEND_BYTES)
            left -= len(part)
            try:
                async with place.waiting(self._patience):
                    await send({"type": "http.response.body", "body": part, "more_body": left > 0})
            except TimeoutError:
                raise StalledError from None
            place.moved(len(part))
