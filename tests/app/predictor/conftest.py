"""Real servers, started once a session or for one test."""

import dataclasses
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest

from app.predictor.scoring.model import ServedModel
from contract.bundle import Bundle, read_bundle
from contract.dataset import Dataset
from tests.app.predictor.running import RunningServer, StartServer
from tests.churn import write_churn
from tests.conftest import DATASETS, make_bundle
from tests.patience import LAST_RESORT_SECONDS
from training.data.dataset_file import load_dataset
from training.data.load import load_table
from training.data.splits import group_holdout
from training.data.table import Table
from training.params import Params, load_params


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
    with httpx.Client(base_url=server.url, timeout=LAST_RESORT_SECONDS) as session:
        yield session


@pytest.fixture(scope="session")
def lenient_folder(tmp_path_factory: pytest.TempPathFactory, table: Table, small_params: Params) -> Path:
    """A bundle like that of `bundle_folder`, whose dataset file says `unknown: missing` of every category."""
    folder = tmp_path_factory.mktemp("bundles") / "lenient"
    columns = tuple(msgspec.structs.replace(column, unknown="missing") for column in table.dataset.columns)
    dataset = msgspec.structs.replace(table.dataset, columns=columns)
    make_bundle(folder, dataclasses.replace(table, dataset=dataset), small_params)
    return folder


@pytest.fixture(scope="session")
def lenient_bundle(lenient_folder: Path) -> Bundle:
    return read_bundle(lenient_folder)


@pytest.fixture(scope="session")
def lenient_server(lenient_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """A server of that bundle."""
    running = RunningServer(lenient_folder, tmp_path_factory.mktemp("log") / "stderr")
    try:
        yield running.wait_until_ready()
    finally:
        running.kill()


@pytest.fixture(scope="session")
def lenient(lenient_server: RunningServer) -> Iterator[httpx.Client]:
    """A client of that server."""
    with httpx.Client(base_url=lenient_server.url, timeout=LAST_RESORT_SECONDS) as session:
        yield session


@pytest.fixture(scope="session")
def churn_table(tmp_path_factory: pytest.TempPathFactory) -> Table:
    """Rows of another dataset: text categories, one of them digits, and missing values."""
    folder = tmp_path_factory.mktemp("churn")
    rows = write_churn(folder / "rows.csv")
    return load_table(load_dataset(str(DATASETS / "churn.yaml")), str(rows), folder / "rejected.csv")


@pytest.fixture(scope="session")
def published_model(published: Path, ai4i: Dataset, tmp_path_factory: pytest.TempPathFactory) -> ServedModel:
    """The default model of the published file, fitted to the rows that `python -m training` fits it to."""
    folder = tmp_path_factory.mktemp("published")
    table = load_table(ai4i, str(published), folder / "rejected.csv")
    params = load_params()
    fitted = table.take(group_holdout(table, params.evaluation.holdout_share).train)
    return ServedModel(make_bundle(folder / "bundle", fitted, params), 1)


@pytest.fixture(scope="session")
def row(bundle: Bundle) -> dict[str, Any]:
    """A row the model was checked with."""
    return dict(bundle.manifest.golden[0].row)
