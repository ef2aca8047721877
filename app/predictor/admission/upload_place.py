"""A place among the uploads at once: a slow client keeps it only while nobody else wants it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from time import monotonic

from app.predictor.admission.room import Claim, Room
from app.predictor.http.errors import CrowdedError
from app.predictor.http.spool import Spool

FAIR_BYTES_PER_SECOND = 256 * 1024  # slower than that, an upload gives way once it is two seconds behind
WAIT_SECONDS = 5.0  # for a place
SHARE_SECONDS = 1.0  # from then on a client that has several places gives way to one that has none
LOOK_SECONDS = 0.1


class UploadPlace:
    """The claim of one upload, for the time until its answer is taken."""

    def __init__(self, room: Room, claim: Claim) -> None:
        self._room = room
        self._claim = claim
        self._lag = 0.0  # seconds that the client is behind the fair rate

    def moved(self, size: int) -> None:
        """The client has sent or taken bytes."""
        self._lag = max(0.0, self._lag - size / FAIR_BYTES_PER_SECOND)

    @asynccontextmanager
    async def waiting(self, seconds: float) -> AsyncIterator[None]:
        """Waits for the client, and for nothing of ours.

        Raises: TimeoutError, CrowdedError if the place is another's now.
        """
        start = monotonic()
        self._claim.since = start - self._lag
        try:
            async with asyncio.timeout(seconds) as limit:
                self._claim.give_way = lambda: limit.reschedule(0.0)
                yield
        except TimeoutError:
            if not self._room.holds(self._claim):
                raise CrowdedError("uploads") from None
            raise
        finally:
            self._claim.give_way = None
            self._lag += monotonic() - start


@asynccontextmanager
async def take_place(room: Room, client: str) -> AsyncIterator[UploadPlace]:
    """A place, at once or when one is free soon.

    Raises: CrowdedError.
    """
    start = monotonic()
    while (claim := room.claim(client, 1, shares=monotonic() - start >= SHARE_SECONDS)) is None:
        if monotonic() - start >= WAIT_SECONDS:
            raise CrowdedError("uploads")
        await asyncio.sleep(LOOK_SECONDS)
    try:
        yield UploadPlace(room, claim)
    finally:
        room.release(claim)


class Uploads:
    """The places of all uploads at once, each with a spool for its answer."""

    def __init__(self, max_uploads: int, max_answer_bytes: int) -> None:
        self._room = Room(max_uploads)
        self._max_answer_bytes = max_answer_bytes

    @asynccontextmanager
    async def open(self, client: str) -> AsyncIterator[tuple[Spool, UploadPlace]]:
        """Takes a place; the spool for the upload's answer.

        Raises: CrowdedError if none is free in a while.
        """
        async with take_place(self._room, client) as place:
            spool = Spool(self._max_answer_bytes)
            try:
                yield spool, place
            finally:
                spool.close()
