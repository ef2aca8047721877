"""The predictor as one ASGI application: fast routes by exact path, everything else through FastAPI."""

import asyncio
import logging
from collections.abc import Awaitable
from time import perf_counter

from app.predictor import settings
from app.predictor.counters import Counters
from app.predictor.endpoints import base, batch, explain, feedback, infer, predict, what_if
from app.predictor.endpoints.base import Endpoint
from app.predictor.endpoints.golden_rows import check_accepted
from app.predictor.headers import allow_origins
from app.predictor.http import errors
from app.predictor.http.asgi import AsgiApp, Message, Receive, Scope, Send
from app.predictor.http.body import SMALL_BODY_BYTES
from app.predictor.http.request_ids import HEADER
from app.predictor.inputs import validation
from app.predictor.logs import log_event, log_request
from app.predictor.metrics import make_registry
from app.predictor.receipts.receipts import Receipts
from app.predictor.routes import REQUEST_ID, make_routes, make_service_routes
from app.predictor.scoring.gate_report import read_verdict
from app.predictor.scoring.loading import Loading
from app.predictor.scoring.model import ServedModel
from app.predictor.state import ServingState
from contract.schema import Manifest


class Application:
    """The ASGI callable. Until a model is installed FastAPI answers the fast routes, with 503."""

    def __init__(self, state: ServingState) -> None:
        self.state = state
        self.registry = make_registry(state)
        self.fast: dict[str, AsgiApp] = {}
        self.direct: dict[
            bytes, Endpoint
        ] = {}  # those with small bodies by raw path, for app.predictor.server.fast_path
        origins = state.settings.cors_origins
        self._origins = origins.split(",") if origins else None
        self.rest = self._allow_origins(make_routes(state, self.registry))
        self.service = make_service_routes(state, self.registry)

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
        report = self.state.settings.gate_report
        if report is not None:
            self.state.verdict = await asyncio.to_thread(read_verdict, report, model.digest)
        check_accepted(infer.Inferrer(self.state, model))
        self.install_model(model)
        return model.manifest

    def install_model(self, model: ServedModel) -> None:
        """Readies every fast route for a loaded model."""
        state, manifest = self.state, model.manifest
        receipts = Receipts(
            state.receipt_keys, manifest.name, manifest.version, model.threshold, state.settings.receipt_max_age_seconds
        )
        state.feedback.open_version(manifest.version)
        inferrer, predictor = infer.Inferrer(state, model), predict.Predictor(state, model, receipts)
        inference = Endpoint(state, infer.ROUTE, inferrer.respond, count_rows=inferrer.count_rows)
        self.fast[predict.ROUTE] = Endpoint(state, predict.ROUTE, predictor.respond, count_rows=predictor.count_rows)
        self.fast |= dict.fromkeys(infer.infer_paths(manifest), inference)
        for route, respond in (
            (explain.ROUTE, explain.Explainer(state, model).respond),
            (what_if.ROUTE, what_if.Sweeper(state, model).respond),
        ):
            self.fast[route] = Endpoint(state, route, respond, max_bytes=SMALL_BODY_BYTES)
        outcomes = feedback.Feedback(state, receipts, manifest)
        self.fast[feedback.ROUTE] = Endpoint(
            state, feedback.ROUTE, outcomes.respond, "feedback", feedback.MAX_BODY_BYTES
        )
        self.fast[batch.ROUTE] = batch.BatchEndpoint(state, model, receipts)
        self.fast = {path: self._allow_origins(route) for path, route in self.fast.items()}
        self.direct |= {path.encode(): route for path, route in self.fast.items() if isinstance(route, Endpoint)}
        self.state.streamed = frozenset((batch.ROUTE.encode(),))
        self.state.install_model(model)

    async def _serve_rest(self, app: AsgiApp, scope: Scope, receive: Receive, send: Send) -> None:
        start = perf_counter()
        request_id = self.state.request_ids.choose_id(dict(scope["headers"]).get(HEADER))
        scope[REQUEST_ID] = request_id
        if scope["method"] == "HEAD":  # as GET: the server, which has the other scope, sends no body
            scope = {**scope, "method": "GET"}
        status = base.CLIENT_GONE

        async def send_marked(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message["headers"], (HEADER, request_id.encode())]
            await send(message)

        try:
            await app(scope, receive, send_marked)
        except Exception:  # FastAPI has answered 500 and raises it again for the server's log
            log_event("request_failed", logging.ERROR, exc_info=True, request_id=request_id)
        route = getattr(scope.get("route"), "path", base.UNMATCHED)
        seconds = perf_counter() - start
        self.state.counters.duration_cell(route, status).observe(seconds)
        if (status >= errors.ApiError.status and route != "/readyz") or self.state.settings.log_requests:
            log_request(route, status, seconds, request_id)


def create_app(chosen: settings.Settings) -> Application:
    """The application without its model; `load` or `install_model` readies it."""
    routes = [predict.ROUTE, infer.ROUTE, "/healthz", "/readyz", "/metrics"]
    return Application(ServingState(chosen, Counters(routes, (*errors.CODES, *validation.REASONS), batch.ROW_REASONS)))
