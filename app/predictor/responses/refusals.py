"""An exception on its way out: explained, counted, logged where that says more than the count, rendered."""

from time import perf_counter

from app.predictor.counters import Counters
from app.predictor.http.errors import ApiError, NotServingError, RateLimitedError, UnauthorizedError
from app.predictor.logs import log_request
from app.predictor.responses.exceptions import explain_exception
from app.predictor.responses.rendering import HttpAnswer, answer_error

UNMATCHED = "unmatched"  # the route of what is on none
CLIENT_GONE = 499  # as nginx counts a request whose client left
# the answers to a flood of requests: the counter says enough
UNLOGGED = (UnauthorizedError.status, RateLimitedError.status, NotServingError.status)


class Refusals:
    """The refusals of one route."""

    def __init__(self, counters: Counters, route: str = UNMATCHED) -> None:
        self.counters = counters
        self.route = route

    def refuse(
        self, error: BaseException, start: float, request_id: str, path: str | None = None, *more: tuple[bytes, bytes]
    ) -> HttpAnswer:
        """The counted and logged answer to an exception; `path` where it is not the route's own, `more` headers."""
        answer = explain_exception(error, self.counters, request_id, self.route)
        self.count_refusal(answer, start, request_id)
        return answer_error(answer, request_id, self.route if path is None else path, *more)

    def count_refusal(self, error: ApiError, start: float, request_id: str) -> None:
        self.counters.count_rejection(error.code)
        self._count(start, error.status, request_id, error.code)

    def count_client_gone(self, start: float, request_id: str) -> None:
        self._count(start, CLIENT_GONE, request_id, "client_gone")

    def _count(self, start: float, status: int, request_id: str, code: str) -> None:
        seconds = perf_counter() - start
        self.counters.duration_cell(self.route, status).observe(seconds)
        if status not in UNLOGGED:
            log_request(self.route, status, seconds, request_id, code=code)
