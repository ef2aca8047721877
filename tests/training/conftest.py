"""What the training tests share beside the session's fixtures."""

import pytest

from tests.churn import write_churn
from tests.conftest import DATASETS
from training.data.load import load_table
from training.data.table import Table
from training.dataset import load_dataset


@pytest.fixture(scope="session")
def charges_table(tmp_path_factory: pytest.TempPathFactory) -> Table:
    """Rows with a number to predict."""
    folder = tmp_path_factory.mktemp("charges")
    rows = write_churn(folder / "rows.csv", rows=1000)
    return load_table(load_dataset(str(DATASETS / "charges.yaml")), str(rows), folder / "rejected.csv")
