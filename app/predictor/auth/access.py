"""Who may ask, and how much: API keys from a file that may change, with a rate limit for each."""

import logging
import math
from collections.abc import Callable, Mapping
from pathlib import Path
from time import monotonic

from app.predictor.auth.key_file import KeyEntry, KeyFileError, find_name, read_key_file
from app.predictor.http.body import Headers
from app.predictor.http.errors import ForbiddenError, RateLimitedError, UnauthorizedError
from app.predictor.logs import log_event

API_KEY_HEADER = b"x-api-key"
CHECK_SECONDS = 1.0
ANSWERS = ("accepted", "forbidden", "limited")

Identity = tuple[int, int, int, int] | None  # of a file: another one, or another content


class Bucket:
    """A token bucket of one second's worth, at least one. Taking may leave it in debt, which must be paid first.

    Kept as the time at which it is full again: ITU-T I.371, the generic cell rate algorithm by virtual scheduling.
    """

    __slots__ = ("_full_at", "_pause", "_slack")

    def __init__(self, rate: float) -> None:
        self._pause = 1.0 / rate
        self._slack = (max(rate, 1.0) - 1.0) / rate
        self._full_at = 0.0

    def seconds_until_one(self, now: float) -> float:
        """Until a token is there; not above 0 if one is."""
        return self._full_at - now - self._slack

    def take(self, tokens: float, now: float) -> None:
        self._full_at = max(self._full_at, now) + tokens * self._pause


class Caller:
    """One key's limits and counts."""

    def __init__(self, entry: KeyEntry) -> None:
        self.name = entry.name
        self.answers = dict.fromkeys(ANSWERS, 0)
        self.rows = 0
        self.uploads: dict[Charge, None] = {}  # under way, the oldest first
        self.set_entry(entry)

    def set_entry(self, entry: KeyEntry) -> None:
        """What the file says now; a limit that did not change stays as used up as it is."""
        before = getattr(self, "entry", None)
        if before is None or before.requests_per_second != entry.requests_per_second:
            self._requests = Bucket(entry.requests_per_second) if entry.requests_per_second else None
        if before is None or before.rows_per_second != entry.rows_per_second:
            self._rows = Bucket(entry.rows_per_second) if entry.rows_per_second else None
        self.entry = entry

    def admit(self, scope: str, now: float) -> None:
        """Raises: ForbiddenError, RateLimitedError."""
        if scope not in self.entry.allow:
            self.answers["forbidden"] += 1
            raise ForbiddenError(f"this API key does not allow {scope}")
        wait = 0.0 if self._rows is None else self._rows.seconds_until_one(now)
        if self._requests is not None:
            wait = max(wait, self._requests.seconds_until_one(now))
        if wait > 0:
            self.answers["limited"] += 1
            raise RateLimitedError("this API key's rate limit is reached", math.ceil(wait))
        if self._requests is not None:
            self._requests.take(1, now)
        self.answers["accepted"] += 1

    @property
    def is_limited_by_rows(self) -> bool:
        return self._rows is not None

    def check_rows(self, now: float) -> None:
        """Raises: RateLimitedError while rows are owed."""
        wait = 0.0 if self._rows is None else self._rows.seconds_until_one(now)
        if wait > 0:
            self.answers["limited"] += 1
            self.answers["accepted"] -= 1  # as which it was counted by its head
            raise RateLimitedError("this API key's rate limit is reached", math.ceil(wait))

    def take_rows(self, rows: int, now: float) -> None:
        """Takes them from what the key may still ask for; less than 0 gives back."""
        if self._rows is not None:
            self._rows.take(rows, now)


class Charge:
    """What one request costs its key: its rows are taken before they are scored, so that others of the key see them.

    A key may owe one request's rows, however many: a large one is answered, and waited for afterwards.
    """

    __slots__ = ("_clock", "caller", "taken")

    def __init__(self, caller: Caller, clock: Callable[[], float] = monotonic) -> None:
        self.caller = caller
        self._clock = clock
        self.taken = 0

    def reserve(self, rows: int) -> None:
        """Takes rows in advance; as many as there are at most.

        Raises: RateLimitedError if another request of the key has left it in debt meanwhile.
        """
        now = self._clock()
        self.caller.check_rows(now)
        self.caller.take_rows(rows, now)
        self.taken = rows

    def settle(self, rows: int) -> None:
        """Pays for the rows that were answered, 0 for a request that was refused."""
        if rows != self.taken:
            self.caller.take_rows(rows - self.taken, self._clock())
        self.taken = 0
        self.caller.rows += rows

    def begin_upload(self) -> None:
        """Raises: RateLimitedError as `reserve`."""
        self.caller.check_rows(self._clock())
        self.caller.uploads[self] = None

    def add(self, rows: int) -> None:
        """Pays for a part of an upload, whose rows are scored.

        Raises: RateLimitedError if the key owes more and an older upload of it is under way.
        """
        self.caller.rows += rows
        self.caller.take_rows(rows, self._clock())
        if next(iter(self.caller.uploads)) is not self:
            self.caller.check_rows(self._clock())

    def end_upload(self) -> None:
        """Once or more often."""
        self.caller.uploads.pop(self, None)


class Access:
    """The keys of a file, read again when it changes; only the event loop's thread uses it."""

    def __init__(self, path: Path, clock: Callable[[], float] = monotonic) -> None:
        """Raises: KeyFileError."""
        self.path = path
        self.callers: dict[str, Caller] = {}  # of every name the file has had since the start
        self.reloads = {"ok": 0, "failed": 0}
        self._clock = clock
        self._checked = clock()
        self._identity = identify_file(path)
        self._keys: Mapping[bytes, Caller] = {}
        self._install(read_key_file(path))

    def admit(self, headers: Headers, scope: str) -> Charge:
        """What the request costs, and whom.

        Raises: UnauthorizedError, ForbiddenError, RateLimitedError.
        """
        now = self._clock()
        if now - self._checked >= CHECK_SECONDS:
            self._checked = now
            self._refresh()
        key = headers.get(API_KEY_HEADER) or _strip_bearer(headers.get(b"authorization", b""))
        if not key:
            raise UnauthorizedError("an API key is missing, expected Authorization: Bearer KEY or X-API-Key: KEY")
        known = self._keys.get(find_name(key))
        if known is None or not known.entry.matches(key):
            raise UnauthorizedError("the API key is not known here")
        known.admit(scope, now)
        return Charge(known, self._clock)

    def _refresh(self) -> None:
        """Reads the file again if it is another one, or changed; a broken one changes nothing."""
        identity = identify_file(self.path)
        if identity == self._identity:
            return
        self._identity = identity
        try:
            entries = read_key_file(self.path)
        except KeyFileError as error:
            self.reloads["failed"] += 1
            log_event("the API keys stay as they were", logging.ERROR, reason=str(error))
            return
        self.reloads["ok"] += 1
        self._install(entries)
        log_event("API keys read again", keys=len(entries))

    def _install(self, entries: Mapping[bytes, KeyEntry]) -> None:
        for entry in entries.values():
            caller = self.callers.get(entry.name)
            if caller is None:
                self.callers[entry.name] = Caller(entry)
            else:
                caller.set_entry(entry)
        self._keys = {name: self.callers[entry.name] for name, entry in entries.items()}


def identify_file(path: Path) -> Identity:
    """What changes when the file does, also where it is reached by a link that is swapped; None if there is none."""
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino, status.st_mtime_ns, status.st_size


def _strip_bearer(given: bytes) -> bytes:
    return given[7:].strip() if given[:7].lower() == b"bearer " else b""
