"""What every POST route does beside its own work: admits, counts what succeeds, refuses the rest."""

from time import perf_counter

from app.predictor.admission.requests import RequestAdmission
from app.predictor.auth.access import Charge
from app.predictor.counters import Counters
from app.predictor.http.request_ids import RequestIds
from app.predictor.logs import log_request
from app.predictor.responses.refusals import Refusals
from app.predictor.settings import Settings


class RouteServices:
    """What all routes share."""

    __slots__ = ("admission", "choose_id", "counters", "settings")

    def __init__(
        self, settings: Settings, counters: Counters, admission: RequestAdmission, request_ids: RequestIds
    ) -> None:
        self.settings = settings
        self.counters = counters
        self.admission = admission
        self.choose_id = request_ids.choose_id


class Route(Refusals):
    """Admits and counts the requests of one route; `scope` is what an API key must allow."""

    def __init__(self, services: RouteServices, route: str, scope: str) -> None:
        super().__init__(services.counters, route)
        settings = services.settings
        self.scope = scope
        self._admit = services.admission.admit
        self._admission = services.admission
        self._choose_id = services.choose_id
        self._success = services.counters.duration_cell(route, 200)
        self._slow_seconds = 0.0 if settings.log_requests else settings.slow_request_seconds

    def count_success(self, start: float, request_id: str, charge: Charge | None = None, rows: int = 0) -> None:
        if charge is not None:
            charge.settle(rows)
        seconds = perf_counter() - start
        self._success.observe(seconds)
        if seconds >= self._slow_seconds:
            log_request(self.route, 200, seconds, request_id)
