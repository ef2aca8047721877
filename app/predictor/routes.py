"""The routes beside the fast path, as a table; handlers only translate HTTP."""

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

import msgspec
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.background import BackgroundTask
from starlette.exceptions import HTTPException

from app.predictor.assets import read_assets
from app.predictor.collector import Registry
from app.predictor.counters import Counters
from app.predictor.endpoints import batch, explain, feedback, infer, infer_metadata, predict, what_if
from app.predictor.fleet.fleet import Fleet
from app.predictor.http import errors
from app.predictor.last_scrape import LastScrape, is_scrape
from app.predictor.lifecycle import Lifecycle
from app.predictor.openapi.document import build_document
from app.predictor.openapi.rendered import Document
from app.predictor.responses.exceptions import explain_exception
from app.predictor.responses.refusals import UNMATCHED
from app.predictor.responses.rendering import answer_error
from app.predictor.scrapes import Scrapes
from app.predictor.settings import Settings
from contract.schema import Manifest

FLEET_PATH = "/page/fleet.json"  # data of the page, no part of the API
REQUEST_ID = "lathe.request_id"  # in the scope, set by app.predictor.application

Handler = Callable[[Request], Awaitable[Response]]


class Routes:
    """The handlers."""

    def __init__(self, lifecycle: Lifecycle, registry: Registry, last_scrape: LastScrape) -> None:
        self._lifecycle = lifecycle
        self._last_scrape = last_scrape
        self._scrapes = Scrapes(registry)
        self.document: Document | None = None
        self.fleet: Fleet | None = None

    async def healthz(self, request: Request) -> Response:
        """The process lives."""
        return render({"status": "alive"})

    async def readyz(self, request: Request) -> Response:
        """The model is verified, its golden rows scored as in training, and the server is not about to stop."""
        if not self._lifecycle.is_ready:
            raise errors.NotServingError(f"the server is {self._lifecycle.phase}")
        manifest = self._lifecycle.model.manifest
        return render(
            {"status": "ready", "name": manifest.name, "version": manifest.version, "digest": manifest.digest}
        )

    async def metrics(self, request: Request) -> Response:
        """Counts for Prometheus."""
        counted = self._last_scrape.count()
        body, content_type = await self._scrapes.render(request.headers.get("accept", ""))
        mark = BackgroundTask(self._last_scrape.mark, counted) if is_scrape(request.headers) else None
        return Response(body, headers={"content-type": content_type}, background=mark)  # once it is sent

    async def openapi(self, request: Request) -> Response:
        """The API's document."""
        assert self.document is not None  # noqa: S101 - the table has this route where it is set
        return Response(await asyncio.to_thread(self.document.render), media_type="application/json")

    async def model(self, request: Request) -> Response:
        """The model card: what the bundle says of itself, the engine in use, the gate's verdict if it is known.

        Without the digests of its rows: they are the gate's, and tell who asks which rows it was fitted on.
        """
        model = self._lifecycle.model
        card = msgspec.to_builtins(msgspec.structs.replace(model.manifest, rows=None))
        return render({**card, "engine": model.engine.name, "verdict": self._lifecycle.verdict})

    async def fleet_figures(self, request: Request) -> Response:
        """What the page shows of all replicas, and where reports and dashboards are."""
        assert self.fleet is not None  # noqa: S101 - the table has this route where it is set
        return render(await self.fleet.read())

    async def v2_server(self, request: Request) -> Response:
        """The server's metadata."""
        return render({"name": "lathe", "version": "1", "extensions": infer_metadata.EXTENSIONS})

    async def v2_live(self, request: Request) -> Response:
        """The process lives."""
        return render({"live": True})

    async def v2_ready(self, request: Request) -> Response:
        """As /readyz."""
        await self.readyz(request)
        return render({"ready": True})

    async def v2_model(self, request: Request) -> Response:
        """The model's inputs and outputs."""
        return render(infer_metadata.describe_model(self._find_model(request)))

    async def v2_model_ready(self, request: Request) -> Response:
        """Whether this model answers."""
        manifest = self._find_model(request)
        await self.readyz(request)
        return render({"name": manifest.name, "ready": True})

    def _find_model(self, request: Request) -> Manifest:
        manifest = self._lifecycle.model.manifest
        wanted = request.path_params
        if wanted["name"] != manifest.name or wanted.get("version", manifest.version) != manifest.version:
            raise errors.NotFoundError(f"only {manifest.name} {manifest.version} is served here")
        return manifest

    async def fast(self, request: Request) -> Response:
        """Declares what the application answers itself; only a request for another model comes here."""
        manifest = self._lifecycle.model.manifest
        raise errors.NotFoundError(f"only {manifest.name} {manifest.version} is served here")


Table = tuple[tuple[str, str, Handler, str], ...]


def list_service_routes(handlers: Routes) -> Table:
    """What a cluster asks: probes and counts."""
    return (
        ("GET", "/healthz", handlers.healthz, "service"),
        ("GET", "/readyz", handlers.readyz, "service"),
        ("GET", "/metrics", handlers.metrics, "service"),
    )


def make_service_routes(
    lifecycle: Lifecycle, registry: Registry, last_scrape: LastScrape, counters: Counters
) -> FastAPI:
    """The FastAPI application of a port for the cluster alone."""
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None, redirect_slashes=False)
    return _finish_app(app, list_service_routes(Routes(lifecycle, registry, last_scrape)), counters)


def make_routes(
    lifecycle: Lifecycle, registry: Registry, last_scrape: LastScrape, counters: Counters, settings: Settings
) -> FastAPI:
    """The FastAPI application of every route, without those that have a port of their own."""
    handlers = Routes(lifecycle, registry, last_scrape)
    # its documentation pages load scripts from elsewhere
    app = FastAPI(title="Lathe predictor", docs_url=None, redoc_url=None, openapi_url=None, redirect_slashes=False)
    table: Table = (
        *(list_service_routes(handlers) if settings.metrics_port is None else ()),
        ("GET", "/v1/model", handlers.model, "model"),
        ("POST", predict.ROUTE, handlers.fast, "model"),
        ("POST", explain.ROUTE, handlers.fast, "model"),
        ("POST", what_if.ROUTE, handlers.fast, "model"),
        ("POST", batch.ROUTE, handlers.fast, "model"),
        ("POST", feedback.ROUTE, handlers.fast, "model"),
        ("GET", "/v2", handlers.v2_server, "v2"),
        ("GET", "/v2/health/live", handlers.v2_live, "v2"),
        ("GET", "/v2/health/ready", handlers.v2_ready, "v2"),
        ("GET", "/v2/models/{name}", handlers.v2_model, "v2"),
        ("GET", "/v2/models/{name}/ready", handlers.v2_model_ready, "v2"),
        ("POST", infer.ROUTE, handlers.fast, "v2"),
        ("GET", "/v2/models/{name}/versions/{version}", handlers.v2_model, "v2"),
        ("GET", "/v2/models/{name}/versions/{version}/ready", handlers.v2_model_ready, "v2"),
        ("POST", "/v2/models/{name}/versions/{version}/infer", handlers.fast, "v2"),
    )
    page = read_assets()

    def build() -> dict[str, Any]:
        manifest = lifecycle.model.manifest if lifecycle.has_model else None
        return build_document(app, manifest, settings.max_rows, settings.api_keys_file is not None)

    handlers.document = Document(build, lifecycle)
    handlers.fleet = Fleet(settings, lifecycle)
    app.add_api_route(FLEET_PATH, handlers.fleet_figures, methods=["GET"], include_in_schema=False)
    for path, handler in (("/", page.index), ("/page/{name}", page.file), ("/openapi.json", handlers.openapi)):
        app.add_api_route(path, handler, methods=["GET"], response_class=Response, include_in_schema=False)
    return _finish_app(app, table, counters)


def _finish_app(app: FastAPI, table: Table, counters: Counters) -> FastAPI:
    for method, path, handler, tag in table:
        app.add_api_route(path, handler, methods=[method], response_class=Response, tags=[tag])
    for kind in (errors.ApiError, HTTPException, RequestValidationError, Exception):
        app.add_exception_handler(kind, partial(_answer_exception, counters))
    return app


def render(content: Any) -> Response:
    return Response(msgspec.json.encode(content), media_type="application/json")


async def _answer_exception(counters: Counters, request: Request, exception: Exception) -> Response:
    """The answer to whatever a handler, or the web framework, raises; the application counts it."""
    request_id = request.scope[REQUEST_ID]
    error = explain_exception(exception, counters, request_id, getattr(request.scope.get("route"), "path", UNMATCHED))
    answer = answer_error(error, request_id, request.url.path)
    headers = {name.decode(): value.decode() for name, value in answer.headers}
    if isinstance(error, errors.MethodNotAllowedError) and request.method == "OPTIONS":
        return Response(status_code=204, headers={"Allow": error.allow})
    return Response(answer.body, answer.status, headers)
