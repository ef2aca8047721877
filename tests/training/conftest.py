"""What the training tests share beside the session's fixtures."""

import msgspec
import pytest

from tests.churn import write_churn
from tests.conftest import DATASETS
from tests.params import PARAMS
from training.data.dataset_file import load_dataset
from training.data.load import load_table
from training.data.table import Table
from training.params import Params


@pytest.fixture(scope="session")
def charges_table(tmp_path_factory: pytest.TempPathFactory) -> Table:
    """Rows with a number to predict."""
    folder = tmp_path_factory.mktemp("charges")
    rows = write_churn(folder / "rows.csv", rows=1000)
    return load_table(load_dataset(str(DATASETS / "charges.yaml")), str(rows), folder / "rejected.csv")


@pytest.fixture(scope="session")
def quick_params() -> Params:
    """Few trees, and yet a model of `table` that passes the gate."""
    model = {**PARAMS.model, "tree_method": "hist", "max_depth": 3, "eta": 0.3}
    return msgspec.structs.replace(PARAMS, model=model, rounds=30)
