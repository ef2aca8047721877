"""Requests at once, and what each costs its API key."""

import contextlib
from collections.abc import Iterator, Sized

from app.predictor.admission.shedding import shed
from app.predictor.auth.access import Access, Charge
from app.predictor.counters import Counters
from app.predictor.http.body import Headers


class RequestAdmission:
    """Admits a request by its headers. `open_requests` is the server's own set of those not answered yet."""

    def __init__(self, counters: Counters, access: Access | None, max_concurrency: int) -> None:
        self._counters = counters
        self._access = access
        self._max_concurrency = max_concurrency
        self._waiting = 0  # for the rest of their body, or for their answer
        self.open_requests: Sized = ()

    def admit(self, headers: Headers, scope: str) -> Charge | None:
        """What the request costs whom, None where no keys are needed; `scope` is what an API key must allow.

        Raises: NotServingError, UnauthorizedError, ForbiddenError, RateLimitedError.
        """
        if self._waiting >= self._max_concurrency:
            raise shed(self._counters, "concurrency")
        return None if self._access is None else self._access.admit(headers, scope)

    @contextlib.contextmanager
    def waiting(self) -> Iterator[None]:
        """Counts one request among those at once."""
        self._waiting += 1
        try:
            yield
        finally:
            self._waiting -= 1

    def count_in_flight(self) -> int:
        return len(self.open_requests)
