"""What every test may ask for: the dataset, tables of it, a really trained small bundle, the published file."""

import gc
import os
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from httpx._config import DEFAULT_TIMEOUT_CONFIG
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from contract.bundle import Bundle, read_bundle
from contract.dataset import Dataset
from contract.schema import Interval
from tests.churn import write_churn
from tests.examples import register_profiles
from tests.harness.git_settings import disable_housekeeping
from tests.params import PARAMS
from tests.patience import LAST_RESORT_SECONDS
from training.data.dataset_file import load_dataset
from training.data.load import load_table
from training.data.table import Table
from training.model.train import train_model
from training.packaging import package
from training.packaging.package import PARITY_ROWS, package_model
from training.params import Params

ROOT = Path(__file__).parents[1]
DATASETS = ROOT / "tests" / "data" / "datasets"

register_profiles()
disable_housekeeping()

DEFAULT_TIMEOUT_CONFIG.read = DEFAULT_TIMEOUT_CONFIG.connect = LAST_RESORT_SECONDS  # httpx gives up after 5 s


def pytest_collection_finish() -> None:
    """What was imported to collect the tests stays to the end: no collection of garbage need look at it again."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session", autouse=True)
def one_thread() -> Iterator[None]:
    """As `python -m training` has it: on small tables threads only wait for each other."""
    with threadpool_limits(1, user_api="blas"):
        yield


@pytest.fixture(scope="session", autouse=True)
def few_parity_rows() -> Iterator[None]:
    """A bundle is held against XGBoost on a fiftieth of the rows; tests/training/packaging/test_package.py has all."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(package, "PARITY_ROWS", PARITY_ROWS // 50)
        yield


@pytest.fixture(scope="session")
def ai4i() -> Dataset:
    return load_dataset("ai4i")


@pytest.fixture(scope="session")
def published() -> Path:
    """The AI4I file as UCI publishes it, where whoever runs the tests has it."""
    path = Path(os.environ.get("DATA") or "ai4i2020.csv")
    if not path.is_file():
        pytest.skip("needs the published ai4i2020.csv: say DATA=path")
    return path


@pytest.fixture(scope="session")
def table(ai4i: Dataset, tmp_path_factory: pytest.TempPathFactory) -> Table:
    return load_table(ai4i, "generator", tmp_path_factory.mktemp("rejected") / "rows.csv", rows=3000, seed=3)


@pytest.fixture(scope="session")
def small_params() -> Params:
    """The usual parameters with few trees."""
    return msgspec.structs.replace(PARAMS, rounds=40)


def make_bundle(folder: Path, table: Table, params: Params) -> Bundle:
    """A small model of `table`, packaged as training packages it."""
    metrics = {"pr_auc": Interval(mean=0.9, low=0.88, high=0.92)}
    return package_model(folder, train_model(table, params), table, params, metrics)


@pytest.fixture(scope="session")
def bundle_folder(tmp_path_factory: pytest.TempPathFactory, table: Table, small_params: Params) -> Path:
    folder = tmp_path_factory.mktemp("bundles") / "ai4i"
    make_bundle(folder, table, small_params)
    return folder


@pytest.fixture(scope="session")
def bundle(bundle_folder: Path) -> Bundle:
    return read_bundle(bundle_folder)


@pytest.fixture(scope="session", params=["churn", "charges"])
def other_table(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Table:
    """Rows of another dataset: text categories, missing values; a binary target and a number."""
    folder = tmp_path_factory.mktemp(request.param)
    rows = write_churn(folder / "rows.csv")
    return load_table(load_dataset(str(DATASETS / f"{request.param}.yaml")), str(rows), folder / "rejected.csv")


@pytest.fixture(scope="session")
def other_bundle(other_table: Table, tmp_path_factory: pytest.TempPathFactory, small_params: Params) -> Bundle:
    return make_bundle(tmp_path_factory.mktemp("bundles") / "other", other_table, small_params)
