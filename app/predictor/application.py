"""The predictor as one ASGI application: fast routes by exact path, everything else through FastAPI."""

import asyncio
import logging
from collections.abc import Awaitable
from functools import partial
from time import perf_counter

from app.predictor import settings
from app.predictor.collector import make_registry
from app.predictor.counters import Counters
from app.predictor.endpoints import batch, explain, feedback, infer, predict, what_if
from app.predictor.endpoints.base import Endpoint
from app.predictor.endpoints.golden_rows import check_accepted
from app.predictor.endpoints.route import RouteServices
from app.predictor.headers import allow_origins
from app.predictor.http import errors
from app.predictor.http.asgi import AsgiApp, Message, Receive, Scope, Send
from app.predictor.http.body import SMALL_BODY_BYTES
from app.predictor.http.request_ids import HEADER
from app.predictor.inputs import validation
from app.predictor.logs import log_event, log_request
from app.predictor.receipts.receipts import Receipts
from app.predictor.responses.refusals import CLIENT_GONE, UNMATCHED
from app.predictor.routes import REQUEST_ID, make_routes, make_service_routes
from app.predictor.scoring.gate_report import read_verdict
from app.predictor.scoring.loading import Loading
from app.predictor.scoring.model import ServedModel
from app.predictor.services import Services
from contract.schema import Manifest


class Application:
    """The ASGI callable. Until a model is installed FastAPI answers the fast routes, with 503."""

    def __init__(self, services: Services) -> None:
        self.services = services
        lifecycle, counters, settings = services.lifecycle, services.counters, services.settings
        self.registry = make_registry(services)
        self.fast: dict[str, AsgiApp] = {}
        # those with small bodies by raw path, for app.predictor.server.fast_path
        self.direct: dict[bytes, Endpoint] = {}
        self.streamed: set[bytes] = set()  # paths whose bodies are read while they are used
        self._origins = settings.cors_origins.split(",") if settings.cors_origins else None
        self.rest = self._allow_origins(make_routes(lifecycle, self.registry, services.last_scrape, counters, settings))
        self.service = make_service_routes(lifecycle, self.registry, services.last_scrape, counters)

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        fast = self.fast.get(scope["path"])
        if fast is not None and scope["method"] == "POST":
            return fast(scope, receive, send)
        return self._serve_rest(self.rest, scope, receive, send)

    def serve_cluster(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        """The ASGI callable of a port for probes and metrics alone."""
        return self._serve_rest(self.service, scope, receive, send)

    def _allow_origins(self, app: AsgiApp) -> AsgiApp:
        return app if self._origins is None else allow_origins(app, self._origins)

    async def load(self, loading: Loading) -> Manifest:
        """Installs the bundle that another thread verifies, so that the server is alive meanwhile.

        Raises: BundleError, ContractError.
        """
        model = await asyncio.wrap_future(loading)
        report = self.services.settings.gate_report
        if report is not None:
            self.services.lifecycle.verdict = await asyncio.to_thread(read_verdict, report, model.digest)
        check_accepted(self._make_inferrer(model))
        self.install_model(model)
        return model.manifest

    def _make_inferrer(self, model: ServedModel) -> infer.Inferrer:
        services = self.services
        return infer.Inferrer(
            services.threads, services.counters, model, services.settings.max_rows, services.prediction_log
        )

    def install_model(self, model: ServedModel) -> None:
        """Readies every fast route for a loaded model."""
        services, threads, manifest = self.services, self.services.threads, model.manifest
        settings, counters, feedback_sums = services.settings, services.counters, services.feedback
        receipts = Receipts(
            services.receipt_keys, manifest.name, manifest.version, model.threshold, settings.receipt_max_age_seconds
        )
        sums = feedback_sums.open_version(manifest.version)
        log = services.prediction_log
        if log is not None:
            log.begin(manifest)
        shared = RouteServices(settings, counters, services.admission, services.request_ids)
        serve = partial(Endpoint, shared, threads, model)
        inferrer = self._make_inferrer(model)
        predictor = predict.Predictor(threads, counters, model, receipts, sums, settings.max_rows, log)
        outcomes = feedback.Feedback(threads, feedback_sums, services.used_receipts, receipts, manifest, log)
        inference = serve(infer.ROUTE, inferrer.respond, count_rows=inferrer.reader.count_rows)
        endpoints: dict[str, AsgiApp] = {
            predict.ROUTE: serve(predict.ROUTE, predictor.respond, count_rows=predictor.count_rows),
            **dict.fromkeys(infer.infer_paths(manifest), inference),
            feedback.ROUTE: serve(feedback.ROUTE, outcomes.respond, "feedback", feedback.MAX_BODY_BYTES),
            batch.ROUTE: batch.BatchEndpoint(shared, threads, services.uploads, model, receipts, sums, log),
        }
        for route, respond in (
            (explain.ROUTE, explain.Explainer(threads, model).respond),
            (what_if.ROUTE, what_if.Sweeper(threads, model).respond),
        ):
            endpoints[route] = serve(route, respond, max_bytes=SMALL_BODY_BYTES)
        self.fast = {path: self._allow_origins(route) for path, route in endpoints.items()}
        self.direct |= {path.encode(): route for path, route in self.fast.items() if isinstance(route, Endpoint)}
        self.streamed.add(batch.ROUTE.encode())
        services.lifecycle.install_model(model)

    async def _serve_rest(self, app: AsgiApp, scope: Scope, receive: Receive, send: Send) -> None:
        start = perf_counter()
        request_id = self.services.request_ids.choose_id(dict(scope["headers"]).get(HEADER))
        scope[REQUEST_ID] = request_id
        if scope["method"] == "HEAD":  # as GET: the server, which has the other scope, sends no body
            scope = {**scope, "method": "GET"}
        status = CLIENT_GONE

        async def send_marked(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message["headers"], (HEADER, request_id.encode())]
            await send(message)

        try:
            await app(scope, receive, send_marked)
        except Exception:  # FastAPI raises it again for the server's log
            if status != errors.ApiError.status:  # else it was logged where it became the answer
                log_event("request_failed", logging.ERROR, exc_info=True, request_id=request_id)
        route = getattr(scope.get("route"), "path", UNMATCHED)
        seconds = perf_counter() - start
        self.services.counters.duration_cell(route, status).observe(seconds)
        if (status >= errors.ApiError.status and route != "/readyz") or self.services.settings.log_requests:
            log_request(route, status, seconds, request_id)


def create_app(chosen: settings.Settings) -> Application:
    """The application without its model; `load` or `install_model` readies it."""
    routes = [predict.ROUTE, infer.ROUTE, "/healthz", "/readyz", "/metrics"]
    return Application(Services(chosen, Counters(routes, (*errors.CODES, *validation.REASONS), batch.ROW_REASONS)))
