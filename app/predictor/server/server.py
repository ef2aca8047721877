"""The process's life: listen, load, serve, drain, wait for the last scrape, stop."""

import asyncio
import contextlib
import functools
import gc
import logging
import signal
import socket
import threading
from collections.abc import Iterator, Mapping
from types import FrameType
from typing import Any

import uvicorn

from app.predictor import headers
from app.predictor.application import Application
from app.predictor.endpoints.base import Endpoint
from app.predictor.http.asgi import AsgiApp
from app.predictor.logs import log_event
from app.predictor.responses.rendering import CLOSE
from app.predictor.scoring.loading import Loading
from app.predictor.server.fast_path import DirectProtocol, ServiceProtocol
from app.predictor.server.listener import BACKLOG
from app.predictor.server.micro_batch import MicroBatcher
from app.predictor.server.protocol import GuardedProtocol
from app.predictor.server.services import ConnectionServices
from contract.errors import ContractError

YOUNG_OBJECTS = 10_000  # that many new ones before garbage is looked for: requests leave hardly any
SWEEP_TICKS = 10  # uvicorn's main loop ticks ten times a second


class Server(uvicorn.Server):
    """uvicorn that is alive before it has a model, drains on SIGTERM, and closes slow connections."""

    def __init__(self, application: Application, loading: Loading, aside: socket.socket | None = None) -> None:
        """`loading` is the model to serve, `aside` where metrics and probes have a port of their own."""
        self.application = application
        self._loading = loading
        self._aside = aside
        services = application.services
        self._settings = services.settings
        self._lifecycle = services.lifecycle
        self._last_scrape = services.last_scrape
        self._micro_batcher = MicroBatcher(self._lifecycle.compute_margins)
        self._connection_services = ConnectionServices(
            services.settings,
            services.counters,
            services.lifecycle,
            services.request_ids,
            services.connections,
            services.bytes_in_flight,
            application.streamed,
        )
        self.load_error: BaseException | None = None
        self._drain_until: float | None = None
        self._is_lingering = False
        direct = application.direct if self._settings.fast_path else {}
        super().__init__(self._configure(application, direct))
        services.admission.open_requests = self.server_state.tasks

    def _configure(
        self, app: AsgiApp, direct: Mapping[bytes, Endpoint], protocol: type[DirectProtocol] = DirectProtocol
    ) -> uvicorn.Config:
        settings = self._settings
        return uvicorn.Config(
            app,
            http=functools.partial(protocol, direct, self._micro_batcher, self._connection_services),  # type: ignore[arg-type]
            headers=headers.SECURITY,
            ws="none",
            loop="uvloop",
            lifespan="off",
            interface="asgi3",
            log_config=None,
            access_log=False,
            proxy_headers=False,
            server_header=False,
            backlog=BACKLOG,
            timeout_keep_alive=settings.keep_alive_seconds,
            timeout_graceful_shutdown=settings.grace_seconds,
        )

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self._aside is not None:
            await self._listen_aside(self._aside)
        self._installing = asyncio.create_task(self._install())

    async def _listen_aside(self, listener: socket.socket) -> None:
        """A second port with other routes, that lives and drains with the first."""
        config = self._configure(self.application.serve_cluster, {}, ServiceProtocol)
        config.load()
        protocol: Any = config.http_protocol_class

        def connect() -> asyncio.Protocol:
            return protocol(config=config, server_state=self.server_state, app_state={})  # type: ignore[no-any-return]

        self.servers.append(await asyncio.get_running_loop().create_server(connect, sock=listener, backlog=BACKLOG))

    async def _install(self) -> None:
        try:
            manifest = await self.application.load(self._loading)
        except asyncio.CancelledError:
            raise
        except BaseException as error:  # a library's SystemExit and a lack of memory too: nothing will be served
            if not isinstance(error, ContractError):
                log_event("load_failed", logging.CRITICAL, exc_info=True, bundle=str(self._settings.bundle))
            self.load_error = error
            self.should_exit = True
            return
        gc.freeze()  # a full collection would walk through all the libraries: 50 ms in which nothing is answered
        gc.enable()
        gc.set_threshold(YOUNG_OBJECTS)
        engine = self._lifecycle.model.engine.name
        log_event("ready", name=manifest.name, version=manifest.version, digest=manifest.digest, engine=engine)

    async def on_tick(self, counter: int) -> bool:
        if counter % SWEEP_TICKS == 0:
            now = asyncio.get_running_loop().time()
            for connection in list(self.server_state.connections):
                if isinstance(connection, GuardedProtocol):
                    connection.expire(now)
        if self._drain_until is not None and asyncio.get_running_loop().time() >= self._drain_until:
            self.should_exit = self.should_exit or not self._awaits_scrape(self._drain_until)
        return await super().on_tick(counter)

    def _awaits_scrape(self, drained_at: float) -> bool:
        """Whether a scraper that comes regularly has yet to see some counts, and may still come in time."""
        unseen, most = self._last_scrape.count_unseen(), self._settings.linger_seconds
        is_late = asyncio.get_running_loop().time() >= drained_at + most
        if unseen and is_late:
            log_event("unscraped", logging.WARNING, count=unseen, lingered_seconds=most)
        if unseen and not is_late and not self._is_lingering:
            self._is_lingering = True
            log_event("lingering", count=unseen, seconds=most)
        return unseen > 0 and not is_late

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """uvicorn's, and SIGHUP, which is as SIGTERM unless whoever started this ignores it, as `nohup` does."""
        with super().capture_signals():
            before = signal.getsignal(signal.SIGHUP)
            if threading.current_thread() is threading.main_thread() and before is not signal.SIG_IGN:
                signal.signal(signal.SIGHUP, self.handle_exit)
            yield

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """SIGTERM drains first; SIGINT, a second signal, or one before anything was served stops at once."""
        if sig == signal.SIGINT or self._drain_until is not None or self._lifecycle.phase == "starting":
            self.force_exit = self.should_exit
            self.should_exit = True
            return
        self._lifecycle.begin_drain()
        self._drain_until = asyncio.get_running_loop().time() + self._settings.drain_seconds
        # every answer from here on tells its client to go elsewhere
        self.config.encoded_headers = [*self.config.encoded_headers, CLOSE]
        self.server_state.default_headers = [*self.server_state.default_headers, CLOSE]
        log_event("draining", seconds=self._settings.drain_seconds)
