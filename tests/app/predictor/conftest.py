"""Real servers, started once a session or for one test."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from app.contract.bundle import Bundle
from tests.app.predictor.running import RunningServer, StartServer


@pytest.fixture
def start_server(tmp_path: Path) -> Iterator[StartServer]:
    """Starts predictors that do not outlive the test."""
    started: list[RunningServer] = []

    def start(folder: Path, *prefix: str, **settings: object) -> RunningServer:
        started.append(RunningServer(folder, tmp_path / f"log-{len(started)}", *prefix, **settings))
        return started[-1]

    yield start
    for server in started:
        server.kill()


@pytest.fixture(scope="session")
def server(bundle_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """One server for every test that leaves it as it found it."""
    running = RunningServer(bundle_folder, tmp_path_factory.mktemp("log") / "stderr")
    try:
        yield running.wait_until_ready()
        assert running.stop() == 0
    finally:
        running.kill()


@pytest.fixture(scope="session")
def client(server: RunningServer) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=server.url, timeout=20) as session:
        yield session


@pytest.fixture(scope="session")
def row(bundle: Bundle) -> dict[str, Any]:
    """A row the model was checked with."""
    return dict(bundle.manifest.golden[0].row)
